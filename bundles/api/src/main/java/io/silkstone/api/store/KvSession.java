package io.silkstone.api.store;

import io.silkstone.api.store.KvStore.Table;
import java.lang.foreign.MemorySegment;
import org.osgi.annotation.versioning.ProviderType;

/**
 * One thread's way into the store. Not thread-safe; a session may be handed from thread to thread
 * with the usual care. No method allocates or throws for what a client sent: the answer is the
 * {@link Status}. None blocks in the kernel, but where others keep it waiting for more than some
 * hundred microseconds, for memory or for a tablet, it sleeps a little at a time.
 *
 * <p><b>Batches.</b> Between {@link #enter} and {@link #exit} the memory of objects that were read
 * stays as it is, although writers and the cleaner go on. Enter once for a batch of operations:
 * entering costs a memory fence. Batches must be short (at most some milliseconds): while one
 * lasts, no memory is given back. Every operation needs to be inside a batch, except where it says
 * otherwise.
 *
 * <p><b>Results.</b> After {@link Status#OK} from an operation that says so, {@link #object} is a
 * view of the object, valid until the next operation or {@link #exit}.
 *
 * <p><b>Settled.</b> Where a store keeps its log on disk or on other machines, what a session reads
 * or writes is in memory first, and may be lost with the process for some moments more. Nobody else
 * may hear of it before it is settled: take {@link #unsettled} behind operations, and hold back
 * what was learned until {@link #isSettled} of it. {@link #settle} does both at once, and waits.
 *
 * <p><b>Exactly once.</b> A client whose answer was lost asks again, and must not change anything
 * twice. It names each of its changes by a number, and {@link #once} hands that to the store, which
 * records what became of the change together with it.
 */
@ProviderType
public interface KvSession extends AutoCloseable {
    /** How many requests of a lease may have a result that its client does not know yet. */
    int REQUESTS_MAX = 512;

    /** Begins a batch. Batches do not nest. */
    void enter();

    /** Ends a batch. Views are invalid from here on. */
    void exit();

    /** Whether a batch is under way. */
    boolean entered();

    /**
     * Brings what the first {@code count} of {@code keys} lead to towards the processor, whose
     * cache misses then overlap. First pass over a pipeline of requests; the operations follow.
     */
    void prefetch(Table table, Key[] keys, int count);

    /**
     * Looks {@code key} up.
     *
     * @return OK with {@link #object} the object; NOT_FOUND (also when it has expired);
     *     NO_SUCH_TABLE; NOT_OWNER; RETRY_LATER
     */
    Status read(Table table, Key key);

    /**
     * Looks the first {@code count} of {@code keys} up, in their order, and shows each to {@code
     * visitor}. Cheaper than one {@link #read} after the other, since cache misses overlap; but as
     * with those, each key is read by itself, and others may write in between.
     */
    void readAll(Table table, Key[] keys, int count, ReadVisitor visitor);

    /**
     * Writes {@code length} bytes of {@code value} from {@code offset} on under {@code key}. With
     * {@link WriteOptions#returnPrevious} {@link #object} is the object before, where there was one
     * ({@link #hadPrevious}).
     *
     * <p>A time of expiry that is over already makes this a removal, of nothing if there is no
     * object: {@link #version} is the removed version then, 0 for none.
     *
     * @return OK with {@link #version} the new version; NOT_FOUND, EXISTS, WRONG_VERSION or
     *     OLD_VERSION when a reject rule held, with {@link #version} the present version and, if
     *     asked for, {@link #object} the present object; TOO_LARGE; OUT_OF_MEMORY; NO_SUCH_TABLE;
     *     NOT_OWNER; RETRY_LATER
     */
    Status write(
            Table table,
            Key key,
            MemorySegment value,
            long offset,
            int length,
            WriteOptions options);

    /**
     * Removes {@code key}. Reject rules and {@link WriteOptions#returnPrevious} as with {@link
     * #write}; so {@link WriteOptions#rejectIfExists()} makes it remove nothing.
     *
     * @return OK with {@link #version} the removed version; NOT_FOUND where there is no object;
     *     EXISTS, WRONG_VERSION or OLD_VERSION when a reject rule held; OUT_OF_MEMORY;
     *     NO_SUCH_TABLE; NOT_OWNER; RETRY_LATER
     */
    Status remove(Table table, Key key, WriteOptions options);

    /**
     * Adds {@code delta} to the decimal 64-bit number stored under {@code key}, 0 where there is
     * none. The expiry stays as it is unless the options set it.
     *
     * @return OK with {@link #number} the sum; NOT_A_NUMBER; OVERFLOW; otherwise as {@link #write}
     */
    Status increment(Table table, Key key, long delta, WriteOptions options);

    /**
     * Changes only the time of expiry, to what {@code options} say; the version grows.
     *
     * @return as {@link #write}; NOT_FOUND where there is no object
     */
    Status expire(Table table, Key key, WriteOptions options);

    /**
     * Makes all changes of {@code batch}, or none: a reject rule that holds, a key or value that is
     * too long and a lack of memory leave everything as it was, in memory and in the log. For
     * others it is one step, as {@link #lockTablet} has it; all keys must lie in one tablet, which
     * this method locks itself unless the session holds it.
     *
     * <p>Every rule is judged by what was there before the batch, and a key that comes several
     * times is changed once, as the last of its changes says. See {@link WriteBatch}, which holds
     * the result of each change afterwards.
     *
     * @return OK; the status of the first change that was refused, {@link WriteBatch#refused};
     *     TOO_LARGE also when all changes together are more than a segment of the log takes;
     *     SEVERAL_TABLETS; OUT_OF_MEMORY; NO_SUCH_TABLE; NOT_OWNER; RETRY_LATER
     */
    Status writeAll(Table table, WriteBatch batch);

    /**
     * Makes the next change of this session, be it by {@link #write}, {@link #remove}, {@link
     * #increment}, {@link #expire} or {@link #writeAll}, one that happens once however often it is
     * asked for, here or by other sessions:
     *
     * <ul>
     *   <li>a request that is new is done, and its result is recorded in the same append of the log
     *       as the change itself, refusals such as EXISTS and TOO_LARGE included;
     *   <li>a request whose result is recorded changes nothing and has that result again: status,
     *       {@link #version}, {@link #number}, the previous object if it was asked for, what the
     *       {@link WriteBatch} held;
     *   <li>a request that another session is at is answered RETRY_LATER;
     *   <li>a request below {@code firstUnanswered}, of this call or any before, is answered
     *       STALE_REQUEST: the client has its result, and the store has forgotten it.
     * </ul>
     *
     * <p>RETRY_LATER, OUT_OF_MEMORY, NOT_OWNER, NO_SUCH_TABLE and SEVERAL_TABLETS are no results:
     * nothing was changed or recorded, and the request runs anew when it comes again. So it is with
     * a change that throws.
     *
     * <p>Requests from {@code firstUnanswered} plus {@link #REQUESTS_MAX} on are answered
     * RETRY_LATER: the client must learn the results of older ones first. A result takes 56 bytes
     * of the log and the previous object's own, until it is forgotten; with the change it must fit
     * a segment of the log, or the answer is TOO_LARGE. It belongs where the key does: {@link
     * #clear} keeps it, and it goes with the tablet or the table.
     *
     * <p>Once per change, before it; the next call replaces it. Costs some ten nanoseconds more
     * than the record does. Allocates when it meets a lease for the first time, or more of its
     * requests at once than ever before.
     *
     * @param lease whose numbers these are: a client, as the coordinator knows it. The caller
     *     answers for it that the lease has not ended: results of ended ones are forgotten
     * @param request the number of this change, from 1
     * @param firstUnanswered the lowest number whose result the client does not have yet
     * @param epoch of the key's tablet as the client knows it: where this store has it in a later
     *     one the answer is NOT_OWNER, unless the result is recorded, for the tablet may have been
     *     another server's in between, and the change made there. 0 for any
     */
    void once(long lease, long request, long firstUnanswered, long epoch);

    /**
     * Visits some objects of {@code table}: those of this server's tablets, or of all servers'
     * where the store is a whole cluster. Objects that are there during a whole scan from cursor 0
     * to cursor 0 are visited at least once, whatever is written meanwhile, and in a cluster
     * wherever tablets move and are split; expired ones are not visited. What a server that is down
     * had is not there.
     *
     * <p>Nothing is remembered of a scan but its cursor, which may be used in another session, and
     * again. In a cluster it stays where it is, and 0 becomes another one that means the same, when
     * a server that is up did not answer in time: nothing was visited then.
     *
     * @param cursor 0 to begin, then what the call before returned
     * @param count about how many objects to visit in this call, at least 1
     * @return the next cursor, 0 at the end
     */
    long scan(Table table, long cursor, int count, ObjectVisitor visitor);

    /**
     * Picks an object of {@code table}, each with about the same chance.
     *
     * @return OK with {@link #object}; NOT_FOUND when the table is empty; NO_SUCH_TABLE
     */
    Status random(Table table);

    /**
     * Removes all objects of {@code table}; takes milliseconds whatever the number. Not in a batch.
     *
     * @return OK; NO_SUCH_TABLE; NOT_OWNER; RETRY_LATER when others did not leave the table for
     *     seconds
     */
    Status clear(Table table);

    /**
     * Waits until no other session works on the tablet of {@code keyHash}, and keeps them out until
     * {@link #unlockTablet}: what this session does on that tablet meanwhile is one atomic step for
     * all others that ask for its keys. Others wait; keep it under a few milliseconds. One tablet
     * at a time, inside one batch.
     *
     * <p>{@link #scan} and {@link #random} ask for no key: they do not wait, and may show a state
     * in between. A session that holds a tablet does not wait for another holder: what it asks of
     * that one's tablet is answered RETRY_LATER at once, and it should unlock before it tries
     * again.
     *
     * @return OK; NO_SUCH_TABLE; NOT_OWNER; RETRY_LATER when the lock was not had within a second
     */
    Status lockTablet(Table table, long keyHash);

    /** Lets the other sessions on again. */
    void unlockTablet();

    /** The object of the last operation. */
    ObjectView object();

    /** Whether {@link #object} is the object that was there before the last write or removal. */
    boolean hadPrevious();

    /** The version that the last operation gave, removed, or met; 0 for none. */
    long version();

    /** The sum of the last {@link #increment}. */
    long number();

    /**
     * A mark for all that this session has read, changed or found missing since the last call.
     * Inside a batch or not; costs nothing.
     *
     * @return 0 when all of it is settled, as always where a store keeps nothing outside memory
     */
    default long unsettled() {
        return 0;
    }

    /**
     * Whether what has this mark may be told on: it will survive whatever the store was set to
     * survive. A mark that is settled stays so, and so are all lower ones. Threads: any, for marks
     * from any session of the store.
     */
    default boolean isSettled(long mark) {
        return true;
    }

    /**
     * Has {@code wakeUp} called once when {@code mark}, of any session of the store, is settled,
     * and at once if it is: for those who have nothing else to do until then. Takes the place of
     * this session's call before, though that may come at the same moment.
     *
     * @param wakeUp called by any thread; it may come too early, must not wait, and must not throw
     * @return false when the store wakes nobody, so that {@link #isSettled} has to be asked again
     */
    default boolean wakeWhenSettled(long mark, Runnable wakeUp) {
        return false;
    }

    /**
     * Waits until all that this session has read, changed or found missing is settled. Outside a
     * batch.
     *
     * @return OK; or UNKNOWN when that took longer than some seconds, since a disk or a server
     *     fails: changes may be lost, or not, and what was read may never have been
     */
    default Status settle() {
        return Status.OK;
    }

    /** Ends the session. */
    @Override
    void close();
}
