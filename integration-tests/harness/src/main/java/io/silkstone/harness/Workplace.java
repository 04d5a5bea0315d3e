package io.silkstone.harness;

import io.silkstone.base.FileTrees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The files and processes of one run: a folder under the system's temporary one, and the processes
 * started in it. Closing ends the processes, the last one first, and removes the folder; a shutdown
 * hook does the same when the run is interrupted. Threads: any.
 */
public final class Workplace implements AutoCloseable {
    private static final long TERM_SECONDS_MAX = 10;

    private final Path folder;
    private final Deque<Process> processes = new ArrayDeque<>();
    private final Thread hook = new Thread(this::clear, "workplace-clear");
    private boolean cleared;

    /** Makes the folder; its name begins with {@code name}. */
    public Workplace(String name) {
        try {
            folder = Files.createTempDirectory("silkstone-" + name + "-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** A new folder in here. */
    public Path newFolder(String name) {
        try {
            return Files.createDirectory(folder.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The folder itself. */
    public Path folder() {
        return folder;
    }

    /**
     * Starts {@code builder}'s command, which ends with this workplace at the latest.
     *
     * @throws IOException when there is no such command, or the workplace is closed
     */
    public synchronized Process start(ProcessBuilder builder) throws IOException {
        if (cleared) {
            throw new IOException("the workplace is closed");
        }
        Process process = builder.start();
        processes.push(process);
        return process;
    }

    /**
     * Ends {@code process} now, and what it started: asks first, and kills it when it has not gone
     * in ten seconds.
     */
    public void end(Process process) {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroy();
        try {
            if (!process.waitFor(TERM_SECONDS_MAX, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(TERM_SECONDS_MAX, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        children.forEach(ProcessHandle::destroyForcibly);
        synchronized (this) {
            processes.remove(process);
        }
    }

    @Override
    public void close() {
        clear();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is going down already, and the hook finds nothing left to do.
            return;
        }
    }

    private void clear() {
        synchronized (this) {
            if (cleared) {
                return;
            }
            cleared = true;
        }
        for (Process process : running()) {
            end(process);
        }
        try {
            FileTrees.remove(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private synchronized List<Process> running() {
        return List.copyOf(processes);
    }
}
