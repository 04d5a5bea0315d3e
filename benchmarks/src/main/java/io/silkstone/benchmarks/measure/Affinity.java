package io.silkstone.benchmarks.measure;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.silkstone.harness.Tool;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Binds threads and processes to processors, where the machine can: on Linux, with two or more. */
public final class Affinity {
    /** Taken once, before a thread is bound: the JVM counts the processors that it may use now. */
    private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

    private static final int SET_BYTES = 128;

    private Affinity() {}

    /**
     * Binds the calling thread to {@code processor}.
     *
     * @return whether it is bound
     */
    @SuppressWarnings("restricted") // one call of the C library
    public static boolean bindThread(int processor) {
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> symbol = linker.defaultLookup().find("sched_setaffinity");
        if (symbol.isEmpty() || PROCESSORS <= processor) {
            return false;
        }
        MethodHandle call =
                linker.downcallHandle(
                        symbol.get(),
                        FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment set = arena.allocate(SET_BYTES, Long.BYTES);
            long word = processor / Long.SIZE;
            set.setAtIndex(JAVA_LONG, word, 1L << processor % Long.SIZE);
            return (int) call.invokeExact(0, (long) SET_BYTES, set) == 0;
        } catch (Throwable e) {
            throw new AssertionError("sched_setaffinity takes these arguments", e);
        }
    }

    /**
     * Has the calling thread step back behind the others of this process, so that what it does is
     * not taken from the time of those that measure.
     */
    public static void stepBack() throws IOException, InterruptedException {
        Optional<Tool> renice = Tool.find("renice");
        if (renice.isPresent()) {
            Path thread = Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName();
            List<String> command = renice.get().with("-n", "10", "-p", thread.toString());
            new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        }
    }

    /** Calls {@code task} on a new thread that is bound to {@code processor} where that can be. */
    public static <T> T callOn(int processor, Callable<T> task) throws Exception {
        FutureTask<T> future = new FutureTask<>(task);
        Thread thread =
                new Thread(
                        () -> {
                            bindThread(processor);
                            future.run();
                        },
                        "bench-bound-" + processor);
        thread.setDaemon(true);
        thread.start();
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        }
    }

    /** How many processors this process may use. */
    public static int processors() {
        return PROCESSORS;
    }

    /**
     * Words before a command that bind its process to {@code processor}; none where nothing can.
     */
    public static List<String> prefix(int processor) {
        Optional<Tool> taskset = Tool.find("taskset");
        if (taskset.isEmpty() || PROCESSORS <= processor) {
            return List.of();
        }
        return taskset.get().with("-c", Integer.toString(processor));
    }
}
