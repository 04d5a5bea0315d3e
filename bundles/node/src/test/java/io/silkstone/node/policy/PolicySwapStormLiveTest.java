package io.silkstone.node.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.policy.PolicyDirectory;
import io.silkstone.node.FakeSlot;
import io.silkstone.node.LiveFramework;
import io.silkstone.node.TestBundle;
import io.silkstone.node.TestPolicies;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.wiring.BundleWiring;

class PolicySwapStormLiveTest {
    private static final int CYCLES = 200;
    private static final int COLLECTIONS_MAX = 50;
    private static final long COLLECTION_WAIT_MS = 200;

    @TempDir Path home;

    private final FakeSlot slot = new FakeSlot("cores");
    private LiveFramework live;
    private PolicyDirectory directory;

    @BeforeEach
    void start() throws Exception {
        live = LiveFramework.withNode(home);
        live.register(slot);
        directory = live.service(PolicyDirectory.class);
    }

    @AfterEach
    void stop() throws Exception {
        live.close();
    }

    @Test
    void cycles_installSwitchUninstall_keepNoClassLoader() throws Exception {
        ReferenceQueue<ClassLoader> collected = new ReferenceQueue<>();
        List<Reference<ClassLoader>> loaders = new ArrayList<>();
        for (int i = 1; i <= CYCLES; i++) {
            Bundle bundle = install("fixed", "1.0." + i);
            directory.use("cores", "fixed", false);
            assertThat(slot.decide()).isEqualTo(1);
            loaders.add(
                    new PhantomReference<>(
                            bundle.adapt(BundleWiring.class).getClassLoader(), collected));
            bundle.uninstall();
            assertThat(slot.decide()).isZero();
        }
        int left = CYCLES;
        for (int i = 0; i < COLLECTIONS_MAX && left > 0; i++) {
            System.gc();
            while (collected.remove(COLLECTION_WAIT_MS) != null) {
                left--;
            }
        }
        assertThat(left).as("class loaders still reachable of " + loaders.size()).isZero();
        assertThat(directory.history()).hasSizeGreaterThan(2 * CYCLES - 10);
    }

    @Test
    void storm_ofComingAndGoingBundles_losesNoDecision() throws Exception {
        install("fixed", "1.0.0");
        install("other", "1.0.0");
        directory.use("cores", "fixed", false);
        AtomicBoolean done = new AtomicBoolean();
        AtomicLong decisions = new AtomicLong();
        AtomicReference<Throwable> lost = new AtomicReference<>();
        Thread client =
                Thread.ofPlatform()
                        .start(
                                () -> {
                                    try {
                                        while (!done.get()) {
                                            slot.decide();
                                            decisions.incrementAndGet();
                                            Thread.yield();
                                        }
                                    } catch (Throwable failure) {
                                        lost.set(failure);
                                    }
                                });
        for (int i = 1; i <= 40; i++) {
            Bundle newer = install("fixed", "1.0." + i);
            if (i % 4 == 0) {
                directory.use("cores", i % 8 == 0 ? "other" : "fixed", false);
            }
            if (i % 3 == 0) {
                newer.stop();
                newer.start();
            }
            newer.uninstall();
        }
        directory.use("cores", "fixed", false);
        long soFar = decisions.get();
        LiveFramework.await("more decisions", () -> decisions.get() > soFar);
        done.set(true);
        client.join();
        assertThat(lost.get()).isNull();
        assertThat(slot.inUse().name()).isEqualTo("fixed");
        assertThat(slot.inUse().version()).isEqualTo("1.0.0");
        assertThat(directory.history()).noneMatch(event -> event.cause().equals("failed"));
    }

    private Bundle install(String name, String version) throws BundleException {
        Bundle bundle =
                live.context()
                        .installBundle(
                                "test:" + name + version,
                                TestBundle.policy(name, version, TestPolicies.Steady.class)
                                        .stream());
        bundle.start();
        return bundle;
    }
}
