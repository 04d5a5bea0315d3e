package io.silkstone.node.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.policy.PolicyDirectory;
import io.silkstone.api.policy.PolicyDirectory.Event;
import io.silkstone.api.policy.PolicySlot;
import io.silkstone.api.threads.CorePolicy;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.node.LiveFramework;
import io.silkstone.node.TestBundle;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.wiring.BundleWiring;

/** The directory with the real mechanism: user threads on cores, and policies that place them. */
class CorePolicySwapLiveTest {
    private static final int CYCLES = 20;
    private static final int COLLECTIONS_MAX = 50;
    private static final long COLLECTION_WAIT_MS = 200;

    @TempDir Path home;

    private LiveFramework live;
    private PolicyDirectory directory;
    private ThreadRuntime threads;
    private PolicySlot slot;

    @BeforeEach
    void start() throws Exception {
        Files.createDirectories(home.resolve("etc"));
        // Two cores on whatever processors there are, and patience on a machine that has none free.
        Files.writeString(
                home.resolve("etc/io.silkstone.threads.runtime.cfg"),
                "cores.max = 2\npin = off\npolicy.limit.ms = 60000\n");
        live = LiveFramework.withNode(home);
        directory = live.service(PolicyDirectory.class);
        live.install("io.silkstone.threads.ThreadsComponent").start();
        threads = live.service(ThreadRuntime.class);
        slot = live.service(PolicySlot.class);
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
            Bundle bundle = install("mine", "1.0." + i);
            directory.use("cores", "mine", false);
            assertThat(slot.inUse().bundleId()).isEqualTo(bundle.getBundleId());
            threads.join(threads.create(ThreadRuntime.NORMAL, () -> {}));
            loaders.add(
                    new PhantomReference<>(
                            bundle.adapt(BundleWiring.class).getClassLoader(), collected));
            bundle.uninstall();
            assertThat(slot.inUse().bundleId()).isEqualTo(-1);
        }
        int left = CYCLES;
        for (int i = 0; i < COLLECTIONS_MAX && left > 0; i++) {
            System.gc();
            while (collected.remove(COLLECTION_WAIT_MS) != null) {
                left--;
            }
        }
        assertThat(left).as("class loaders still reachable of " + loaders.size()).isZero();
    }

    @Test
    void storm_ofComingAndGoingBundles_everyThreadRuns() throws Exception {
        install("mine", "1.0.0");
        install("other", "1.0.0");
        directory.use("cores", "mine", false);
        AtomicBoolean done = new AtomicBoolean();
        AtomicLong created = new AtomicLong();
        AtomicLong ran = new AtomicLong();
        Thread client =
                Thread.ofPlatform()
                        .start(
                                () -> {
                                    while (!done.get()) {
                                        long thread =
                                                threads.create(
                                                        ThreadRuntime.NORMAL, ran::incrementAndGet);
                                        if (thread != ThreadRuntime.NONE) {
                                            created.incrementAndGet();
                                            threads.join(thread);
                                        }
                                        Thread.yield();
                                    }
                                });
        for (int i = 1; i <= 24; i++) {
            Bundle newer = install("mine", "1.0." + i);
            if (i % 4 == 0) {
                directory.use("cores", i % 8 == 0 ? "other" : "mine", false);
            }
            if (i % 3 == 0) {
                newer.stop();
                newer.start();
            }
            newer.uninstall();
        }
        directory.use("cores", "mine", false);
        long soFar = ran.get();
        LiveFramework.await("more threads", () -> ran.get() > soFar + 10);
        done.set(true);
        client.join();
        assertThat(ran.get()).isEqualTo(created.get());
        assertThat(slot.inUse().name()).isEqualTo("mine");
        assertThat(slot.inUse().version()).isEqualTo("1.0.0");
        assertThat(directory.history()).noneMatch(event -> event.cause().equals("failed"));
    }

    @Test
    void edit_ofThePolicyInUse_keepsItInUse() throws Exception {
        live.install("io.silkstone.policies.coresloadfactor.LoadFactorPolicy").start();
        directory.use("cores", "loadfactor", false);
        Path settings = home.resolve("etc/io.silkstone.policies.cores.loadfactor.cfg");
        ServiceReference<CorePolicy> policy = live.context().getServiceReference(CorePolicy.class);
        // Edits reach the policy one by one: with the third, all is over that the first caused.
        for (long interval = 21; interval <= 23; interval++) {
            Long wanted = interval;
            Files.writeString(settings, "interval.ms = " + interval + "\n");
            LiveFramework.await(
                    "edit " + interval, () -> wanted.equals(policy.getProperty("interval.ms")));
        }
        assertThat(slot.inUse().name()).isEqualTo("loadfactor");
        assertThat(directory.history()).extracting(Event::cause).containsExactly("command");
    }

    private Bundle install(String name, String version) throws BundleException {
        Bundle bundle =
                live.context()
                        .installBundle(
                                "test:" + name + version,
                                TestBundle.corePolicy(name, version).stream());
        bundle.start();
        return bundle;
    }
}
