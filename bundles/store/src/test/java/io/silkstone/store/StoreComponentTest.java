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
import io.silkstone.store.durable.Flush;
import io.silkstone.store.memory.HugePages;
import io.silkstone.threads.ArachneOptions;
import io.silkstone.threads.ArachneRuntime;
import java.lang.annotation.Annotation;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
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
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(120)
class StoreComponentTest {
    private record Config(
            long memory_bytes,
            long memory_prefault_bytes,
            HugePages memory_hugepages,
            int log_segment_bytes,
            int sessions_max,
            int tablets,
            Flush log_flush,
            int log_flush_interval_ms)
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

    @TempDir Path home;

    private static Config small(long prefaultBytes, int sessionsMax) {
        return new Config(
                32 << 20, prefaultBytes, HugePages.AUTO, 0, sessionsMax, 1, Flush.OFF, 1000);
    }

    private static Config kept(Flush flush, int intervalMs) {
        return new Config(32 << 20, 0, HugePages.AUTO, 0, 64, 1, flush, intervalMs);
    }

    private StoreComponent begin(Config config, boolean inCluster) {
        return new StoreComponent(config, home.resolve("store"), inCluster, runtime, metrics);
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
                        (int) defaultOf("tablets"),
                        (Flush) defaultOf("log_flush"),
                        (int) defaultOf("log_flush_interval_ms"));
        assertThat(StoreComponent.checked(defaults, false)).isEqualTo(StoreOptions.DEFAULTS);
    }

    @Test
    void activation_inACluster_hasNoTabletsOfItsOwn() throws InterruptedException {
        StoreComponent component = new StoreComponent(SMALL, home, true, runtime, metrics);
        assertThat(component.tablets()).isEmpty();
        assertThat(component.isPart()).isTrue();
        component.close();
    }

    @Test
    void activation_hasTheRuntimeDriveTheAgents() throws InterruptedException {
        StoreComponent component = new StoreComponent(SMALL, home, false, runtime, metrics);
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

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "OFF")
    void activation_withALogOnDisk_goesOnWhereTheLastOneEnded(Flush flush)
            throws InterruptedException {
        for (int life = 1; life <= 3; life++) {
            StoreComponent component = begin(kept(flush, 10), false);
            try (KvSession session = component.openSession()) {
                KvStore.Table table = component.table(KvStore.DEFAULT_TABLE);
                session.enter();
                Key key = new Key().wrap("lives".getBytes(UTF_8));
                assertThat(session.increment(table, key, 1, new WriteOptions()))
                        .isEqualTo(Status.OK);
                assertThat(session.number()).isEqualTo(life);
                session.exit();
                assertThat(session.settle()).isEqualTo(Status.OK);
            }
            component.close();
        }
    }

    @Test
    void activation_withALogThatWouldBeForgotten_isRefused() throws InterruptedException {
        begin(kept(Flush.NEVER, 1), false).close();
        assertThatThrownBy(() -> begin(SMALL, false))
                .hasMessageStartingWith("the store cannot start: log.flush is OFF, but ")
                .hasMessageContaining("holds a log that would be forgotten");
    }

    @Test
    void activation_whereAnotherStoreIs_isRefused() throws InterruptedException {
        StoreComponent first = begin(kept(Flush.ALWAYS, 1), false);
        assertThatThrownBy(() -> begin(kept(Flush.ALWAYS, 1), false))
                .hasMessageStartingWith("the store cannot start: another process has ")
                .hasMessageContaining("a store");
        first.close();
    }

    @Test
    void activation_wronglyConfigured_isRefused() {
        assertThatThrownBy(() -> begin(kept(Flush.ALWAYS, 1), true))
                .hasMessageStartingWith("log.flush must be OFF in a node of a cluster, was ALWAYS");
        assertThatThrownBy(() -> begin(kept(Flush.INTERVAL, 0), false))
                .hasMessageStartingWith("log.flush.interval.ms must be");
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
        StoreComponent component = new StoreComponent(SMALL, home, false, runtime, metrics);
        logger.addHandler(listener);
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
        assertThatThrownBy(() -> new StoreComponent(SMALL, home, false, runtime, metrics))
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
