package io.silkstone.transport.aeron;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/** Asks the kernel itself for a process: a file in /proc may be hidden, or not be opened. */
final class Signals {
    /** There is no such process. */
    private static final int ESRCH = 3;

    private Signals() {}

    /** Loaded when it is asked for first, for not everybody may call the system. */
    @SuppressWarnings("restricted")
    private static final class Kernel {
        static final StructLayout STATE = Linker.Option.captureStateLayout();
        static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));
        static final MethodHandle KILL =
                Linker.nativeLinker()
                        .downcallHandle(
                                Linker.nativeLinker().defaultLookup().find("kill").orElseThrow(),
                                FunctionDescriptor.of(
                                        ValueLayout.JAVA_INT,
                                        ValueLayout.JAVA_INT,
                                        ValueLayout.JAVA_INT),
                                Linker.Option.captureCallState("errno"));
    }

    /** Whether the kernel says that no process has this number; false when it says nothing. */
    static boolean isNobody(long pid) {
        if (pid <= 0 || pid > Integer.MAX_VALUE) {
            return false;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Kernel.STATE);
            int failed = (int) Kernel.KILL.invokeExact(state, (int) pid, 0);
            return failed != 0 && (int) Kernel.ERRNO.get(state, 0L) == ESRCH;
        } catch (LinkageError | RuntimeException mayNotCall) {
            return false;
        } catch (Throwable e) {
            throw new AssertionError("kill takes these arguments", e);
        }
    }
}
