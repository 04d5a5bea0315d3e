package io.silkstone.launcher;

import io.silkstone.launcher.log.JavaUtilLogging;
import io.silkstone.launcher.log.NodeLog;
import java.io.Console;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;

/** The command {@code up}: a node from its start to its end, in this process. */
final class NodeStart {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final long STOP_MILLIS = 20_000;
    private static final long ENDPOINTS_INTERVAL_MILLIS = 1_000;

    private final Arguments arguments;
    private final Distribution distribution;
    private final StartReport report;
    private final NodeLog log = NodeLog.OF_THIS_PROCESS;

    private Home home;
    private SharedMemory sharedMemory;
    private List<String> endpointsWritten = List.of();
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
        Runtime.getRuntime().addShutdownHook(new Thread(this::end, "silkstone-launcher-end-0"));
        NodeSettings settings = NodeSettings.read(home.etc());
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
            new StartWatch(framework.context(), home.etc(), arguments.portBase())
                    .await(Duration.ofSeconds(settings.startSeconds()));
            announceReady(framework.endpoints());
        } catch (StartRefused | RuntimeException e) {
            if (ending) {
                // A framework that goes away under the start makes it fail in any odd way.
                throw new StartRefused("The node was stopped before it was ready.", e);
            }
            throw e;
        }
        while (framework.awaitStop(ENDPOINTS_INTERVAL_MILLIS)) {
            followEndpoints();
        }
        framework.awaitStop();
    }

    /** An edit may have moved them, and status is to say where the node serves now. */
    private void followEndpoints() {
        try {
            writeEndpoints(framework.endpoints());
        } catch (IOException | RuntimeException e) {
            // Bundles that are on their way out cannot tell; the next look will.
            log.write(Level.DEBUG, "launcher", "endpoints were not written", e);
        }
    }

    private void writeEndpoints(List<String> endpoints) throws IOException {
        if (!endpoints.equals(endpointsWritten)) {
            Path fresh = home.run().resolve("endpoints.new");
            Files.write(fresh, endpoints);
            Files.move(fresh, home.run().resolve("endpoints"), StandardCopyOption.ATOMIC_MOVE);
            endpointsWritten = endpoints;
        }
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
        SettingsCatalog catalog = new SettingsCatalog();
        try {
            for (Distribution.BundleFile bundle : distribution.bundles()) {
                if (bundle.startLevel() >= Distribution.OURS_LEVEL) {
                    catalog.addBundle(bundle.jar());
                }
            }
            distribution.copyTemplates(home.etc());
            SettingsTemplates.write(catalog, home.etc());
        } catch (IOException e) {
            throw new StartRefused(
                    "%s cannot be written: %s.".formatted(home.etc(), e.getMessage()), e);
        }
    }

    private NodeFramework.Properties properties(String nodeId) throws StartRefused {
        return new NodeFramework.Properties(
                home.root(),
                home.run(),
                distribution.version(),
                nodeId,
                arguments.portBase(),
                sharedMemory.aeronDirectory(),
                hasShell(),
                distribution.sharedPackages());
    }

    private void announceReady(List<String> endpoints) throws StartRefused {
        try {
            writeEndpoints(endpoints);
        } catch (IOException e) {
            throw new StartRefused(
                    "%s cannot be written: %s.".formatted(home.run(), e.getMessage()), e);
        }
        log.releaseConsole();
        report.ready(endpoints);
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
        home.close();
    }

    /** Whether the shell is to be opened here: in the foreground, and on a terminal. */
    private boolean hasShell() {
        Console console = System.console();
        return arguments.report() == null && console != null && console.isTerminal();
    }
}
