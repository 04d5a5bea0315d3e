package io.silkstone.harness;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A redis-server without persistence, in a process of its own. */
public final class RedisProcess implements ServerProcess {
    private static final Duration START_MAX = Duration.ofSeconds(30);

    private final Workplace workplace;
    private final String name;
    private final int port;
    private final Process process;

    private RedisProcess(Workplace workplace, String name, int port, Process process) {
        this.workplace = workplace;
        this.name = name;
        this.port = port;
        this.process = process;
    }

    /** Where redis-server is, if it is installed. */
    public static Optional<Tool> tool() {
        return Tool.find("redis-server");
    }

    /**
     * Starts one and waits until it answers.
     *
     * @param name what to call it in tables
     * @param prefix words before the command, such as a pinning to a processor
     * @param settings further words of the command line
     */
    public static RedisProcess start(
            Workplace workplace, String name, List<String> prefix, List<String> settings)
            throws IOException, InterruptedException {
        int port = Ports.free();
        Path folder = workplace.newFolder(name.replace(' ', '-') + "-" + port);
        List<String> command = new ArrayList<>(prefix);
        command.add(tool().orElseThrow().path().toString());
        command.addAll(List.of("--port", Integer.toString(port), "--bind", "127.0.0.1"));
        command.addAll(List.of("--save", "", "--appendonly", "no", "--dir", folder.toString()));
        command.addAll(settings);
        Process process =
                workplace.start(
                        new ProcessBuilder(command)
                                .redirectErrorStream(true)
                                .redirectOutput(folder.resolve("redis.log").toFile()));
        Readiness.await(name, process, () -> Readiness.answers(port), START_MAX);
        return new RedisProcess(workplace, name, port, process);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        workplace.end(process);
    }
}
