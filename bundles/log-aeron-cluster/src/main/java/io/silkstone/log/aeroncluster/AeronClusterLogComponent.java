package io.silkstone.log.aeroncluster;

import io.silkstone.api.cluster.CoordinatorLog;
import io.silkstone.api.cluster.CoordinatorLogFactory;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.base.Checks;
import io.silkstone.base.NanoClock;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** Offers {@link AeronClusterLog}; begins nothing before a coordinator asks for it. */
@Component(
        name = AeronClusterLogComponent.PID,
        immediate = true,
        property = {
            "silkstone.kind=" + CoordinatorLogFactory.KIND,
            "silkstone.name=" + AeronClusterLogComponent.NAME
        })
@Designate(ocd = AeronClusterLogComponent.Config.class)
public final class AeronClusterLogComponent implements CoordinatorLogFactory {
    static final String PID = "io.silkstone.log-aeron-cluster.member";
    static final String NAME = "aeron-cluster";

    private static final Logger LOG = System.getLogger(AeronClusterLogComponent.class.getName());
    private static final String JOURNAL = "journal";
    private static final String DATA = "data/coordinator-log";

    /** As the transport's: what a process stands still for, Aeron shall survive. */
    private static final long LIVENESS_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final MetricRegistry metrics;
    private final LogOptions options;

    /** Settings; see the bundle's README. */
    @ObjectClassDefinition(name = "Silkstone: the log that coordinators share")
    @interface Config {
        /** All members. */
        @AttributeDefinition(
                description =
                        "the three or five members, each as the address of its first port, with"
                                + " commas between, in the same order everywhere, as in"
                                + " 127.0.0.1:7800,127.0.0.1:7805,127.0.0.1:7810. Applies at the"
                                + " next start.")
        String[] members() default {};

        /** This one. */
        @AttributeDefinition(
                description =
                        "which of the members this node is, from 1. Applies at the next start.",
                min = "1",
                max = "5")
        int member() default 1;

        /** How a log begins. */
        @AttributeDefinition(
                description =
                        "what a log with nothing in it begins with: nothing, or the state in the"
                                + " journal of the coordinator that one of the members had alone."
                                + " Applies at the next start.",
                options = {
                    @Option(label = "nothing", value = "new"),
                    @Option(label = "a journal that one member has", value = JOURNAL)
                })
        String founding() default "new";

        /** Whether power may fail everywhere. */
        @AttributeDefinition(
                description =
                        "whether a member says that it has something only when its disk has it; if"
                                + " not, decisions can be lost when power fails for one member and"
                                + " another one dies, and when it fails everywhere at once."
                                + " Applies at the next start.")
        boolean sync_enabled() default true;

        /** See {@link LogOptions#snapshotCommands}. */
        @AttributeDefinition(
                description =
                        "commands after which a snapshot is written. Applies at the next start.",
                min = "1",
                max = "1000000")
        int snapshot_commands() default 10_000;

        /** See {@link LogOptions#proposalsMax}. */
        @AttributeDefinition(
                description = "commands that may be under way. Applies at the next start.",
                min = "1",
                max = "65536")
        int proposals_max() default 1_024;

        /** See {@link LogOptions#commandBytesMax}. */
        @AttributeDefinition(
                description = "longest command. Applies at the next start.",
                min = "1",
                max = "65536")
        int command_bytes() default LogOptions.COMMAND_BYTES_MOST;

        /** See {@link LogOptions#heartbeatNanos}. */
        @AttributeDefinition(
                description =
                        "a leader that is silent for so long is given up. Applies at the next"
                                + " start.",
                min = "300",
                max = "60000")
        long heartbeat_timeout_ms() default 1_000;

        /** See {@link LogOptions#proposalNanos}. */
        @AttributeDefinition(
                description =
                        "a command that was not committed after so long counts as unknown. Applies"
                                + " at the next start.",
                min = "100",
                max = "60000")
        long proposal_timeout_ms() default 5_000;

        /** Where buffers are. */
        @AttributeDefinition(
                description =
                        "directory of buffers, in memory; empty for one of the node's own in the"
                                + " system's shared memory. Applies at the next start.")
        String directory() default "";
    }

    /** Checks the configuration. */
    @Activate
    public AeronClusterLogComponent(
            Config config, BundleContext context, @Reference MetricRegistry metrics) {
        this.metrics = metrics;
        options =
                members(config).isEmpty()
                        ? null
                        : options(
                                config,
                                Path.of(context.getProperty("silkstone.home"), DATA),
                                memory(config, context));
    }

    private static List<String> members(Config config) {
        return Stream.of(config.members())
                .map(String::strip)
                .filter(word -> !word.isEmpty())
                .toList();
    }

    private static Path memory(Config config, BundleContext context) {
        return config.directory().isEmpty()
                ? Path.of(context.getProperty("silkstone.aeron.dir"), "log")
                : Path.of(config.directory(), "silkstone-log-" + config.member());
    }

    static LogOptions options(Config config, Path data, Path memory) {
        Checks.require(
                List.of("new", JOURNAL).contains(config.founding()),
                "founding must be new or journal, was '%s'",
                config.founding());
        Checks.inRange("proposal.timeout.ms", config.proposal_timeout_ms(), 100, 60_000);
        return new LogOptions(
                Endpoint.of(members(config).toArray(String[]::new)),
                config.member(),
                data,
                memory,
                config.founding().equals(JOURNAL),
                config.sync_enabled(),
                config.snapshot_commands(),
                config.proposals_max(),
                config.command_bytes(),
                TimeUnit.MILLISECONDS.toNanos(config.heartbeat_timeout_ms()),
                TimeUnit.MILLISECONDS.toNanos(config.proposal_timeout_ms()),
                LIVENESS_NANOS);
    }

    @Override
    public CoordinatorLog open(String address, Supplier<byte[]> earlier) {
        if (options == null) {
            throw new IllegalStateException(
                    "members in etc/"
                            + PID
                            + ".cfg is empty: it must have the three or five members of the log");
        }
        return new AeronClusterLog(
                options, address, earlier, NanoClock.SYSTEM, new SplittableRandom(), metrics);
    }

    /** Nothing changes while it runs: the others count on it. */
    @Modified
    void modified(Config config) {
        LOG.log(Level.INFO, "{0}: what was edited applies from the next start", PID);
    }
}
