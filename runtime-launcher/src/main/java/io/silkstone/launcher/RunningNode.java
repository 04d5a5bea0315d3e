package io.silkstone.launcher;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * The node that lives in a home directory, seen from another process. A process number alone proves
 * nothing, since the kernel gives it out again: the process must also have started when the file
 * says.
 */
final class RunningNode {
    // The kernel counts from its boot, whose time of day moves a little when the clock is set.
    private static final long CLOCK_JITTER_MILLIS = 2_000;

    private static final long LOOK_MILLIS = 100;

    private final Path home;
    private final ProcessHandle process;

    private RunningNode(Path home, ProcessHandle process) {
        this.home = home;
        this.process = process;
    }

    /** Writes who lives in {@code home}; seen by {@link #find} whole or not at all. */
    static void write(Path home, ProcessHandle process) throws IOException {
        Path file = file(home);
        Path draft = file.resolveSibling("node.pid.new");
        Files.writeString(draft, process.pid() + " " + started(process).toEpochMilli() + "\n");
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /** The living node of {@code home}, if there is one. */
    static Optional<RunningNode> find(Path home) {
        try {
            String[] words = Files.readString(file(home)).strip().split(" ");
            long startedMillis = Long.parseLong(words[1]);
            return ProcessHandle.of(Long.parseLong(words[0]))
                    .filter(RunningNode::lives)
                    .filter(found -> startedAt(found, startedMillis))
                    .map(found -> new RunningNode(home, found));
        } catch (IOException | NumberFormatException | IndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }

    long pid() {
        return process.pid();
    }

    /** When its process started. */
    Instant started() {
        return started(process);
    }

    /** What it serves, as it said when it was ready; nothing while it starts. */
    Optional<List<String>> endpoints() throws IOException {
        Path file = home.resolve("run/endpoints");
        return Files.exists(file) ? Optional.of(Files.readAllLines(file)) : Optional.empty();
    }

    /** How far it is in its cluster; nothing when it is alone, or starts. */
    Optional<ClusterState> cluster() throws IOException {
        Path file = home.resolve("run/cluster");
        return Files.exists(file) ? ClusterState.parse(Files.readString(file)) : Optional.empty();
    }

    /** Asks it to stop. */
    void ask() {
        process.destroy();
    }

    /**
     * Asks it to stop and waits.
     *
     * @return whether it ended within {@code seconds}
     */
    boolean stop(long seconds) throws InterruptedException {
        ask();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (lives(process) && System.nanoTime() < deadline) {
            try {
                process.onExit().get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                // The end of one that nobody buries is seen by looking.
            } catch (ExecutionException e) {
                throw new IllegalStateException(e);
            }
        }
        return !lives(process);
    }

    /**
     * Whether {@code process} runs. One that has ended keeps its number until its parent asks for
     * the exit code, which in a container may be never; the kernel says so in the letter after its
     * name in {@code /proc/PID/stat} (proc_pid_stat(5)). Where there is no such file the JDK is
     * believed.
     */
    private static boolean lives(ProcessHandle process) {
        if (!process.isAlive()) {
            return false;
        }
        Path kernel = Path.of("/proc", Long.toString(process.pid()));
        try {
            String stat = Files.readString(kernel.resolve("stat"), StandardCharsets.ISO_8859_1);
            // The name stands in parentheses, and may hold some itself.
            String state = stat.substring(stat.lastIndexOf(')') + 1).strip();
            if (!state.startsWith("Z") && !state.startsWith("X")) {
                return true;
            }
            // The letter is that of the first thread alone. While others are still on their way
            // out, the process has its ports and its lock, and a successor would be refused.
            try (Stream<Path> threads = Files.list(kernel.resolve("task"))) {
                return threads.count() > 1;
            }
        } catch (IOException | UncheckedIOException e) {
            return process.isAlive();
        }
    }

    private static boolean startedAt(ProcessHandle process, long millis) {
        return Math.abs(started(process).toEpochMilli() - millis) <= CLOCK_JITTER_MILLIS;
    }

    private static Path file(Path home) {
        return home.resolve("run/node.pid");
    }

    private static Instant started(ProcessHandle process) {
        return process.info().startInstant().orElse(Instant.EPOCH);
    }
}
