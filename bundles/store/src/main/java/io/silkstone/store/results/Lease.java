package io.silkstone.store.results;

import io.silkstone.api.store.KvSession;
import io.silkstone.store.log.Log;
import io.silkstone.store.log.Result;
import io.silkstone.store.memory.Backoff;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.function.LongPredicate;

/**
 * The requests of one client that it may still ask again: RIFL's table of unacknowledged results
 * (SOSP'15, section 4), for one lease.
 *
 * <p>A request passes through three states. {@link #begin} makes it <b>under way</b>, so that a
 * repetition has to wait. {@link #record} refers to the result that is about to be committed, while
 * the request stays under way: from here on the cleaner may move the result, but nobody is told of
 * it, for the change may not be visible yet. {@link #end} makes it <b>done</b>, or forgets it when
 * no result was recorded. Done requests are forgotten by their numbers, when the client says that
 * it has the answers of all lower ones; then their results in the log are dead.
 *
 * <p>RIFL keeps a linked list of results for each client. Here a request's place follows from its
 * number, in a window that grows from 16 to {@link KvSession#REQUESTS_MAX} places, so that a
 * request allocates nothing. One that is under way keeps its place even when its number has been
 * passed: its client gave up on it. Whoever needs that place comes again later.
 *
 * <p>Threads: any, inside an epoch. All is done under a lock that is held for some dozen
 * instructions, or as many as there are results to forget; whoever holds it waits for nothing. It
 * may be taken under the lock of a line of a hash table.
 */
public final class Lease {
    /** From {@link #begin}: the request is under way now, by the caller. */
    public static final long BEGUN = 0;

    /** From {@link #begin}: the client has the answer already. */
    public static final long STALE = -1;

    /** From {@link #begin}: another caller is at it, or the window is full. */
    public static final long BUSY = -2;

    /** From {@link #begin}: the lease was forgotten; look it up anew. */
    public static final long FORGOTTEN = -3;

    private static final int PLACES_FIRST = 16;
    private static final long FREE = 0;

    /** Set beside the address, which is a multiple of eight, while the request is under way. */
    private static final long UNDER_WAY = 1;

    private static final VarHandle LOCK;

    static {
        try {
            LOCK =
                    MethodHandles.lookup()
                            .findVarHandle(Lease.class, "lock", int.class)
                            .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long id;
    private final Log log;
    private final Backoff backoff;

    @SuppressWarnings("unused") // by LOCK
    private int lock;

    /** Written under the lock. */
    private volatile boolean forgotten;

    // What follows is guarded by the lock.

    /** The lowest request that may be asked again. */
    private long first;

    /** Which request has a place that is not free. */
    private long[] requests = new long[PLACES_FIRST];

    private long[] results = new long[PLACES_FIRST];

    Lease(long id, Log log, Backoff backoff) {
        this.id = id;
        this.log = log;
        this.backoff = backoff;
    }

    /** The coordinator's number of it. */
    public long id() {
        return id;
    }

    /** Whether {@link #forget} was called. */
    boolean isForgotten() {
        return forgotten;
    }

    /**
     * Begins a request, and forgets those below {@code firstUnanswered}.
     *
     * @return {@link #BEGUN}, to be followed by {@link #end}; {@link #STALE}, {@link #BUSY}, {@link
     *     #FORGOTTEN}; or the address of the request's result
     */
    public long begin(long request, long firstUnanswered) {
        lock();
        try {
            if (forgotten) {
                return FORGOTTEN;
            }
            advance(firstUnanswered);
            if (request < first) {
                return STALE;
            }
            if (request - first >= KvSession.REQUESTS_MAX) {
                return BUSY;
            }
            reach(request);
            int place = placeOf(request);
            long result = results[place];
            if (result == FREE) {
                requests[place] = request;
                results[place] = UNDER_WAY;
                return BEGUN;
            }
            boolean done = (result & UNDER_WAY) == 0;
            assert !done || requests[place] == request;
            return done ? result : BUSY;
        } finally {
            unlock();
        }
    }

    /** The result of a request under way is about to be committed at {@code entry}. */
    public void record(long request, long entry) {
        lock();
        int place = placeOf(request);
        assert requests[place] == request && results[place] == UNDER_WAY;
        results[place] = entry | UNDER_WAY;
        unlock();
    }

    /** A request is under way no longer: it is done if its result was recorded. */
    public void end(long request) {
        lock();
        int place = placeOf(request);
        long result = results[place] & ~UNDER_WAY;
        assert requests[place] == request && results[place] != result;
        results[place] = result;
        if (result != FREE && (forgotten || request < first)) {
            drop(place);
        }
        unlock();
    }

    /**
     * The request that {@code entry} is the result of was done in another log, and is known here
     * from now on.
     *
     * @return false when it is known already, or its client has asked for so much since that it
     *     must have the answer
     */
    boolean adopt(long entry) {
        long request = Result.request(entry);
        lock();
        try {
            advance(request - KvSession.REQUESTS_MAX + 1);
            if (forgotten || request < first) {
                return false;
            }
            reach(request);
            int place = placeOf(request);
            boolean isNew = results[place] == FREE;
            if (isNew) {
                requests[place] = request;
                results[place] = entry;
            }
            return isNew;
        } finally {
            unlock();
        }
    }

    /** The cleaner has copied the result at {@code entry}; false when nobody wants it any more. */
    boolean move(long entry, long copy) {
        long request = Result.request(entry);
        lock();
        int place = placeOf(request);
        long flag = results[place] & UNDER_WAY;
        boolean wanted = requests[place] == request && results[place] == (entry | flag);
        if (wanted) {
            results[place] = copy | flag;
        }
        unlock();
        return wanted;
    }

    /** Forgets all requests; one under way will be when it ends. */
    void forget() {
        dropIf(entry -> true, true);
    }

    /** Forgets the requests that are done and whose results {@code unwanted} holds of. */
    public void dropIf(LongPredicate unwanted) {
        dropIf(unwanted, false);
    }

    private void dropIf(LongPredicate unwanted, boolean all) {
        lock();
        forgotten |= all;
        for (int place = 0; place < results.length; place++) {
            if (isDone(place) && unwanted.test(results[place])) {
                drop(place);
            }
        }
        unlock();
    }

    /** The results of requests that are done and not forgotten, in no order. */
    public long[] results() {
        lock();
        long[] all = new long[results.length];
        int count = 0;
        for (int place = 0; place < results.length; place++) {
            if (isDone(place)) {
                all[count++] = results[place];
            }
        }
        unlock();
        return Arrays.copyOf(all, count);
    }

    /** How many requests are done and not forgotten. */
    public int resultCount() {
        lock();
        int count = 0;
        for (int place = 0; place < results.length; place++) {
            count += isDone(place) ? 1 : 0;
        }
        unlock();
        return count;
    }

    private void advance(long firstUnanswered) {
        if (firstUnanswered <= first) {
            return;
        }
        long passed = Math.min(firstUnanswered - first, results.length);
        for (long number = 0; number < passed; number++) {
            int place = placeOf(first + number);
            if (isDone(place) && requests[place] < firstUnanswered) {
                drop(place);
            }
        }
        first = firstUnanswered;
    }

    /** Lengthens the window up to {@code request}. */
    private void reach(long request) {
        int places = results.length;
        while (request - first >= places) {
            places *= 2;
        }
        if (places == results.length) {
            return;
        }
        long[] before = results;
        long[] requestsBefore = requests;
        results = new long[places];
        requests = Arrays.copyOf(requestsBefore, places);
        for (int place = 0; place < before.length; place++) {
            // Two that had places of their own have so in a longer window.
            int target = placeOf(requestsBefore[place]);
            if (before[place] != FREE) {
                results[target] = before[place];
                requests[target] = requestsBefore[place];
            }
        }
    }

    private boolean isDone(int place) {
        return results[place] != FREE && (results[place] & UNDER_WAY) == 0;
    }

    private void drop(int place) {
        log.entryDied(results[place]);
        results[place] = FREE;
    }

    private int placeOf(long request) {
        return (int) request & results.length - 1;
    }

    private void lock() {
        for (int attempt = 0; !(boolean) LOCK.compareAndSet(this, 0, 1); attempt++) {
            backoff.idle(attempt);
        }
    }

    private void unlock() {
        LOCK.setRelease(this, 0);
    }
}
