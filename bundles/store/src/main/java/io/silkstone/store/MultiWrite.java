package io.silkstone.store;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.store.index.HashTable;
import io.silkstone.store.index.HashTable.Spares;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.memory.SegletPool.Claimant;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Several changes of one table in one step.
 *
 * <p>RAMCloud's multi-write saves messages: each of its writes succeeds or fails by itself. What it
 * does make whole is one append of several entries, and this class gives that to the caller: all
 * that can refuse a change comes before the first change is to be seen.
 *
 * <ol>
 *   <li><b>Lock</b> the tablet, so that nobody else changes the keys, or looks at them.
 *   <li><b>Plan</b>: judge every rule by what is there, and add up what room the entries need.
 *   <li><b>Claim</b> memory for the hash table's growth, and the room by one claim in the log.
 *   <li><b>Lay</b> all objects into it. None is committed, so the cleaner stops before the first,
 *       and a failure here makes the whole claim padding.
 *   <li><b>Hook</b> them in, from the last to the first: each is committed and referred to under
 *       the lock of its line, as a single change is. The first of the claim is committed last;
 *       until then no walk over the log sees any of them.
 * </ol>
 *
 * <p>Only the cleaner and the {@link Expirer} work on a locked tablet. The one may move an object
 * between plan and hook, the other remove one that expired: so the hook looks again, and memory is
 * set aside for objects that may be gone by then. Where room lacks, the lock is given back before
 * the wait, unless the caller holds it, and the step starts afresh.
 *
 * <p>Where the batch is a request that happens exactly once, its result is one entry more of the
 * same claim, behind all others and committed before them; a batch that is refused leaves its
 * result alone. See {@link ExactlyOnce}.
 */
final class MultiWrite {
    private static final int STEPS_KEPT_MAX = 1024;

    /** What is to be done for one change of the batch. */
    private static final class Step {
        /** The change of the same key that comes last; its own number, if that is this one. */
        int heir;

        boolean writes;
        boolean overwrites;
        int length;
        int tombstoneBytes;

        /** Where its entries are, counted from the beginning of the claim. */
        int offset;

        long expiryMillis;

        /** Of what the hash table refers to, even if that has expired; 0 for nothing. */
        long oldVersion;

        /** What the change gives or removes; 0 for nothing. */
        long version;
    }

    private final Store store;
    private final StoreSession session;
    private final EntryWriter writer;
    private final ExactlyOnce once;
    private final Log log;
    private final Spares spares = new Spares();
    private Step[] steps = {};

    /** Numbers of changes, plus one, at the place of their key's hash or after it. */
    private int[] newest = {};

    private int roomBytes;

    /** Where the result of the batch is, counted as {@link Step#offset}; none if at its end. */
    private int resultOffset;

    private int objects;

    /** Objects that may need a new slot in the hash table. */
    private int inserts;

    /** What the attempt found no memory for. */
    private Claimant lacking;

    MultiWrite(Store store, StoreSession session, EntryWriter writer, ExactlyOnce once) {
        this.store = store;
        this.session = session;
        this.writer = writer;
        this.once = once;
        log = store.log();
    }

    /** See {@link io.silkstone.api.store.KvSession#writeAll}. */
    Status run(TableData table, WriteBatch batch) {
        batch.forgetResults();
        if (batch.size() == 0) {
            return Status.OK;
        }
        for (int index = 0; index < batch.size(); index++) {
            session.samples.count(table.id(), batch.key(index).hash());
        }
        prepare(batch);
        Status status = attempts(table, batch);
        if (steps.length > STEPS_KEPT_MAX) {
            steps = Arrays.copyOf(steps, STEPS_KEPT_MAX);
            newest = new int[0];
        }
        return status;
    }

    private Status attempts(TableData table, WriteBatch batch) {
        for (int attempt = 0; ; attempt++) {
            lacking = null;
            Status status = underLock(table, batch);
            if (lacking == null) {
                return status;
            }
            session.room().abandonAhead();
            Status room = store.admission().makeRoom(session, roomBytes, lacking, attempt);
            if (room != Status.OK) {
                return room;
            }
        }
    }

    /** One attempt; where {@link #lacking} is set afterwards, nothing was done. */
    private Status underLock(TableData table, WriteBatch batch) {
        long hash = batch.key(0).hash();
        boolean locks = !session.holdsTablet();
        Status locked = locks ? session.lock(table, hash) : Status.OK;
        if (locked != Status.OK) {
            return locked;
        }
        try {
            Status begun = session.begin(table, hash);
            if (begun != Status.OK) {
                return begun;
            }
            // First of all: the tablet may have been split since the request was done.
            Status ordered = once.isArmed() ? once.begin() : Status.OK;
            if (once.known() != 0) {
                session.unsettledSight().saw(once.known());
                once.repeat(batch);
                return ordered;
            }
            Status admitted = once.admit(ordered, table, hash);
            if (admitted != Status.OK) {
                return admitted;
            }
            if (!isWithin(session.lockedTablet(table), batch)) {
                return Status.SEVERAL_TABLETS;
            }
            // Under the lock: the tablet may have come here while this waited for it.
            return hasAll(table, batch) ? attempt(table, batch) : Status.RETRY_LATER;
        } finally {
            if (locks) {
                session.unlockTablet();
            }
        }
    }

    /** Whether all that there is of the keys of {@code batch} is here; it is wanted if not. */
    private static boolean hasAll(TableData table, WriteBatch batch) {
        boolean all = true;
        for (int number = 0; number < batch.size() && table.isFilling(); number++) {
            long hash = batch.key(number).hash();
            Incoming missing = table.missing(hash);
            if (missing != null) {
                missing.want(hash);
                all = false;
            }
        }
        return all;
    }

    private static boolean isWithin(TabletRange tablet, WriteBatch batch) {
        boolean within = tablet != null;
        for (int number = 0; number < batch.size() && within; number++) {
            within = tablet.contains(batch.key(number).hash());
        }
        return within;
    }

    private Status attempt(TableData table, WriteBatch batch) {
        HashTable index = table.index();
        Status planned = plan(index, batch);
        if (planned != Status.OK) {
            return once.isArmed() ? conclude(table, batch, planned) : planned;
        }
        if (!index.reserve(inserts, spares)) {
            lacking = Claimant.TABLE;
            return Status.RETRY_LATER;
        }
        try {
            long claim = roomBytes == 0 ? 0 : claim();
            if (claim == 0 && roomBytes > 0) {
                lacking = objects == 0 ? Claimant.REMOVE : Claimant.WRITE;
                return Status.RETRY_LATER;
            }
            if (claim != 0) {
                session.unsettledSight().saw(claim);
            }
            lay(table, batch, claim);
            for (int number = 0; number < batch.size(); number++) {
                batch.answer(number, Status.OK, steps[steps[number].heir].version);
            }
            if (resultOffset != roomBytes) {
                once.recordBatch(claim + resultOffset, table, Status.OK, batch);
            }
            hook(index, batch, claim);
        } finally {
            index.release(spares);
        }
        for (int number = 0; number < batch.size(); number++) {
            Step step = steps[number];
            table.changed(batch.key(number).hash(), step.writes ? step.expiryMillis : 0);
            if (step.writes) {
                index.grow();
            }
        }
        return Status.OK;
    }

    /** The batch was refused, and as it is a request, that is its result. */
    private Status conclude(TableData table, WriteBatch batch, Status status) {
        roomBytes = once.roomOfBatch(batch.size());
        long claim = session.room().claim(roomBytes);
        if (claim == 0) {
            lacking = Claimant.WRITE;
            return Status.RETRY_LATER;
        }
        session.room().appended(roomBytes);
        once.recordBatch(claim, table, status, batch);
        session.unsettledSight().saw(claim);
        return status;
    }

    private long claim() {
        return objects == 0 ? log.claimForRemoval(roomBytes) : session.room().claim(roomBytes);
    }

    /** Makes a step of each change, and finds the last change of each key. */
    private void prepare(WriteBatch batch) {
        int size = batch.size();
        if (steps.length < size) {
            int before = steps.length;
            steps = Arrays.copyOf(steps, Math.max(size, 2 * before));
            for (int number = before; number < steps.length; number++) {
                steps[number] = new Step();
            }
        }
        int mask = (Integer.highestOneBit(size) << 2) - 1;
        if (newest.length <= mask) {
            newest = new int[mask + 1];
        }
        Arrays.fill(newest, 0, mask + 1, 0);
        for (int number = size - 1; number >= 0; number--) {
            Key key = batch.key(number);
            int place = (int) key.hash() & mask;
            while (newest[place] != 0 && !isSame(batch.key(newest[place] - 1), key)) {
                place = place + 1 & mask;
            }
            if (newest[place] == 0) {
                newest[place] = number + 1;
            }
            steps[number].heir = newest[place] - 1;
        }
    }

    private static boolean isSame(Key one, Key other) {
        return one.hash() == other.hash()
                && one.length() == other.length()
                && MemorySegment.mismatch(
                                one.memory(),
                                one.offset(),
                                one.offset() + one.length(),
                                other.memory(),
                                other.offset(),
                                other.offset() + other.length())
                        < 0;
    }

    /** Judges all changes, and finds out what they need. */
    private Status plan(HashTable index, WriteBatch batch) {
        long nowMillis = store.nowMillis();
        batch.forgetResults();
        long bytes = 0;
        roomBytes = 0;
        objects = 0;
        inserts = 0;
        for (int number = 0; number < batch.size(); number++) {
            Key key = batch.key(number);
            boolean tooLong =
                    key.length() > KvStore.KEY_BYTES_MAX
                            || batch.length(number) > store.valueBytesMax();
            long old = tooLong ? 0 : index.find(key);
            session.unsettledSight().saw(old, key.hash());
            boolean exists = old != 0 && !Entry.isExpired(old, nowMillis);
            long version = exists ? Entry.version(old) : 0;
            WriteOptions options = batch.options(number);
            Status judged =
                    exists
                            ? RejectRules.judgePresent(version, options)
                            : RejectRules.judgeMissing(options);
            if (tooLong) {
                judged = Status.TOO_LARGE;
            }
            if (judged != Status.OK) {
                batch.answer(number, judged, version);
            } else if (steps[number].heir == number) {
                steps[number].offset = (int) bytes;
                bytes += plan(steps[number], batch, number, old, exists, nowMillis);
            } else {
                steps[number].writes = false;
            }
        }
        if (batch.refused() >= 0) {
            return batch.status(batch.refused());
        }
        int resultBytes = once.isArmed() ? once.roomOfBatch(batch.size()) : 0;
        if (bytes + resultBytes > log.claimBytesMax()) {
            return Status.TOO_LARGE;
        }
        resultOffset = (int) bytes;
        roomBytes = resultOffset + resultBytes;
        return Status.OK;
    }

    /** Plans one change, and returns how much room its entries need. */
    private int plan(
            Step step, WriteBatch batch, int number, long old, boolean exists, long nowMillis) {
        WriteOptions options = batch.options(number);
        Key key = batch.key(number);
        step.expiryMillis =
                switch (options.expiry()) {
                    case AT -> options.expiryMillis();
                    case KEEP -> exists ? Entry.expiryMillis(old) : 0;
                    case NONE -> 0;
                };
        boolean over = options.expiry() == WriteOptions.Expiry.AT && step.expiryMillis <= nowMillis;
        step.writes = !batch.removes(number) && !over;
        step.overwrites = exists;
        step.oldVersion = old == 0 ? 0 : Entry.version(old);
        step.version = exists ? step.oldVersion : 0;
        boolean buries = store.writesTombstones() && (step.writes ? old != 0 : exists);
        step.tombstoneBytes = buries ? Entry.stride(Entry.tombstoneLength(key.length())) : 0;
        if (!step.writes) {
            return step.tombstoneBytes;
        }
        objects++;
        if (old == 0 || Entry.expires(Entry.header(old))) {
            inserts++;
        }
        step.length = Entry.lengthOf(key.length(), batch.length(number), step.expiryMillis != 0);
        return Entry.stride(step.length) + step.tombstoneBytes;
    }

    /** Writes all objects without committing any. */
    private void lay(TableData table, WriteBatch batch, long claim) {
        boolean whole = false;
        try {
            for (int number = 0; number < batch.size(); number++) {
                Step step = steps[number];
                if (step.writes) {
                    step.version =
                            step.oldVersion == 0 ? log.versions().next() : step.oldVersion + 1;
                    writer.lay(
                            claim + step.offset,
                            step.length,
                            table.id(),
                            batch.key(number),
                            step.version,
                            batch.options(number).type(),
                            step.expiryMillis,
                            batch.value(number),
                            batch.offset(number),
                            batch.length(number));
                }
            }
            whole = true;
        } finally {
            // A value whose memory was closed meanwhile must not leave a hole in the log.
            if (!whole && roomBytes > 0) {
                log.abandon(claim, roomBytes);
            }
        }
        session.room().appended(roomBytes);
    }

    private void hook(HashTable index, WriteBatch batch, long claim) {
        for (int number = batch.size() - 1; number >= 0; number--) {
            Step step = steps[number];
            if (step.heir != number) {
                continue;
            }
            Key key = batch.key(number);
            long line = index.lock(key.hash());
            try {
                long place = index.locate(line, key);
                if (step.writes) {
                    hookIn(index, line, place, key, claim + step.offset, step);
                } else {
                    hookOut(index, place, claim + step.offset, step);
                    if (claim != 0) {
                        store.settlement().removed(key.hash(), claim);
                    }
                }
            } finally {
                index.unlock(line);
            }
        }
    }

    private void hookIn(HashTable index, long line, long place, Key key, long entry, Step step) {
        long old = place == 0 ? 0 : index.entryAt(place);
        long target = place == 0 ? index.claim(line, spares) : place;
        assert target != 0;
        bury(entry + Entry.stride(step.length), old, step);
        writer.commit(entry, step.length, step.expiryMillis);
        if (old == 0) {
            index.fill(target, key.hash(), entry);
        } else {
            index.replace(place, entry);
            log.entryDied(old);
            if (!step.overwrites) {
                store.countExpired();
            }
        }
        session.gave(step.version);
    }

    private void hookOut(HashTable index, long place, long tombstone, Step step) {
        long old = place == 0 || !step.overwrites ? 0 : index.entryAt(place);
        bury(tombstone, old, step);
        if (old != 0) {
            log.versions().raiseAbove(step.version);
            index.remove(place);
            log.entryDied(old);
        }
    }

    /** Writes the tombstone, or padding when what it was to bury has expired and is gone. */
    private void bury(long tombstone, long old, Step step) {
        if (step.tombstoneBytes == 0) {
            return;
        }
        if (old == 0) {
            log.abandon(tombstone, step.tombstoneBytes);
        } else {
            writer.bury(tombstone, old);
        }
    }
}
