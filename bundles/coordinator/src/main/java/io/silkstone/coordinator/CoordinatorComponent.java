package io.silkstone.coordinator;

import io.silkstone.api.cluster.CoordinatorLog;
import io.silkstone.api.cluster.CoordinatorLogFactory;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.Checks;
import io.silkstone.base.EpochClock;
import io.silkstone.base.NanoClock;
import io.silkstone.base.disk.FileDisk;
import io.silkstone.coordinator.journal.JournalLog;
import io.silkstone.coordinator.journal.JournalOptions;
import io.silkstone.rpc.Coordinators;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.RpcComponent;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/**
 * Runs the coordinator in this node, if its configuration says so, over the log that it names. The
 * log {@code local} is a journal in the node's home, with a platform thread that writes it, since
 * that blocks in the kernel. Any other is a service: the coordinator begins when it is there, ends
 * with it, and begins again with the next one of that name. A user thread does the rest.
 *
 * <p>Threads: the component runtime's. {@code this} guards what begins and ends.
 */
@Component(name = CoordinatorComponent.PID, immediate = true, service = CoordinatorComponent.class)
@Designate(ocd = CoordinatorComponent.Config.class)
public final class CoordinatorComponent {
    static final String PID = "io.silkstone.coordinator.service";

    private static final Logger LOG = System.getLogger(CoordinatorComponent.class.getName());

    /** Small against a lease and its margin; requests are answered without it. */
    private static final long DUTY_NANOS = 20_000_000;

    private static final String DIRECTORY = "data/coordinator";

    /** Who has it open. */
    private static final String OWNER = "a coordinator";

    private static final String LOCAL = "local";
    private static final Pattern LOG_NAME = Pattern.compile("[a-z][a-z0-9-]*");

    /** By then every bundle of a node that starts is there. */
    private static final long MISSED_NANOS = 10_000_000_000L;

    private final ThreadRuntime threads;
    private final MetricRegistry metrics;
    private final Settings settings;
    private final Path directory;
    private final Rpc rpc;

    /** Logs that there are, in the order in which they came. */
    private final Map<ServiceReference<CoordinatorLogFactory>, CoordinatorLogFactory> factories =
            new LinkedHashMap<>();

    private CoordinatorLogFactory used;
    private FileDisk disk;
    private volatile Coordinator coordinator;
    private Thread writer;
    private long thread = ThreadRuntime.NONE;
    private volatile boolean closing;

    /** Why the log that there is could not be used last; empty when there was none. */
    private volatile String unused = "";

    private record Settings(
            boolean enabled, String log, CoordinatorOptions coordinator, JournalOptions journal) {}

    /** Settings; see the bundle's README. */
    @ObjectClassDefinition(name = "Silkstone: coordinator")
    @interface Config {
        /** Whether it runs. */
        @AttributeDefinition(
                description =
                        "whether the coordinator of the cluster runs in this node. Applies at the"
                                + " next start.")
        boolean enabled() default false;

        /** Which log. */
        @AttributeDefinition(
                description =
                        "where its decisions are kept: local for a journal of this node alone,"
                                + " aeron-cluster for a log that three or five coordinators share,"
                                + " or the name of another log that is deployed. Applies at the"
                                + " next start.")
        String log() default LOCAL;

        /** See {@link CoordinatorOptions#serverLeaseNanos}. */
        @AttributeDefinition(
                description = "how long a server's lease lasts. Applies at the next start.",
                min = "50",
                max = "60000")
        long server_lease_ms() default 20_000;

        /** See {@link CoordinatorOptions#marginNanos}. */
        @AttributeDefinition(
                description =
                        "how much longer a server may be silent before it counts as down. Applies"
                                + " at the next start.",
                min = "1",
                max = "60000")
        long server_margin_ms() default 50;

        /** See {@link CoordinatorOptions#returnNanos}. */
        @AttributeDefinition(
                description =
                        "how much longer servers may be silent that were up when the coordinator"
                                + " starts. Applies at the next start.",
                min = "0",
                max = "600000")
        long server_return_ms() default 10_000;

        /** See {@link CoordinatorOptions#clientLeaseMillis}. */
        @AttributeDefinition(
                description = "how long a client's lease lasts. Applies at the next start.",
                min = "1000",
                max = "86400000")
        long client_lease_ms() default 1_800_000;

        /** See {@link CoordinatorOptions#serversFirst}. */
        @AttributeDefinition(
                description =
                        "servers that a new cluster waits for until its table default is made."
                                + " Applies at the next start.",
                min = "1")
        int servers_first() default 1;

        /** See {@link CoordinatorOptions#tabletsFirst}. */
        @AttributeDefinition(
                description =
                        "tablets of the table default in a new cluster; 0 for one a server. Applies"
                                + " at the next start.",
                min = "0",
                max = "16384")
        int tablets_first() default 0;

        /** See {@link CoordinatorOptions#tableReplicas}. */
        @AttributeDefinition(
                description =
                        "how many other servers keep what is written to a table of a new cluster,"
                                + " where nothing else is said; -1 for as many as suit"
                                + " servers.first. Applies at the next start.",
                min = "-1",
                max = "3")
        int table_replicas() default CoordinatorOptions.AUTOMATIC;

        /** See {@link RecoveryParts#bytes}. */
        @AttributeDefinition(
                description =
                        "about how many bytes of a server that goes down one server recovers at"
                                + " least, before its tablets are cut for others. Applies at the"
                                + " next start.",
                min = "1")
        long recovery_part_bytes() default 64L << 20;

        /** See {@link RecoveryParts#max}. */
        @AttributeDefinition(
                description =
                        "into how many parts a tablet is cut at most, so that as many servers"
                                + " recover it; 1 for never. Applies at the next start.",
                min = "1",
                max = "64")
        int recovery_parts_max() default 1;

        /** See {@link JournalOptions#commandsPerSnapshot}. */
        @AttributeDefinition(
                description =
                        "commands after which a snapshot is written. Applies at the next start.",
                min = "1",
                max = "1000000")
        int journal_snapshot_commands() default 10_000;

        /** See {@link JournalOptions#proposalsMax}. */
        @AttributeDefinition(
                description = "commands that may wait to be written. Applies at the next start.",
                min = "1",
                max = "65536")
        int journal_proposals_max() default 1_024;

        /** See {@link JournalOptions#commandBytesMax}. */
        @AttributeDefinition(
                description = "longest command. Applies at the next start.",
                min = "1",
                max = "1048576")
        int journal_command_bytes() default 64 << 10;

        /** See {@link JournalOptions#repairNanos}. */
        @AttributeDefinition(
                description =
                        "pause before a disk that failed is tried again. Applies at the next"
                                + " start.",
                min = "0",
                max = "60000")
        long journal_repair_ms() default 200;
    }

    /**
     * Starts the coordinator, or the wait for its log.
     *
     * @throws IllegalStateException when its journal cannot be used; the message is for operators
     */
    @Activate
    public CoordinatorComponent(
            Config config,
            BundleContext context,
            @Reference ConfigurationAdmin configurations,
            @Reference ThreadRuntime threads,
            @Reference MetricRegistry metrics,
            @Reference(
                            cardinality = ReferenceCardinality.OPTIONAL,
                            policyOption = ReferencePolicyOption.GREEDY)
                    Rpc rpc) {
        this.threads = threads;
        this.metrics = metrics;
        this.rpc = rpc;
        settings = checked(config);
        Checks.require(
                !settings.enabled() || Coordinators.areConfigured(configurations),
                "enabled is true, but coordinators in etc/%s.cfg is empty: it must have the"
                        + " address of this node",
                RpcComponent.PID);
        directory = Path.of(context.getProperty("silkstone.home"), DIRECTORY);
        if (isWanted()) {
            try {
                if (settings.log().equals(LOCAL)) {
                    begin(journal());
                }
                startThread();
            } catch (RuntimeException e) {
                close();
                throw e;
            }
        }
    }

    private static Settings checked(Config config) {
        Checks.require(
                LOG_NAME.matcher(config.log()).matches(),
                "log must be local, aeron-cluster, or the name of another log, was '%s'",
                config.log());
        return new Settings(
                config.enabled(),
                config.log(),
                new CoordinatorOptions(
                        TimeUnit.MILLISECONDS.toNanos(config.server_lease_ms()),
                        TimeUnit.MILLISECONDS.toNanos(config.server_margin_ms()),
                        TimeUnit.MILLISECONDS.toNanos(config.server_return_ms()),
                        config.client_lease_ms(),
                        config.servers_first(),
                        config.tablets_first(),
                        config.table_replicas(),
                        new RecoveryParts(
                                config.recovery_part_bytes(), config.recovery_parts_max())),
                new JournalOptions(
                        config.journal_snapshot_commands(),
                        config.journal_proposals_max(),
                        config.journal_command_bytes(),
                        TimeUnit.MILLISECONDS.toNanos(config.journal_repair_ms())));
    }

    /** Whether there is to be a coordinator in this node. */
    public boolean isWanted() {
        return settings.enabled() && rpc != null;
    }

    /** The one that there is now, or null. */
    public Coordinator running() {
        return coordinator;
    }

    private JournalLog journal() {
        try {
            disk = FileDisk.open(directory, OWNER);
        } catch (IOException e) {
            throw new IllegalStateException(
                    "the coordinator's journal cannot be used: " + e.getMessage(), e);
        }
        return new JournalLog(
                disk,
                rpc.address(),
                settings.journal(),
                NanoClock.SYSTEM,
                new SplittableRandom(),
                metrics);
    }

    private void begin(CoordinatorLog log) {
        Coordinator begun =
                new Coordinator(
                        rpc,
                        log,
                        settings.coordinator(),
                        NanoClock.SYSTEM,
                        EpochClock.SYSTEM,
                        new SplittableRandom(),
                        metrics);
        try {
            begun.start();
        } catch (RuntimeException e) {
            begun.close();
            throw e;
        }
        coordinator = begun;
        if (log instanceof JournalLog journal) {
            writer =
                    Thread.ofPlatform()
                            .daemon()
                            .name("silkstone-coordinator-journal-0")
                            .start(journal);
        }
    }

    private void startThread() {
        thread = threads.create(ThreadRuntime.NORMAL, this::run);
        if (thread == ThreadRuntime.NONE) {
            throw new IllegalStateException("the runtime has no thread for the coordinator");
        }
    }

    /** A log has come. */
    @Reference(
            service = CoordinatorLogFactory.class,
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            target = "(silkstone.kind=" + CoordinatorLogFactory.KIND + ")")
    synchronized void addLog(
            CoordinatorLogFactory factory, ServiceReference<CoordinatorLogFactory> reference) {
        if (isWanted() && settings.log().equals(reference.getProperty("silkstone.name"))) {
            factories.put(reference, factory);
            take();
        }
    }

    /** A log goes: the coordinator over it ends before. */
    synchronized void removeLog(
            CoordinatorLogFactory factory, ServiceReference<CoordinatorLogFactory> reference) {
        factories.remove(reference);
        if (used == factory) {
            coordinator.close();
            coordinator = null;
            used = null;
            LOG.log(Level.WARNING, "the log {0} is gone, the coordinator ends", settings.log());
            take();
        }
    }

    /** Begins over the first log that there is, if there is nothing yet. */
    private void take() {
        for (CoordinatorLogFactory factory : factories.values()) {
            if (used != null || closing) {
                return;
            }
            try {
                begin(factory.open(rpc.address(), this::earlierState));
                used = factory;
            } catch (RuntimeException e) {
                unused = String.valueOf(e.getMessage());
                LOG.log(
                        Level.ERROR,
                        "no coordinator runs in this node: the log {0}: {1}",
                        settings.log(),
                        e.getMessage());
            }
        }
    }

    /** What a coordinator that was alone in this node knew; null when there was none. */
    private byte[] earlierState() {
        if (!Files.isDirectory(directory)) {
            return null;
        }
        try (FileDisk earlier = FileDisk.open(directory, OWNER)) {
            if (!JournalState.isThere(earlier)) {
                return null;
            }
            if (JournalState.isReplaced(earlier)) {
                LOG.log(
                        Level.WARNING,
                        "the journal in {0} begins no log any more: another log has taken its"
                                + " place, as the file {1} there says",
                        directory,
                        JournalState.REPLACED);
                return null;
            }
            return JournalState.read(earlier, settings.journal());
        } catch (IOException e) {
            throw new IllegalStateException(
                    "the journal of the coordinator that was alone cannot be read: "
                            + e.getMessage(),
                    e);
        }
    }

    /** Another log has a leader, so it has its beginning: the journal is not to be one again. */
    private void replaceJournal() {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (FileDisk earlier = FileDisk.open(directory, OWNER)) {
            JournalState.replace(earlier);
        } catch (IOException e) {
            LOG.log(
                    Level.WARNING,
                    "move {0} away, another log has taken its place; that could not be written"
                            + " there: {1}",
                    directory,
                    e.getMessage());
        }
    }

    private void run() {
        long startedAt = NanoClock.SYSTEM.nanoTime();
        boolean isTold = false;
        boolean isReplaced = settings.log().equals(LOCAL);
        while (!closing) {
            Coordinator current = coordinator;
            if (!isReplaced && current != null && !current.leader().isEmpty()) {
                replaceJournal();
                isReplaced = true;
            }
            if (current == null && !isTold) {
                isTold = tellMissing(startedAt);
            }
            try {
                if (current != null) {
                    current.doWork();
                }
            } catch (RuntimeException e) {
                // Without this duty nobody would ever count as down.
                LOG.log(Level.ERROR, "the coordinator failed, and goes on", e);
            }
            threads.sleep(DUTY_NANOS);
        }
    }

    /** Whether what is missing has been said, or need not be. */
    private boolean tellMissing(long startedAt) {
        if (NanoClock.SYSTEM.nanoTime() - startedAt < MISSED_NANOS) {
            return false;
        }
        if (!unused.isEmpty()) {
            LOG.log(
                    Level.WARNING,
                    "no coordinator runs in this node: the log {0} of etc/{1}.cfg is there, but"
                            + " could not be used: {2}",
                    settings.log(),
                    PID,
                    unused);
            return true;
        }
        LOG.log(
                Level.WARNING,
                "no coordinator runs in this node: the log {0} of etc/{1}.cfg is not there; it"
                        + " begins when a bundle with that log is deployed",
                settings.log(),
                PID);
        return true;
    }

    /** Nothing changes while it runs: servers count on what they were told. */
    @Modified
    void modified(Config config) {
        if (!checked(config).equals(settings)) {
            LOG.log(Level.WARNING, "{0}: what was edited applies from the next start", PID);
        }
    }

    @Deactivate
    void close() {
        closing = true;
        if (thread != ThreadRuntime.NONE) {
            threads.signal(thread);
            threads.join(thread);
        }
        synchronized (this) {
            if (coordinator != null) {
                coordinator.close();
                coordinator = null;
                used = null;
            }
        }
        awaitWriter();
        if (disk == null) {
            return;
        }
        try {
            disk.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the coordinator's directory stays locked: {0}", e.getMessage());
        }
    }

    private void awaitWriter() {
        if (writer == null) {
            return;
        }
        try {
            writer.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
