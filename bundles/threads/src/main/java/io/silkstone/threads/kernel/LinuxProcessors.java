package io.silkstone.threads.kernel;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Processors of Linux through sched_setaffinity, sched_setattr and setpriority. What the process
 * was allowed when this was made (by taskset, a cpuset or a container) stays the limit.
 *
 * <p>Index 0 is the last allowed processor: interrupts and the JVM's own threads gather on the
 * first ones, and the first core that the runtime holds should be quiet.
 */
@SuppressWarnings("restricted")
public final class LinuxProcessors implements Processors {
    /** Enough for 4,096 processors. */
    private static final int MASK_BYTES = 512;

    private static final Path TASKS = Path.of("/proc/self/task");
    private static final String VM_THREAD = "VM Thread";
    private static final int PRIO_PROCESS = 0;
    private static final int CALLING_THREAD = 0;
    private static final int NICE_MAX = 19;

    /**
     * How the names of threads begin that keep their place, in the 15 characters that the system
     * knows of a name: those of this bundle, and those that collect garbage.
     */
    private static final List<String> KEEP_THEIR_PLACE =
            List.of(
                    "silkstone-threa",
                    VM_THREAD,
                    "GC Thread",
                    "G1 ",
                    "ZDriver",
                    "ZDirector",
                    "ZWorker",
                    "Shenandoah");

    private final MethodHandle getAffinity;
    private final MethodHandle setAffinity;
    private final MethodHandle getThreadId;
    private final MethodHandle setPriority;
    private final MethodHandle getPriority;
    private final ShortTurns shortTurns;

    /** The nice value that the process was started with. */
    private final int niceAtStart;

    private final BitSet allowed;
    private final int[] processors;
    private final Set<Integer> pinned = ConcurrentHashMap.newKeySet();

    /** Processors that a core was ever pinned to: only these can be inherited from one. */
    private final Set<Integer> ours = ConcurrentHashMap.newKeySet();

    /** Threads that have been looked at; belongs to the caller of {@link #freeInheritors}. */
    private final Set<Integer> known = new HashSet<>();

    /** Threads that have stepped back; belongs to the caller of {@link #stepBack}. */
    private final Set<Integer> back = new HashSet<>();

    /**
     * Asks the system which processors are allowed.
     *
     * @throws UnsupportedOperationException when this is no Linux, or native access is refused; the
     *     message is a sentence for the operator
     */
    public LinuxProcessors() {
        if (!System.getProperty("os.name").equals("Linux")) {
            throw new UnsupportedOperationException("pinning is for Linux only");
        }
        try {
            getAffinity = affinityFunction("sched_getaffinity");
            setAffinity = affinityFunction("sched_setaffinity");
            getThreadId =
                    Linker.nativeLinker()
                            .downcallHandle(
                                    find("gettid"), FunctionDescriptor.of(ValueLayout.JAVA_INT));
            setPriority =
                    Linker.nativeLinker()
                            .downcallHandle(
                                    find("setpriority"),
                                    FunctionDescriptor.of(
                                            ValueLayout.JAVA_INT,
                                            ValueLayout.JAVA_INT,
                                            ValueLayout.JAVA_INT,
                                            ValueLayout.JAVA_INT));
            getPriority =
                    Linker.nativeLinker()
                            .downcallHandle(
                                    find("getpriority"),
                                    FunctionDescriptor.of(
                                            ValueLayout.JAVA_INT,
                                            ValueLayout.JAVA_INT,
                                            ValueLayout.JAVA_INT));
            shortTurns = new ShortTurns();
            allowed = affinityOf(0);
        } catch (IllegalCallerException e) {
            throw new UnsupportedOperationException(
                    "pinning needs --enable-native-access=ALL-UNNAMED", e);
        }
        if (allowed.isEmpty()) {
            throw new UnsupportedOperationException("the system does not tell its processors");
        }
        processors = allowed.stream().map(bit -> bit).toArray();
        known.addAll(threads());
        niceAtStart = niceAtStart();
    }

    private static MethodHandle affinityFunction(String name) {
        return Linker.nativeLinker()
                .downcallHandle(
                        find(name),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.ADDRESS));
    }

    static MemorySegment find(String name) {
        SymbolLookup library = Linker.nativeLinker().defaultLookup();
        return library.find(name)
                .orElseThrow(() -> new UnsupportedOperationException("the system has no " + name));
    }

    @Override
    public int count() {
        return processors.length;
    }

    @Override
    public int pin(int index) {
        int processor = processors[processors.length - 1 - index];
        BitSet one = new BitSet();
        one.set(processor);
        pinned.add(callingThread());
        ours.add(processor);
        if (!bind(0, one)) {
            forget();
            return NONE;
        }
        comeForward();
        shortTurns.ask(nice(CALLING_THREAD));
        return processor;
    }

    @Override
    public void freeInheritors() {
        if (processors.length == 1) {
            return;
        }
        Set<Integer> alive = threads();
        // The system uses the numbers of ended threads again.
        known.retainAll(alive);
        for (int thread : alive) {
            if (known.add(thread) && !pinned.contains(thread) && hasInherited(thread)) {
                bind(thread, allowed);
            }
        }
    }

    @Override
    public boolean stepBack(int nice) {
        comeForward();
        int wanted = Math.min(niceAtStart + nice, NICE_MAX);
        Set<Integer> alive = threads();
        back.retainAll(alive);
        for (int thread : alive) {
            boolean stays = pinned.contains(thread) || !back.add(thread) || keepsItsPlace(thread);
            if (!stays && nice(thread) < wanted) {
                setNice(thread, wanted);
            }
        }
        return nice(CALLING_THREAD) < wanted;
    }

    /** That of a thread that never steps back. */
    private int niceAtStart() {
        for (int thread : threads()) {
            if (nameOf(thread).startsWith(VM_THREAD)) {
                return nice(thread);
            }
        }
        return nice(CALLING_THREAD);
    }

    /**
     * The calling thread was started by one that has stepped back, when the runtime is started
     * again in the same process; only the privileged may undo that.
     */
    private void comeForward() {
        if (nice(CALLING_THREAD) > niceAtStart) {
            setNice(CALLING_THREAD, niceAtStart);
        }
    }

    private static boolean keepsItsPlace(int thread) {
        String name = nameOf(thread);
        return KEEP_THEIR_PLACE.stream().anyMatch(name::startsWith);
    }

    /** As far as the system knows it; empty for a thread that has ended. */
    private static String nameOf(int thread) {
        try {
            return Files.readString(TASKS.resolve(thread + "/comm"));
        } catch (IOException e) {
            return "";
        }
    }

    private int nice(int thread) {
        try {
            return (int) getPriority.invokeExact(PRIO_PROCESS, thread);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** A thread that has ended, or that the system does not let forward, stays as it is. */
    private void setNice(int thread, int nice) {
        try {
            int refused = (int) setPriority.invokeExact(PRIO_PROCESS, thread, nice);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private boolean hasInherited(int thread) {
        BitSet affinity = affinityOf(thread);
        return affinity.cardinality() == 1 && ours.contains(affinity.nextSetBit(0));
    }

    /** Every thread of the process; without /proc none, and inheritors stay: slower, not wrong. */
    private static Set<Integer> threads() {
        Set<Integer> threads = new HashSet<>();
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(TASKS)) {
            for (Path task : tasks) {
                threads.add(Integer.parseInt(task.getFileName().toString()));
            }
        } catch (IOException e) {
            return Set.of();
        }
        return threads;
    }

    @Override
    public void forget() {
        pinned.remove(callingThread());
    }

    /** Where the calling thread may run; for tests. */
    BitSet affinity() {
        return affinityOf(0);
    }

    private int callingThread() {
        try {
            return (int) getThreadId.invokeExact();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Where {@code thread} may run, empty when there is no such thread; 0 is the caller. */
    private BitSet affinityOf(int thread) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
            int bytes = (int) getAffinity.invokeExact(thread, (long) MASK_BYTES, mask);
            return bytes < 0 ? new BitSet() : BitSet.valueOf(mask.toArray(ValueLayout.JAVA_BYTE));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private boolean bind(int thread, BitSet where) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
            MemorySegment.copy(
                    where.toByteArray(),
                    0,
                    mask,
                    ValueLayout.JAVA_BYTE,
                    0,
                    where.toByteArray().length);
            return (int) setAffinity.invokeExact(thread, (long) MASK_BYTES, mask) == 0;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
