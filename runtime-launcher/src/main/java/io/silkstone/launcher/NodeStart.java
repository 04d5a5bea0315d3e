package io.silkstone.launcher;

import io.silkstone.launcher.ClusterState.Stage;
import io.silkstone.launcher.log.JavaUtilLogging;
import io.silkstone.launcher.log.NodeLog;
import java.io.Console;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The command {@code up}: a node from its start to its end, in this process. */
final class NodeStart {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final long STOP_MILLIS = 20_000;
    private static final long LOOK_INTERVAL_MILLIS = 1_000;
    private static final long LOOK_INTERVAL_MILLIS_JOINING = 100;

    /** A node whose coordinator is away serves when that is back; no start waits for it. */
    private static final long JOIN_NANOS = 10_000_000_000L;

    private final Arguments arguments;
    private final Distribution distribution;
    private final StartReport report;
    private final NodeLog log = NodeLog.OF_THIS_PROCESS;

    private Home home;
    private int portBase;
    private SharedMemory sharedMemory;
    private RunFiles files;
    private volatile NodeFramework framework;
    private volatile boolean ending;

    NodeStart(Arguments arguments, Distribution distribution, StartReport report) {
        this.arguments = arguments;
        this.distribution = distribution;
        this.report = report;
    }

    /**
     * Starts the node, reports, and returns when it has stopped.
     *
     * @throws StartRefused when it did not start; what was begun is undone
     */
    void run() throws StartRefused, InterruptedException {
        home = Home.take(arguments.home());
        files = new RunFiles(home.run());
        Runtime.getRuntime().addShutdownHook(new Thread(this::end, "silkstone-launcher-end-0"));
        NodeSettings settings = NodeSettings.read(home.etc());
        portBase =
                arguments
                        .portBase()
                        .orElse(settings.portBase().orElse(arguments.portBaseOtherwise()));
        openLog(settings);
        String nodeId = home.nodeId(new SecureRandom());
        prepareSharedMemory(settings, nodeId);
        writeTemplates();
        home.announce(ProcessHandle.current());
        log.holdConsole();

        log.write(Level.INFO, "launcher", "starting " + distribution.version(), null);
        framework = NodeFramework.create(properties(nodeId), log);
        try {
            framework.start(distribution.bundles());
            new StartWatch(framework.context(), home.etc(), portBase)
                    .await(Duration.ofSeconds(settings.startSeconds()));
            announceReady(framework.endpoints(), awaitMembership());
        } catch (StartRefused | RuntimeException e) {
            if (ending) {
                // A framework that goes away under the start makes it fail in any odd way.
                throw new StartRefused("The node was stopped before it was ready.", e);
            }
            throw e;
        }
        while (framework.awaitStop(lookInterval())) {
            look();
        }
        framework.awaitStop();
    }

    private long lookInterval() {
        return files.isJoining() ? LOOK_INTERVAL_MILLIS_JOINING : LOOK_INTERVAL_MILLIS;
    }

    /** Status is to say where the node serves now, and how it stands in its cluster. */
    private void look() {
        try {
            files.endpoints(framework.endpoints());
            files.cluster(ClusterService.state(framework.context()));
        } catch (IOException | RuntimeException e) {
            // Bundles that are on their way out cannot tell; the next look will.
            log.write(Level.DEBUG, "launcher", "the node's state was not written", e);
        }
    }

    /** Gives a node of a cluster a moment to become a server of it. */
    private Optional<ClusterState> awaitMembership() throws InterruptedException {
        long deadlineNs = System.nanoTime() + JOIN_NANOS;
        Optional<ClusterState> state = ClusterService.state(framework.context());
        while (state.isPresent()
                && state.get().stage() == Stage.JOINING
                && System.nanoTime() - deadlineNs < 0) {
            Thread.sleep(LOOK_INTERVAL_MILLIS_JOINING);
            state = ClusterService.state(framework.context());
        }
        return state;
    }

    private void openLog(NodeSettings settings) throws StartRefused {
        JavaUtilLogging.sendTo(log);
        try {
            log.open(home.logs(), settings.logLevel());
        } catch (IOException e) {
            throw new StartRefused(
                    "The log in %s cannot be written: %s.".formatted(home.logs(), e.getMessage()),
                    e);
        }
    }

    private void prepareSharedMemory(NodeSettings settings, String nodeId) throws StartRefused {
        sharedMemory = new SharedMemory(SHARED_MEMORY, nodeId);
        try {
            sharedMemory.removeStale();
        } catch (IOException e) {
            throw new StartRefused(
                    "What an earlier process left in %s cannot be removed: %s."
                            .formatted(SHARED_MEMORY, e.getMessage()),
                    e);
        }
        sharedMemory.requireFree(settings.sharedMemoryBytesMin());
    }

    /** Gives a home its files of configuration; those that are there stay as they are. */
    private void writeTemplates() throws StartRefused {
        try {
            distribution.copyTemplates(home.etc());
            SettingsTemplates.write(distribution.catalog(), home.etc());
        } catch (IOException e) {
            throw new StartRefused(
                    "%s cannot be written: %s.".formatted(home.etc(), e.getMessage()), e);
        }
    }

    private NodeFramework.Properties properties(String nodeId) throws StartRefused {
        return new NodeFramework.Properties(
                home.root(),
                home.hold(),
                home.run(),
                distribution.version(),
                nodeId,
                portBase,
                sharedMemory.aeronDirectory(),
                hasShell(),
                distribution.sharedPackages());
    }

    private void announceReady(List<String> endpoints, Optional<ClusterState> cluster)
            throws StartRefused {
        try {
            files.cluster(cluster);
            files.endpoints(endpoints);
        } catch (IOException e) {
            throw new StartRefused(
                    "%s cannot be written: %s.".formatted(home.run(), e.getMessage()), e);
        }
        log.releaseConsole();
        List<String> lines = new ArrayList<>(endpoints);
        cluster.ifPresent(state -> lines.add("cluster " + state.words()));
        report.ready(lines);
        if (!hasShell()) {
            report.note(
                    "There is no terminal here, so no shell: `silkstone shell --home %s` opens one."
                            .formatted(home.root()));
        }
        framework.announceReady();
        long millis = ManagementFactory.getRuntimeMXBean().getUptime();
        log.write(Level.INFO, "launcher", "ready after " + millis + " ms", null);
    }

    /** In the shutdown hook, so for every way in which the process can end but being killed. */
    private void end() {
        ending = true;
        NodeFramework running = framework;
        if (running != null) {
            running.stop(STOP_MILLIS);
        }
        try {
            if (sharedMemory != null) {
                sharedMemory.removeStale();
            }
        } catch (IOException e) {
            log.write(Level.WARNING, "launcher", SHARED_MEMORY + " not emptied", e);
        }
        log.write(Level.INFO, "launcher", "stopped", null);
        log.close();
        home.clear();
    }

    /** Whether the shell is to be opened here: in the foreground, and on a terminal. */
    private boolean hasShell() {
        Console console = System.console();
        return arguments.report() == null && console != null && console.isTerminal();
    }
}
