package io.silkstone.osgi;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.harness.NodeProcess;
import io.silkstone.harness.Ports;
import io.silkstone.harness.RespConnection;
import io.silkstone.harness.Tool;
import io.silkstone.harness.Workplace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * A home directory and the start script, used as an operator uses them: every test of this module
 * goes through the commands that people type. Closing ends the node if there is one.
 */
final class OperatedNode implements AutoCloseable {
    /** A start on a loaded machine takes ten times as long as on a quiet one. */
    private static final Duration COMMAND_MAX = Duration.ofMinutes(3);

    /**
     * A policy that does not answer in time is taken out of use. On a machine that runs several
     * builds at once the system alone keeps a thread waiting for longer than the usual limit.
     */
    static final String PATIENCE = "policy.limit.ms = 60000\n";

    /** Where {@link #PATIENCE} goes. */
    static final String THREADS = "io.silkstone.threads.runtime.cfg";

    private final Workplace workplace;
    private final Path home;
    private final int port;

    OperatedNode() throws IOException {
        workplace = new Workplace("osgi");
        home = workplace.folder().resolve("node");
        port = Ports.free();
    }

    Path home() {
        return home;
    }

    int port() {
        return port;
    }

    Workplace workplace() {
        return workplace;
    }

    /** Writes {@code text} to {@code etc/<name>} before or while the node runs. */
    void configure(String name, String text) throws IOException {
        Path etc = Files.createDirectories(home.resolve("etc"));
        Path draft = Files.writeString(etc.resolve("." + name + ".draft"), text);
        Files.move(draft, etc.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }

    /** Starts the node in the background. */
    Tool.Outcome up(String... more) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of("--detach"));
        words.addAll(List.of("--port-base", Integer.toString(port)));
        words.addAll(List.of(more));
        return command("up", words.toArray(String[]::new));
    }

    /** Starts the node in the background and insists that it serves. */
    OperatedNode started() throws IOException, InterruptedException {
        Tool.Outcome outcome = up();
        assertThat(outcome.succeeded()).as(outcome.output()).isTrue();
        return this;
    }

    /** Runs gogo commands in the node. */
    Tool.Outcome shell(String commands) throws IOException, InterruptedException {
        return command("shell", "-c", commands);
    }

    /** Runs gogo commands in the node, insists that they succeed, and returns what they say. */
    String said(String commands) throws IOException, InterruptedException {
        Tool.Outcome outcome = shell(commands);
        assertThat(outcome.succeeded()).as(commands + ": " + outcome.output()).isTrue();
        return outcome.output();
    }

    /** Repeats {@code commands} until {@code wanted} holds for what they say, and returns that. */
    String awaitSaid(String commands, Predicate<String> wanted)
            throws IOException, InterruptedException {
        long deadlineNs = System.nanoTime() + COMMAND_MAX.toNanos();
        String said = said(commands);
        while (!wanted.test(said)) {
            assertThat(System.nanoTime() - deadlineNs).as(commands + " says " + said).isNegative();
            said = said(commands);
        }
        return said;
    }

    /** Runs one of the script's commands on this home. */
    Tool.Outcome command(String command, String... arguments)
            throws IOException, InterruptedException {
        List<String> line = new ArrayList<>();
        line.add(NodeProcess.checkout().resolve("silkstone").toString());
        line.addAll(List.of(command, "--home", home.toString()));
        line.addAll(List.of(arguments));
        return Tool.run(workplace, workplace.folder(), COMMAND_MAX, line);
    }

    /** A connection of a Redis client. */
    RespConnection connect() throws IOException {
        return new RespConnection(port);
    }

    /** The node's process. */
    ProcessHandle process() throws IOException {
        return ProcessHandle.of(pid()).orElseThrow();
    }

    /** Ends the node in the midst of whatever it is at, as {@code kill -9} does. */
    void kill() throws Exception {
        ProcessHandle process = process();
        process.destroyForcibly();
        process.onExit().get(COMMAND_MAX.toSeconds(), TimeUnit.SECONDS);
    }

    private long pid() throws IOException {
        return Long.parseLong(Files.readString(home.resolve("run/node.pid")).split(" ")[0]);
    }

    /** The node's log. */
    String log() throws IOException {
        return Files.readString(home.resolve("logs/silkstone.log"));
    }

    @Override
    public void close() throws IOException {
        // Killed rather than stopped: what `down` does is what one of these tests may have broken.
        if (Files.exists(home.resolve("run/node.pid"))) {
            Optional<ProcessHandle> node = ProcessHandle.of(pid());
            node.ifPresent(ProcessHandle::destroyForcibly);
            node.ifPresent(process -> process.onExit().join());
        }
        workplace.close();
    }
}
