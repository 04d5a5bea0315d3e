package io.silkstone.store;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.Checks;
import io.silkstone.base.EpochClock;
import io.silkstone.base.NanoClock;
import io.silkstone.rpc.Coordinators;
import io.silkstone.store.durable.Flush;
import io.silkstone.store.master.ReplicatedStore;
import io.silkstone.store.memory.Backoff;
import io.silkstone.store.memory.HugePages;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.osgi.framework.BundleContext;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/**
 * The store of a node, its agents driven by a user thread of the node's runtime. In a node of a
 * cluster it has no tablets but those that the cluster gives it; what it serves is this node's part
 * of the tables all the same, and never asks others.
 */
@Component(
        name = StoreComponent.PID,
        service = {KvStore.class, StoreComponent.class},
        property = "silkstone.scope=local")
@Designate(ocd = StoreComponent.Config.class)
public final class StoreComponent implements KvStore {
    static final String PID = "io.silkstone.store.master";

    private static final Logger LOG = System.getLogger(StoreComponent.class.getName());
    private static final String DIRECTORY = "data/store";
    private static final int INTERVAL_MS_MAX = 60_000;

    /** Settings; see the bundle's README. */
    @ObjectClassDefinition(name = "Silkstone store: master")
    @interface Config {
        /** See {@link StoreOptions#memoryBytes}. */
        @AttributeDefinition(
                description = "Memory for objects and hash tables. Applies at the next start.",
                min = "" + StoreOptions.MEMORY_BYTES_MIN,
                max = "" + StoreOptions.MEMORY_BYTES_MAX)
        long memory_bytes() default 1L << 30;

        /** See {@link StoreOptions#memoryPrefaultBytes}. */
        @AttributeDefinition(description = "Memory ahead of use that is backed by pages.")
        long memory_prefault_bytes() default 64L << 20;

        /** See {@link StoreOptions#hugePages}. */
        @AttributeDefinition(
                description = "Whether the kernel uses huge pages. Applies at the next start.")
        HugePages memory_hugepages() default HugePages.ON;

        /** See {@link StoreOptions#segmentBytes}. */
        @AttributeDefinition(
                description =
                        "Length of a segment; 0 chooses by the memory. Applies at the next start.")
        int log_segment_bytes() default 0;

        /** See {@link StoreOptions#sessionsMax}. */
        @AttributeDefinition(
                description = "Sessions that may be open at a time. Applies at the next start.",
                min = "1",
                max = "" + StoreOptions.SESSIONS_MAX)
        int sessions_max() default 1024;

        /** See {@link StoreOptions#tablets}. */
        @AttributeDefinition(
                description =
                        "Tablets that the default table begins with, a power of two, or 0 for"
                                + " none; in a node of a cluster there are none of its own. Applies"
                                + " at the next start.",
                min = "0",
                max = "" + StoreOptions.TABLETS_MAX)
        int tablets() default 1;

        /** See {@link Flush}. */
        @AttributeDefinition(
                description =
                        "Whether the log is kept on disk, and when a change is acknowledged: OFF"
                                + " (nothing is kept), NEVER (when the operating system has it),"
                                + " INTERVAL (likewise, and safe after an interval), ALWAYS (when"
                                + " the disk has it). In a node of a cluster only OFF. Applies at"
                                + " the next start.")
        Flush log_flush() default Flush.OFF;

        /** See {@link Flush#INTERVAL}. */
        @AttributeDefinition(
                description =
                        "Milliseconds between two syncs when log.flush is INTERVAL. Applies at the"
                                + " next start.",
                min = "1",
                max = "" + INTERVAL_MS_MAX)
        int log_flush_interval_ms() default 1000;
    }

    /** How the log is kept: what the configuration says of it. */
    private record Keeping(Flush flush, int intervalMs) {}

    private final ThreadRuntime runtime;
    private final boolean inCluster;
    private final Keeping keeping;

    /** Null when nothing is kept on the node's own disk. */
    private final KeptStore kept;

    /** Null in a node that is alone. */
    private final ReplicatedStore replicated;

    private final Store store;
    private final AgentLoop loop;
    private final long thread;
    private StoreOptions options;

    /** Opens the store and starts its agents. */
    @Activate
    public StoreComponent(
            Config config,
            BundleContext context,
            @Reference ConfigurationAdmin configurations,
            @Reference ThreadRuntime runtime,
            @Reference MetricRegistry metrics) {
        this(
                config,
                Path.of(context.getProperty("silkstone.home"), DIRECTORY),
                Coordinators.areConfigured(configurations),
                runtime,
                metrics);
    }

    StoreComponent(
            Config config,
            Path directory,
            boolean inCluster,
            ThreadRuntime runtime,
            MetricRegistry metrics) {
        this.runtime = runtime;
        this.inCluster = inCluster;
        options = checked(config, inCluster);
        keeping = keeping(config, inCluster);
        Backoff backoff = Backoff.over(runtime::yield, runtime::sleep);
        try {
            kept = keeping.flush == Flush.OFF ? null : open(directory, metrics, backoff);
            if (kept == null) {
                KeptStore.requireNone(directory, RandomGenerator.getDefault());
            }
        } catch (IOException e) {
            throw new IllegalStateException("the store cannot start: " + e.getMessage(), e);
        }
        replicated = inCluster ? openReplicated(metrics, backoff) : null;
        store = store(metrics, backoff);
        LOG.log(Level.INFO, "objects are " + whereabouts(directory));
        loop = new AgentLoop(store.agents(), runtime::yield, runtime::sleep, metrics);
        thread = runtime.create(ThreadRuntime.NORMAL, loop);
        if (thread == ThreadRuntime.NONE) {
            closeStore();
            throw new IllegalStateException("the runtime has no thread for the store's agents");
        }
        store.onDemand(() -> runtime.signal(thread));
    }

    private KeptStore open(Path directory, MetricRegistry metrics, Backoff backoff)
            throws IOException {
        return KeptStore.open(
                directory,
                keeping.flush,
                TimeUnit.MILLISECONDS.toNanos(keeping.intervalMs),
                options,
                NanoClock.SYSTEM,
                EpochClock.SYSTEM,
                RandomGenerator.getDefault(),
                metrics,
                backoff);
    }

    private ReplicatedStore openReplicated(MetricRegistry metrics, Backoff backoff) {
        return ReplicatedStore.open(
                options,
                NanoClock.SYSTEM,
                EpochClock.SYSTEM,
                RandomGenerator.getDefault(),
                metrics,
                backoff);
    }

    private Store store(MetricRegistry metrics, Backoff backoff) {
        if (kept != null) {
            return kept.store();
        }
        if (replicated != null) {
            return replicated.store();
        }
        return Store.open(
                options,
                NanoClock.SYSTEM,
                EpochClock.SYSTEM,
                RandomGenerator.getDefault(),
                metrics,
                backoff);
    }

    private String whereabouts(Path directory) {
        if (kept != null) {
            return "kept in " + directory + " (log.flush = " + keeping.flush + ")";
        }
        return replicated != null
                ? "in memory, and on other servers as far as their tables have replicas"
                : "in memory only, and lost with this process (log.flush = OFF)";
    }

    private static Keeping keeping(Config config, boolean inCluster) {
        Checks.inRange("log.flush.interval.ms", config.log_flush_interval_ms(), 1, INTERVAL_MS_MAX);
        Checks.require(
                !inCluster || config.log_flush() == Flush.OFF,
                "log.flush must be OFF in a node of a cluster, was %s: other nodes keep its log,"
                        + " for tables that have replicas",
                config.log_flush());
        return new Keeping(config.log_flush(), config.log_flush_interval_ms());
    }

    static StoreOptions checked(Config config, boolean inCluster) {
        StoreOptions options = options(config);
        return inCluster ? options.withTablets(0) : options;
    }

    private static StoreOptions options(Config config) {
        return new StoreOptions(
                config.memory_bytes(),
                config.memory_prefault_bytes(),
                config.memory_hugepages(),
                config.log_segment_bytes(),
                config.sessions_max(),
                config.tablets(),
                false);
    }

    /** Applies what can change live, and says what waits for the next start. */
    @Modified
    void modified(Config config) {
        StoreOptions wanted = checked(config, inCluster);
        store.prefault(wanted.memoryPrefaultBytes());
        options = options.withMemoryPrefaultBytes(wanted.memoryPrefaultBytes());
        if (!wanted.equals(options) || !keeping(config, inCluster).equals(keeping)) {
            LOG.log(
                    Level.WARNING,
                    "{0}: only memory.prefault.bytes changes while the node runs; the rest of what"
                            + " was edited applies from its next start",
                    PID);
        }
    }

    @Deactivate
    void close() throws InterruptedException {
        loop.stop();
        runtime.signal(thread);
        try {
            loop.awaitEnd();
        } finally {
            closeStore();
        }
    }

    private void closeStore() {
        if (kept == null) {
            store.close();
        } else {
            kept.close();
        }
    }

    /** The store itself. */
    public Store store() {
        return store;
    }

    /** The store of a node of a cluster, with what keeps its log on other servers. */
    public ReplicatedStore replicated() {
        if (replicated == null) {
            throw new IllegalStateException("the store was opened for a node that is alone");
        }
        return replicated;
    }

    @Override
    public boolean isPart() {
        return inCluster;
    }

    @Override
    public int valueBytesMax() {
        return store.valueBytesMax();
    }

    @Override
    public KvSession openSession() {
        return store.openSession();
    }

    @Override
    public Table createTable(String name, int tablets) throws StoreRefused {
        return store.createTable(name, tablets);
    }

    @Override
    public Table table(String name) {
        return store.table(name);
    }

    @Override
    public void dropTable(String name) throws StoreRefused {
        store.dropTable(name);
    }

    @Override
    public List<Table> tables() {
        return store.tables();
    }

    @Override
    public List<Tablet> tablets() {
        return store.tablets();
    }

    @Override
    public void splitTablet(String table, long hash) throws StoreRefused {
        store.splitTablet(table, hash);
    }

    @Override
    public Usage usage() {
        return store.usage();
    }
}
