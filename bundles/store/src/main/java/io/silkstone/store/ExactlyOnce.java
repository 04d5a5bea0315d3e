package io.silkstone.store;

import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Result;
import io.silkstone.store.results.Lease;
import io.silkstone.store.results.Leases;
import java.util.Arrays;

/**
 * One session's change that is to happen exactly once, after RIFL (Lee et al., SOSP 2015).
 *
 * <p>RIFL keeps, for each remote call that a client may repeat, a completion record, made durable
 * together with what the call did; whoever meets the call again answers from the record. Here that
 * record is an entry of type {@link Entry#RESULT} in the same claim of the log as the change:
 *
 * <ol>
 *   <li>{@link #begin}: the request is new, and under way from now on; or it is not, and that is
 *       the answer.
 *   <li>The session judges the change, and claims room for its entries and {@link #room} more.
 *   <li>{@link #record}: the result is written and committed behind entries that are not committed
 *       yet; so whoever reads the log meets the change and its result, or neither. The request
 *       stays under way: a repetition must not hear of a change that readers do not see yet.
 *   <li>The session commits the other entries, the first of the claim last, and hooks them in.
 *   <li>{@link #end}: the request is done.
 * </ol>
 *
 * <p>What RIFL leaves to its users is decided so: a refusal is a result, for a repetition that
 * comes late must not be applied after the client was told EXISTS; that there was no memory, or
 * that this is not the owner, is none, for the client is to ask again.
 *
 * <p>Not thread-safe, as its session.
 */
final class ExactlyOnce {
    /** Part of the layout of results: add at the end, change nothing. */
    private static final Status[] ENDED = {
        Status.OK,
        Status.NOT_FOUND,
        Status.EXISTS,
        Status.WRONG_VERSION,
        Status.OLD_VERSION,
        Status.NOT_A_NUMBER,
        Status.OVERFLOW,
        Status.TOO_LARGE,
        Status.ABANDONED
    };

    private static final byte[] CODES = codes();
    private static final int NO_RESULT = -1;

    private final Leases leases;
    private final EntryWriter writer;

    private long leaseId;
    private long request;
    private long firstUnanswered;
    private long epoch;
    private boolean armed;

    /** Set while the request is under way. */
    private Lease lease;

    private boolean recorded;

    /** The result that the request had before; 0 for none. */
    private long known;

    ExactlyOnce(Leases leases, EntryWriter writer) {
        this.leases = leases;
        this.writer = writer;
    }

    private static byte[] codes() {
        byte[] codes = new byte[Status.values().length];
        Arrays.fill(codes, (byte) NO_RESULT);
        for (int code = 0; code < ENDED.length; code++) {
            codes[ENDED[code].ordinal()] = (byte) code;
        }
        return codes;
    }

    /** The next change is this request. */
    void arm(long leaseId, long request, long firstUnanswered, long epoch) {
        this.leaseId = leaseId;
        this.request = request;
        this.firstUnanswered = firstUnanswered;
        this.epoch = epoch;
        armed = true;
    }

    /**
     * Whether the next change may be made on {@code hash} as far as its epoch says: a tablet that
     * is in a later one may have been somebody else's since the change was asked for, who knew of
     * it what is not known here.
     */
    private boolean isInTime(TableData table, long hash) {
        return !armed || epoch == 0 || table.tabletOf(hash).epoch <= epoch;
    }

    /** What to answer where {@code begun} is how the change began that has no result yet. */
    Status admit(Status begun, TableData table, long hash) {
        return begun == Status.OK && !isInTime(table, hash) ? Status.NOT_OWNER : begun;
    }

    /** Whether the change under way, or the next one, is to happen exactly once. */
    boolean isArmed() {
        return armed;
    }

    /**
     * Begins the request, once the session may work on its key; nothing if it has begun.
     *
     * @return OK when it is to be done; otherwise its status; see {@link #known} first
     */
    Status begin() {
        if (lease != null) {
            return Status.OK;
        }
        Lease found = leases.open(leaseId);
        long begun = found.begin(request, firstUnanswered);
        while (begun == Lease.FORGOTTEN) {
            found = leases.open(leaseId);
            begun = found.begin(request, firstUnanswered);
        }
        if (begun == Lease.BEGUN) {
            lease = found;
            return Status.OK;
        }
        if (begun == Lease.STALE || begun == Lease.BUSY) {
            return begun == Lease.STALE ? Status.STALE_REQUEST : Status.RETRY_LATER;
        }
        known = begun;
        return ended();
    }

    /** The result that the request had before; 0 for none. As long as the batch lasts. */
    long known() {
        return known;
    }

    /** How the known result ended. */
    Status ended() {
        return ENDED[Result.ended(known)];
    }

    /** Whether the request is under way and its result not recorded yet. */
    boolean lacksResult() {
        return lease != null && !recorded;
    }

    /** Room that the result takes in the log. */
    int room(long previous) {
        return Entry.stride(Result.lengthOf(previous));
    }

    /** Room that the result of a batch takes in the log. */
    int roomOfBatch(int changes) {
        return Entry.stride(Result.lengthOfBatch(changes));
    }

    /**
     * Writes and commits the result of the change at {@code entry}. Entries before it in the same
     * claim are committed afterwards.
     *
     * @param previous the object that the result shows; 0 for none
     */
    void record(
            long entry,
            TableData table,
            long hash,
            Status status,
            long version,
            long number,
            long previous) {
        assert CODES[status.ordinal()] != NO_RESULT : status;
        Result.putAnswer(entry, CODES[status.ordinal()], number, previous);
        commit(entry, table, hash, version, Result.lengthOf(previous));
    }

    /** As {@link #record}, of a batch whose changes have their answers. */
    void recordBatch(long entry, TableData table, Status status, WriteBatch batch) {
        assert CODES[status.ordinal()] != NO_RESULT : status;
        Result.putBatch(entry, CODES[status.ordinal()], batch.size());
        for (int index = 0; index < batch.size(); index++) {
            int code = CODES[batch.status(index).ordinal()];
            Result.putAnswer(entry, index, code, batch.version(index));
        }
        int length = Result.lengthOfBatch(batch.size());
        commit(entry, table, batch.key(0).hash(), 0, length);
    }

    private void commit(long entry, TableData table, long hash, long version, int length) {
        Entry.putFields(entry, hash, version, table.id(), 0, 0);
        Result.putRequest(entry, leaseId, request);
        // Before the commit: from then on the cleaner may move the entry.
        lease.record(request, entry);
        recorded = true;
        writer.commitResult(entry, length);
    }

    /** Gives {@code batch} the answers of the known result, as far as it has so many changes. */
    void repeat(WriteBatch batch) {
        batch.forgetResults();
        int count = Math.min(batch.size(), Result.changes(known));
        for (int index = 0; index < count; index++) {
            Status status = ENDED[Result.ended(known, index)];
            batch.answer(index, status, Result.version(known, index));
        }
    }

    /** The change is over: a recorded request is done, another one may come again. */
    void end() {
        if (lease != null) {
            lease.end(request);
            lease = null;
        }
        recorded = false;
        known = 0;
        armed = false;
    }
}
