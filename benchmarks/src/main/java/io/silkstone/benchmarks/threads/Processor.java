package io.silkstone.benchmarks.threads;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/** On which processor the caller runs. */
final class Processor {
    private static final MethodHandle GET = handle();

    private Processor() {}

    /** The processor's number; -1 where the system does not tell. */
    static int current() {
        if (GET == null) {
            return -1;
        }
        try {
            return (int) GET.invokeExact();
        } catch (Throwable e) {
            throw new AssertionError("sched_getcpu takes no arguments", e);
        }
    }

    @SuppressWarnings("restricted") // one call of the C library
    private static MethodHandle handle() {
        Linker linker = Linker.nativeLinker();
        return linker.defaultLookup()
                .find("sched_getcpu")
                .map(
                        symbol ->
                                linker.downcallHandle(
                                        symbol,
                                        FunctionDescriptor.of(JAVA_INT),
                                        Linker.Option.critical(false)))
                .orElse(null);
    }
}
