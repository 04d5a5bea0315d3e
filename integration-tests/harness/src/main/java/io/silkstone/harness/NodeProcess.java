package io.silkstone.harness;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** A Silkstone node in a process of its own, started by the script as an operator does it. */
public final class NodeProcess implements ServerProcess {
    /**
     * {@code etc/jvm.options} of a node that is started, asked a few things and stopped: without
     * the optimising compiler, which takes half of the processor's time then and never earns it
     * back.
     */
    public static final String BRIEF = "-XX:TieredStopAtLevel=1\n";

    /**
     * A start on a loaded machine takes ten times as long as on a quiet one, and longer yet when
     * several nodes start at once.
     */
    private static final Duration START_MAX = Duration.ofMinutes(5);

    private static final String SCRIPT = "silkstone";

    private final Workplace workplace;
    private final Path home;
    private final int port;
    private final Process process;

    private NodeProcess(Workplace workplace, Path home, int port, Process process) {
        this.workplace = workplace;
        this.home = home;
        this.port = port;
        this.process = process;
    }

    /**
     * Starts one with a fresh home and waits until it answers.
     *
     * @param prefix words before the command, such as a pinning to a processor
     * @param configuration contents of {@code etc/PID.cfg}, by PID
     */
    public static NodeProcess start(
            Workplace workplace, List<String> prefix, Map<String, String> configuration)
            throws IOException, InterruptedException {
        int port = Ports.free();
        Path home = workplace.newFolder("node-" + port);
        Path etc = Files.createDirectory(home.resolve("etc"));
        for (Map.Entry<String, String> each : configuration.entrySet()) {
            Files.writeString(etc.resolve(each.getKey() + ".cfg"), each.getValue());
        }
        return start(workplace, prefix, home, port);
    }

    /**
     * Starts one on the home of this one, which has ended, at the same port, and waits until it
     * answers.
     *
     * @param prefix words before the command
     */
    public NodeProcess startAgain(List<String> prefix) throws IOException, InterruptedException {
        return start(workplace, prefix, home, port);
    }

    private static NodeProcess start(Workplace workplace, List<String> prefix, Path home, int port)
            throws IOException, InterruptedException {
        List<String> words = List.of("--port-base", Integer.toString(port));
        // It says where it listens when all of it does, and not before.
        String said = "redis 127.0.0.1:" + port;
        Process process =
                up(
                        workplace,
                        home,
                        prefix,
                        words,
                        output -> output.contains(said) && Readiness.answers(port));
        return new NodeProcess(workplace, home, port, process);
    }

    /**
     * Runs {@code up} in the foreground, and waits until what it says is a {@code sign} that it
     * serves; ends it when that does not come.
     *
     * @param words of the command, beside the home
     */
    static Process up(
            Workplace workplace,
            Path home,
            List<String> prefix,
            List<String> words,
            Predicate<String> sign)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(prefix);
        command.add(checkout().resolve(SCRIPT).toString());
        command.addAll(List.of("up", "--home", home.toString()));
        command.addAll(words);
        Path output = home.resolve("console.txt");
        ProcessBuilder builder = new ProcessBuilder(command);
        // Whoever runs this has built; a build inside a build would overwrite what that is using.
        builder.environment().put("SILKSTONE_BUILD", "never");
        Process process =
                workplace.start(
                        builder.redirectErrorStream(true)
                                .redirectInput(new File("/dev/null"))
                                .redirectOutput(output.toFile()));
        try {
            Readiness.await("up", process, () -> sign.test(Files.readString(output)), START_MAX);
        } catch (IOException e) {
            String all = Files.readString(output).strip();
            workplace.end(process);
            throw new IOException(e.getMessage() + "; it said: " + all, e);
        }
        return process;
    }

    /** The checkout that this class was built in. */
    public static Path checkout() {
        List<Path> starts = new ArrayList<>(List.of(Path.of("").toAbsolutePath()));
        try {
            starts.add(
                    Path.of(
                            NodeProcess.class
                                    .getProtectionDomain()
                                    .getCodeSource()
                                    .getLocation()
                                    .toURI()));
        } catch (URISyntaxException e) {
            throw new AssertionError("a class comes from a file", e);
        }
        for (Path start : starts) {
            for (Path folder = start; folder != null; folder = folder.getParent()) {
                if (Files.isExecutable(folder.resolve(SCRIPT))
                        && Files.exists(folder.resolve("cnf/layers.txt"))) {
                    return folder;
                }
            }
        }
        throw new IllegalStateException("no checkout of Silkstone above " + starts);
    }

    /** Runs the script's {@code command} on this node's home. */
    public Tool.Outcome command(Duration limit, String command, String... arguments)
            throws IOException, InterruptedException {
        List<String> line = new ArrayList<>();
        line.add(checkout().resolve(SCRIPT).toString());
        line.addAll(List.of(command, "--home", home.toString()));
        line.addAll(List.of(arguments));
        return Tool.run(workplace, home, limit, line);
    }

    /** The node's home directory. */
    public Path home() {
        return home;
    }

    @Override
    public String name() {
        return "silkstone";
    }

    @Override
    public int port() {
        return port;
    }

    /** The Java process, which the script may have become or have started. */
    @Override
    public long pid() {
        Optional<ProcessHandle> java =
                process.descendants()
                        .filter(each -> each.info().command().orElse("").endsWith("/java"))
                        .findFirst();
        return java.map(ProcessHandle::pid).orElse(process.pid());
    }

    /** Whether the process lives. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Ends the process in the midst of whatever it is at, as {@code kill -9} does. */
    public void kill() {
        ProcessHandle.of(pid()).ifPresent(ProcessHandle::destroyForcibly);
        workplace.end(process);
    }

    @Override
    public void close() {
        workplace.end(process);
    }
}
