package io.silkstone.coordinator;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.Checks;
import io.silkstone.base.EpochClock;
import io.silkstone.base.NanoClock;
import io.silkstone.coordinator.journal.FileDisk;
import io.silkstone.coordinator.journal.JournalLog;
import io.silkstone.coordinator.journal.JournalOptions;
import io.silkstone.rpc.Coordinators;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.RpcComponent;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.BundleContext;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/**
 * Runs the coordinator in this node, if its configuration says so: a journal in the node's home, a
 * platform thread that writes it, since that blocks in the kernel, and a user thread for the rest.
 */
@Component(
        name = CoordinatorComponent.PID,
        immediate = true,
        service = {})
@Designate(ocd = CoordinatorComponent.Config.class)
public final class CoordinatorComponent {
    static final String PID = "io.silkstone.coordinator.service";

    private static final Logger LOG = System.getLogger(CoordinatorComponent.class.getName());

    /** Small against a lease and its margin; requests are answered without it. */
    private static final long DUTY_NANOS = 20_000_000;

    private static final String DIRECTORY = "data/coordinator";

    private final ThreadRuntime threads;
    private final Settings settings;
    private FileDisk disk;
    private Coordinator coordinator;
    private Thread writer;
    private long thread = ThreadRuntime.NONE;
    private volatile boolean closing;

    private record Settings(boolean enabled, CoordinatorOptions coordinator, JournalOptions log) {}

    /** Settings; see the bundle's README. */
    @ObjectClassDefinition(name = "Silkstone: coordinator")
    @interface Config {
        /** Whether it runs. */
        @AttributeDefinition(
                description =
                        "whether the coordinator of the cluster runs in this node. Applies at the"
                                + " next start.")
        boolean enabled() default false;

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
     * Starts the coordinator.
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
        settings = checked(config);
        Checks.require(
                !settings.enabled() || Coordinators.areConfigured(configurations),
                "enabled is true, but coordinators in etc/%s.cfg is empty: it must have the"
                        + " address of this node",
                RpcComponent.PID);
        if (settings.enabled() && rpc != null) {
            start(Path.of(context.getProperty("silkstone.home"), DIRECTORY), rpc, metrics);
        }
    }

    private static Settings checked(Config config) {
        return new Settings(
                config.enabled(),
                new CoordinatorOptions(
                        TimeUnit.MILLISECONDS.toNanos(config.server_lease_ms()),
                        TimeUnit.MILLISECONDS.toNanos(config.server_margin_ms()),
                        TimeUnit.MILLISECONDS.toNanos(config.server_return_ms()),
                        config.client_lease_ms(),
                        config.servers_first(),
                        config.tablets_first()),
                new JournalOptions(
                        config.journal_snapshot_commands(),
                        config.journal_proposals_max(),
                        config.journal_command_bytes(),
                        TimeUnit.MILLISECONDS.toNanos(config.journal_repair_ms())));
    }

    private void start(Path directory, Rpc rpc, MetricRegistry metrics) {
        try {
            disk = FileDisk.open(directory);
        } catch (IOException e) {
            throw new IllegalStateException(
                    "the coordinator's journal cannot be used: " + e.getMessage(), e);
        }
        try {
            JournalLog log =
                    new JournalLog(
                            disk,
                            rpc.address(),
                            settings.log(),
                            NanoClock.SYSTEM,
                            new SplittableRandom(),
                            metrics);
            coordinator =
                    new Coordinator(
                            rpc,
                            log,
                            settings.coordinator(),
                            NanoClock.SYSTEM,
                            EpochClock.SYSTEM,
                            new SplittableRandom(),
                            metrics);
            coordinator.start();
            writer =
                    Thread.ofPlatform().daemon().name("silkstone-coordinator-journal-0").start(log);
            thread = threads.create(ThreadRuntime.NORMAL, this::run);
            if (thread == ThreadRuntime.NONE) {
                throw new IllegalStateException("the runtime has no thread for the coordinator");
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private void run() {
        while (!closing) {
            try {
                coordinator.doWork();
            } catch (RuntimeException e) {
                // Without this duty nobody would ever count as down.
                LOG.log(Level.ERROR, "the coordinator failed, and goes on", e);
            }
            threads.sleep(DUTY_NANOS);
        }
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
        if (disk == null) {
            return;
        }
        if (thread != ThreadRuntime.NONE) {
            threads.signal(thread);
            threads.join(thread);
        }
        if (coordinator != null) {
            coordinator.close();
        }
        awaitWriter();
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
