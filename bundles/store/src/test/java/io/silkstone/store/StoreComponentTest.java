package io.silkstone.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.store.memory.HugePages;
import io.silkstone.threads.ArachneOptions;
import io.silkstone.threads.ArachneRuntime;
import java.lang.annotation.Annotation;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class StoreComponentTest {
    private record Config(
            long memory_bytes,
            long memory_prefault_bytes,
            HugePages memory_hugepages,
            int log_segment_bytes,
            int sessions_max,
            int tablets)
            implements StoreComponent.Config {
        @Override
        public Class<? extends Annotation> annotationType() {
            return StoreComponent.Config.class;
        }
    }

    private static final Config SMALL = small(0, 64);

    private final Metrics metrics = new Metrics();
    private final ArachneRuntime runtime =
            ArachneRuntime.start(
                    ArachneOptions.defaults().withCores(1, 1).withPin(ArachneOptions.Pin.OFF),
                    NanoClock.SYSTEM,
                    new SplittableRandom(1),
                    metrics);

    private static Config small(long prefaultBytes, int sessionsMax) {
        return new Config(32 << 20, prefaultBytes, HugePages.AUTO, 0, sessionsMax, 1);
    }

    @AfterEach
    void close() {
        runtime.close();
    }

    private static Object defaultOf(String key) throws NoSuchMethodException {
        return StoreComponent.Config.class.getDeclaredMethod(key).getDefaultValue();
    }

    private static void await(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            Thread.yield();
        }
    }

    private long metric(StoreMetrics descriptor) {
        return metrics.snapshot().stream()
                .filter(metric -> metric.label().equals(descriptor.label()))
                .findFirst()
                .orElseThrow()
                .value();
    }

    @Test
    void checked_defaults_areTheStores() throws NoSuchMethodException {
        Config defaults =
                new Config(
                        (long) defaultOf("memory_bytes"),
                        (long) defaultOf("memory_prefault_bytes"),
                        (HugePages) defaultOf("memory_hugepages"),
                        (int) defaultOf("log_segment_bytes"),
                        (int) defaultOf("sessions_max"),
                        (int) defaultOf("tablets"));
        assertThat(StoreComponent.checked(defaults, false)).isEqualTo(StoreOptions.DEFAULTS);
    }

    @Test
    void activation_inACluster_hasNoTabletsOfItsOwn() throws InterruptedException {
        StoreComponent component = new StoreComponent(SMALL, true, runtime, metrics);
        assertThat(component.tablets()).isEmpty();
        assertThat(component.isPart()).isTrue();
        component.close();
    }

    @Test
    void activation_hasTheRuntimeDriveTheAgents() throws InterruptedException {
        StoreComponent component = new StoreComponent(SMALL, false, runtime, metrics);
        KvStore.Table table = component.table(KvStore.DEFAULT_TABLE);
        assertThat(component.isPart()).isFalse();
        try (KvSession session = component.openSession()) {
            session.enter();
            WriteOptions soon = new WriteOptions().expireAt(System.currentTimeMillis() + 20);
            MemorySegment value = MemorySegment.ofArray(new byte[8]);
            Key key = new Key().wrap("gone soon".getBytes(UTF_8));
            assertThat(session.write(table, key, value, 0, 8, soon)).isEqualTo(Status.OK);
            session.exit();
        }
        await(() -> table.objects() == 0);
        component.close();
        assertThatThrownBy(component::openSession).hasMessageContaining("closed");
        await(() -> runtime.threads().isEmpty());
    }

    @Test
    void modified_prefaultsLiveAndSaysWhatWaitsForTheNextStart() throws InterruptedException {
        List<String> said = new ArrayList<>();
        Handler listener =
                new Handler() {
                    @Override
                    public void publish(LogRecord message) {
                        said.add(message.getMessage());
                    }

                    @Override
                    public void flush() {}

                    @Override
                    public void close() {}
                };
        Logger logger = Logger.getLogger(StoreComponent.class.getName());
        logger.addHandler(listener);
        StoreComponent component = new StoreComponent(SMALL, false, runtime, metrics);
        try {
            assertThat(metric(StoreMetrics.MEMORY_TOUCHED)).isLessThan(24 << 20);
            component.modified(small(24 << 20, 64));
            await(() -> metric(StoreMetrics.MEMORY_TOUCHED) >= 24 << 20);
            assertThat(said).isEmpty();
            component.modified(small(24 << 20, 65));
            assertThat(said).singleElement().asString().contains("from its next start");
        } finally {
            component.close();
            logger.removeHandler(listener);
        }
    }

    @Test
    void activation_withoutAFreeThread_failsAndGivesTheMemoryBack() {
        List<Long> blocked = new ArrayList<>();
        boolean[] released = new boolean[1];
        long thread = runtime.create(ThreadRuntime.NORMAL, () -> blockUntil(released));
        while (thread != ThreadRuntime.NONE) {
            blocked.add(thread);
            thread = runtime.create(ThreadRuntime.NORMAL, () -> blockUntil(released));
        }
        assertThatThrownBy(() -> new StoreComponent(SMALL, false, runtime, metrics))
                .hasMessage("the runtime has no thread for the store's agents");
        // What a store says of itself ends with it.
        assertThat(metrics.snapshot())
                .noneMatch(metric -> metric.label().equals(StoreMetrics.MEMORY_TOUCHED.label()));
        synchronized (released) {
            released[0] = true;
        }
        blocked.forEach(runtime::signal);
        blocked.forEach(runtime::join);
    }

    private void blockUntil(boolean[] released) {
        while (!isReleased(released)) {
            runtime.block();
        }
    }

    private static boolean isReleased(boolean[] released) {
        synchronized (released) {
            return released[0];
        }
    }
}
