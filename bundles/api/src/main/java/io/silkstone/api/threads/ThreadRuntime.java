package io.silkstone.api.threads;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/**
 * User threads that know their cores: creating one costs a few hundred nanoseconds even on another
 * core, and blocking one never blocks its core (Arachne, OSDI'18, sections 3 and 4).
 *
 * <p>A core is a kernel thread that the runtime pins to one processor. Each core has 56 thread
 * contexts; a thread occupies one from {@link #create} until its task returns. Threads are
 * scheduled cooperatively: a task runs until it blocks, yields or returns. Ordinary blocking calls
 * of the JDK (sleep, locks, {@code synchronized}, sockets) block only the calling thread; native
 * calls and file I/O block its core.
 *
 * <p>Thread identifiers are opaque longs, never 0, and are not reused before 2^50 threads have run
 * in one context. Every method may be called from any thread unless it says otherwise.
 */
@ProviderType
public interface ThreadRuntime {
    /** Thread class of requests and ordinary work: placed by power of two choices. */
    int NORMAL = 0;

    /** Thread class of a thread that wants a core for itself, such as a dispatcher. */
    int EXCLUSIVE = 1;

    /** Returned by {@link #create} when no context is free: shed load or retry later. */
    long NONE = 0;

    /**
     * Starts {@code task(a, b)} in a new thread of the given class. Allocates nothing when {@code
     * task} is a shared object; the two words travel in the context's own cache line.
     *
     * @return the thread's identifier, or {@link #NONE} when the chosen cores have no free context
     * @throws IllegalStateException after the runtime was closed
     */
    long create(int threadClass, ThreadTask task, long a, long b);

    /**
     * Starts {@code task} in a new thread; otherwise as {@link #create(int, ThreadTask, long,
     * long)}.
     */
    long create(int threadClass, Runnable task);

    /** The calling user thread, or {@link #NONE} when the caller is not one. */
    long self();

    /** Lets other runnable threads of this core run first. Outside a user thread: Thread.yield. */
    void yield();

    /** Blocks the calling thread for at least {@code nanos}; a {@link #signal} may end it early. */
    void sleep(long nanos);

    /**
     * Blocks the calling user thread until {@link #signal}; a signal that came while it ran is
     * consumed. One that comes while the thread is already runnable (created or yielding, and not
     * running yet) is spent with that run, a yield may spend one that came before it, and a block
     * may end without one: wait for a condition, in a loop. The thread sees everything that was
     * written before the signal.
     */
    void block();

    /** Makes {@code thread} runnable. Signals to a thread that has ended are ignored. */
    void signal(long thread);

    /** Blocks the caller, a user thread or not, until {@code thread} has ended. */
    void join(long thread);

    /** A mutual-exclusion lock, not re-entrant, first come first served. */
    Mutex newMutex();

    /** A counting semaphore with {@code permits} permits. */
    Semaphore newSemaphore(int permits);

    /**
     * Gives every core, now and in future, a poller of its own. The core calls it between scans of
     * its thread contexts, in one and the same user thread for the poller's whole life, and lets it
     * wait for the core when nothing is runnable. Close the result to remove the pollers again; it
     * returns when none of them runs any more.
     */
    AutoCloseable attach(CorePollerFactory pollers);

    /** What the cores did of late, one row a core that the runtime holds or could hold. */
    List<CoreStatus> cores();

    /** The newest sample that the core policy was shown. */
    LoadSample load();

    /** The occupied contexts, at most a few thousand rows: for people, not for programs. */
    List<ThreadStatus> threads();

    /**
     * How threads are run: {@code virtual}, {@code run-to-completion} or {@code simulated}, and
     * why.
     */
    String mode();
}
