package io.silkstone.threads.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Map;

/**
 * Asks Linux for short turns, since version 6.12 a property of a thread: its fair share stays what
 * it is, but it comes in small pieces, and who asks for less at a time is preferred when it wakes
 * up. Older systems and unknown machines change nothing.
 */
@SuppressWarnings("restricted")
final class ShortTurns {
    /** The shortest that the system allows. */
    private static final long TURN_NANOS = 100_000;

    private static final int ORDINARY = 0;
    private static final int CALLING_THREAD = 0;

    /** The C library has no function for sched_setattr yet; its number depends on the machine. */
    private static final Map<String, Long> SCHED_SETATTR = Map.of("amd64", 314L, "aarch64", 274L);

    /** Size and places of the fields that matter in Linux's struct sched_attr, in bytes. */
    private static final int ATTR_BYTES = 48;

    private static final int ATTR_SIZE = 0;
    private static final int ATTR_NICE = 16;
    private static final int ATTR_RUNTIME = 24;

    private final Long call = SCHED_SETATTR.get(System.getProperty("os.arch"));
    private final MethodHandle syscall;
    private final MethodHandle getScheduler;

    ShortTurns() {
        Linker linker = Linker.nativeLinker();
        syscall =
                linker.downcallHandle(
                        LinuxProcessors.find("syscall"),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.ADDRESS,
                                ValueLayout.JAVA_LONG),
                        Linker.Option.firstVariadicArg(1));
        getScheduler =
                linker.downcallHandle(
                        LinuxProcessors.find("sched_getscheduler"),
                        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    }

    /**
     * For the calling thread. One that somebody has given another class of scheduling keeps it.
     *
     * @param nice the calling thread's nice value, which stays as it is
     */
    void ask(int nice) {
        if (call == null) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            if ((int) getScheduler.invokeExact(CALLING_THREAD) != ORDINARY) {
                return;
            }
            MemorySegment attr = arena.allocate(ATTR_BYTES, Long.BYTES);
            attr.set(ValueLayout.JAVA_INT, ATTR_SIZE, ATTR_BYTES);
            attr.set(ValueLayout.JAVA_INT, ATTR_NICE, nice);
            attr.set(ValueLayout.JAVA_LONG, ATTR_RUNTIME, TURN_NANOS);
            // A system that does not know or does not allow this leaves the thread as it was.
            long ignored = (long) syscall.invokeExact((long) call, (long) CALLING_THREAD, attr, 0L);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
