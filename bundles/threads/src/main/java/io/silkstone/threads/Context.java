package io.silkstone.threads;

import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.threads.ThreadTask;
import io.silkstone.threads.sync.Waiter;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Keeps a context's hot words off its neighbour's cache lines. */
abstract class ContextPadding {
    long p00, p01, p02, p03, p04, p05, p06, p07, p08, p09, p10, p11, p12, p13, p14, p15;
}

/** What a creator writes and the core reads: one cache line. */
abstract class ContextWords extends ContextPadding {
    volatile long wakeup;
    long a;
    long b;
    volatile long generation = 1;
    ThreadTask task;
}

/**
 * Where one user thread lives from its creation to its end. Instead of run queues each context has
 * a wake-up word that its core reads as it scans (Arachne, section 4.1): making a thread runnable
 * is one store into its own cache line, whoever does it.
 *
 * <table>
 *   <caption>The wake-up word</caption>
 *   <tr><td>0</td><td>runnable</td></tr>
 *   <tr><td>{@link #BLOCKED}</td><td>waits for a signal, or runs at this moment</td></tr>
 *   <tr><td>{@link #UNOCCUPIED}</td><td>nobody lives here, or is not ready to run yet</td></tr>
 *   <tr><td>else</td><td>sleeps until this time, or a signal</td></tr>
 * </table>
 *
 * <p>A signal that arrives while its thread runs turns the word to 0, and the next block consumes
 * it. Consuming must be a volatile store: the thread looks at its condition next, and must see what
 * a signaller wrote that found the word at 0 and so did nothing.
 *
 * <p>The generation counts the threads that lived here; with the context's number it makes the
 * thread identifier, so a signal or join that comes late is recognised. Contexts change places
 * between cores when threads migrate, hence a thread keeps its identifier.
 */
final class Context extends ContextWords {
    static final long RUNNABLE = 0;
    static final long BLOCKED = Long.MAX_VALUE;
    static final long UNOCCUPIED = Long.MAX_VALUE - 1;

    /** Bits of an identifier that number the context; the others are its generation. */
    private static final int NUMBER_BITS = 14;

    private static final VarHandle WAKEUP;
    private static final VarHandle GENERATION;
    private static final VarHandle JOINERS;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            WAKEUP = lookup.findVarHandle(ContextWords.class, "wakeup", long.class);
            GENERATION = lookup.findVarHandle(ContextWords.class, "generation", long.class);
            JOINERS = lookup.findVarHandle(Context.class, "joiners", Waiter.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    long q00, q01, q02, q03, q04, q05, q06, q07, q08, q09, q10, q11, q12, q13, q14, q15;

    final int number;
    volatile Core core;
    int slot;
    int threadClass;

    /** The worker whose stack the thread has begun to use, null before it runs at all. */
    Worker worker;

    /** Its worker waits inside the JDK: the wake-up word says nothing until it comes back. */
    boolean waitsInJdk;

    private volatile Waiter joiners;

    Context(int number) {
        this.number = number;
        wakeup = UNOCCUPIED;
    }

    static int numberOf(long thread) {
        return (int) thread & (1 << NUMBER_BITS) - 1;
    }

    /** The identifier of the thread that lives here now. */
    long thread() {
        return generation << NUMBER_BITS | number;
    }

    boolean holds(long thread) {
        return generation == thread >>> NUMBER_BITS;
    }

    /** The creator, who has claimed the context, moves the thread in; it can run from here on. */
    long publish(int newClass, ThreadTask newTask, long newA, long newB) {
        long thread = prepare(newClass, newTask, newA, newB);
        wakeup = RUNNABLE;
        return thread;
    }

    /** As {@link #publish}, but the thread waits for {@link #wakeup} to become 0. */
    long prepare(int newClass, ThreadTask newTask, long newA, long newB) {
        // Most threads run the task of the one before: no store, no garbage collector's barrier.
        if (task != newTask) {
            task = newTask;
        }
        if (threadClass != newClass) {
            threadClass = newClass;
        }
        a = newA;
        b = newB;
        return thread();
    }

    /**
     * Makes the thread runnable; anyone may call it.
     *
     * @return whether this call did it, so that the core must be woken
     */
    boolean signal(long thread) {
        while (holds(thread)) {
            long now = wakeup;
            if (now == RUNNABLE || now == UNOCCUPIED) {
                return false;
            }
            if (WAKEUP.compareAndSet(this, now, RUNNABLE)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the thread may run at {@code now}, as far as the wake-up word goes. */
    boolean isDue(long now) {
        long word = wakeup;
        return word == RUNNABLE || word < UNOCCUPIED && word <= now;
    }

    /** The core takes note of the wake-up: the fence of trap (b). */
    void consume() {
        wakeup = BLOCKED;
    }

    /** The running thread goes to sleep until {@code deadline}, unless a signal came before. */
    boolean sleepUntil(long deadline) {
        return WAKEUP.compareAndSet(this, BLOCKED, deadline);
    }

    /**
     * The thread has ended: whoever joined it is woken, late signals find another generation. The
     * caller gives the context back to its core afterwards.
     */
    void end() {
        worker = null;
        // The full fence between this store and the look at the joiners pairs with a joiner that
        // pushes itself and then looks at the generation.
        GENERATION.setVolatile(this, generation + 1 & -1L >>> NUMBER_BITS);
        if (joiners != null) {
            Waiter first = (Waiter) JOINERS.getAndSet(this, null);
            while (first != null) {
                Waiter next = first.next;
                first.grant();
                first = next;
            }
        }
        WAKEUP.setOpaque(this, UNOCCUPIED);
    }

    /**
     * Waits until {@code thread} has ended. A finisher takes all waiters that it finds, those for a
     * later thread of this context too if they come between its two steps; so a waiter that was
     * taken looks at the generation and queues again.
     */
    void join(long thread, ThreadRuntime runtime) {
        while (holds(thread)) {
            Waiter me = Waiter.forCaller(runtime);
            Waiter first;
            do {
                first = joiners;
                me.next = first;
            } while (!JOINERS.compareAndSet(this, first, me));
            while (holds(thread) && !me.isGranted()) {
                me.pause();
            }
            me.end();
        }
    }

    /** Whether some thread waits for this one's end; for tests. */
    boolean isJoined() {
        return joiners != null;
    }

    @Override
    public String toString() {
        return "context " + number + " of " + ThreadRuntime.class.getSimpleName();
    }
}
