package io.silkstone.store.memory;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * Anonymous private memory straight from the kernel: address space now, pages when they are first
 * touched or {@link #populate}d. Linux and macOS.
 *
 * <p>The JDK's own allocators are no substitute: they clear what they give, and so touch the whole
 * pool at start.
 */
final class Mapping implements AutoCloseable {
    private static final boolean LINUX = System.getProperty("os.name").startsWith("Linux");
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_ANONYMOUS = LINUX ? 0x20 : 0x1000;
    private static final int MAP_NORESERVE = LINUX ? 0x4000 : 0x40;
    private static final int MADV_HUGEPAGE = 14;
    private static final int MADV_NOHUGEPAGE = 15;
    private static final int MADV_POPULATE_WRITE = 23;
    private static final long MAP_FAILED = -1;
    private static final long PAGE_BYTES = 4096;

    private static final MethodHandle MMAP =
            downcall(
                    "mmap",
                    FunctionDescriptor.of(
                            ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP =
            downcall("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle MADVISE =
            downcall("madvise", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    private final long mappedAddress;
    private final long mappedBytes;
    private final long address;
    private final long bytes;

    /**
     * Maps {@code bytes} of zeros.
     *
     * @param alignment power of two that the address is a multiple of
     * @throws IllegalStateException when the kernel refuses, with what to do about it
     */
    Mapping(long bytes, long alignment, HugePages hugePages) {
        this.bytes = bytes;
        mappedBytes = bytes + alignment;
        mappedAddress = map(mappedBytes);
        address = mappedAddress + alignment - 1 & -alignment;
        if (LINUX && hugePages != HugePages.AUTO) {
            advise(address, bytes, hugePages == HugePages.ON ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
        }
    }

    /** Where it begins. */
    long address() {
        return address;
    }

    /** Its length. */
    long bytes() {
        return bytes;
    }

    /** Backs a range with pages, so that nobody later waits for the kernel; keeps its contents. */
    void populate(long from, long length) {
        if (LINUX && advise(from, length, MADV_POPULATE_WRITE)) {
            return;
        }
        for (long page = from; page < from + length; page += PAGE_BYTES) {
            Memory.getAndAddLong(page, 0);
        }
    }

    @Override
    public void close() {
        try {
            int result =
                    (int) MUNMAP.invokeExact(MemorySegment.ofAddress(mappedAddress), mappedBytes);
            assert result == 0;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static long map(long length) {
        MemorySegment result;
        try {
            result =
                    (MemorySegment)
                            MMAP.invokeExact(
                                    MemorySegment.NULL,
                                    length,
                                    PROT_READ_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                                    -1,
                                    0L);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        if (result.address() == MAP_FAILED) {
            throw new IllegalStateException(
                    String.format(
                            "the kernel refused %d bytes of address space; lower memory.bytes or"
                                    + " raise the process's limit (ulimit -v)",
                            length));
        }
        return result.address();
    }

    private static boolean advise(long from, long length, int advice) {
        try {
            return (int) MADVISE.invokeExact(MemorySegment.ofAddress(from), length, advice) == 0;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle downcall(String name, FunctionDescriptor function) {
        Linker linker = Linker.nativeLinker();
        SymbolLookup lookup = linker.defaultLookup();
        return linker.downcallHandle(lookup.findOrThrow(name), function);
    }
}
