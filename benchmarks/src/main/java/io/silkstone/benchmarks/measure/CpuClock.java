package io.silkstone.benchmarks.measure;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.time.Duration;
import java.util.OptionalLong;

/**
 * The CPU time of another process, to the nanosecond: clock_getcpuclockid(3). What {@code
 * /proc/PID/stat} has, and so the JDK, is in ticks of 10 ms, which is some percent of a short
 * measurement; the sum of {@code /proc/PID/task/*}{@code /schedstat} lacks the threads that have
 * ended.
 */
public final class CpuClock {
    private static final int TIMESPEC_BYTES = 16;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private CpuClock() {}

    /**
     * CPU time that process {@code pid} has used so far, of all threads that it has and had, in
     * nanoseconds; in ticks where the machine is no Linux; nothing when it has ended.
     */
    public static OptionalLong nanos(long pid) {
        if (System.getProperty("os.name").equals("Linux")) {
            return read(pid);
        }
        return ProcessHandle.of(pid)
                .flatMap(process -> process.info().totalCpuDuration())
                .map(Duration::toNanos)
                .map(OptionalLong::of)
                .orElse(OptionalLong.empty());
    }

    @SuppressWarnings("restricted") // two calls of the C library
    private static OptionalLong read(long pid) {
        Linker linker = Linker.nativeLinker();
        MethodHandle find = call(linker, "clock_getcpuclockid");
        MethodHandle read = call(linker, "clock_gettime");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment clock = arena.allocate(JAVA_INT);
            MemorySegment time = arena.allocate(TIMESPEC_BYTES, Long.BYTES);
            if ((int) find.invokeExact((int) pid, clock) != 0
                    || (int) read.invokeExact(clock.get(JAVA_INT, 0), time) != 0) {
                return OptionalLong.empty();
            }
            long seconds = time.getAtIndex(JAVA_LONG, 0);
            return OptionalLong.of(seconds * NANOS_PER_SECOND + time.getAtIndex(JAVA_LONG, 1));
        } catch (Throwable e) {
            throw new AssertionError("the clocks take these arguments", e);
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle call(Linker linker, String name) {
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
    }
}
