package io.silkstone.store;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.ObjectVisitor;
import io.silkstone.api.store.ReadVisitor;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.store.index.HashTable;
import io.silkstone.store.log.Checksum;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.log.Result;
import io.silkstone.store.memory.Memory;
import io.silkstone.store.memory.SegletPool.Claimant;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * One thread's way into the store: every operation, from the check of the tablet to the answer.
 *
 * <p><b>Reads</b> find the entry without any lock and show it where it lies; the epoch of the batch
 * keeps its memory.
 *
 * <p><b>Changes</b> of a key happen under the lock of its line in the hash table, and in this
 * order: look at the present object, decide, claim room in the log, write and commit the entries,
 * hook the new one in, mark the old one dead. So changes of a key follow one another, a reader
 * finds the old object or the new one, and the cleaner, which takes the same lock before it drops
 * an entry, never meets one that is committed and about to be hooked in. Nothing waits under the
 * lock: where there is no room it is given back, {@link Admission} makes room, and the change
 * starts afresh.
 *
 * <p><b>Versions</b> follow RAMCloud: an overwrite takes the next one, a new object the safe
 * version, and a removal raises the safe version above that of the object.
 */
final class StoreSession implements KvSession {
    private static final long TABLET_LOCK_NANOS_MAX = 1_000_000_000L;

    /** Reads whose cache misses overlap: as many as a core has under way, and some more. */
    private static final int READS_AT_ONCE = 32;

    /** What a change does. */
    private enum Change {
        WRITE,
        REMOVE,
        INCREMENT,
        EXPIRE,
        /** Nothing, for it is too long. */
        FAIL
    }

    private final Store store;
    private final Log log;
    private final TabletGate gate;
    private final Admission admission;
    private final int slot;
    private final EntryWriter writer;
    private final int valueBytesMax;
    private final EntryView view = new EntryView();
    private final DecimalNumber decimal = new DecimalNumber();
    private final Enumeration enumeration;
    private final ExactlyOnce once;
    private final MultiWrite multiWrite;
    private final Room room;
    private final Settlement settlement;
    private final Unsettled unsettled;
    final LoadSamples samples;

    private boolean entered;
    private boolean viewed;
    private boolean closed;
    private TableData lockedTable;
    private TabletRange lockedTablet;

    /** What {@link Settlement#beginStep} gave when a tablet was locked; 0 for nothing. */
    private long step;

    /** Of the operation under way. */
    private HashTable index;

    /** Read by others only when this session was kept out of a table, which orders it. */
    private long versionMax;

    // What the last operation left.
    private boolean hadPrevious;
    private long version;
    private long number;

    // What the change under way writes.
    private MemorySegment value;
    private long valueOffset;
    private int valueLength;
    private long delta;
    private long expiryMillis;
    private int roomWanted;
    private Claimant roomClaimant;

    /** Keeps reads that only prefetch from being optimised away. */
    private long prefetched;

    StoreSession(Store store, int slot, RandomGenerator random) {
        this.store = store;
        this.slot = slot;
        log = store.log();
        gate = store.gate();
        admission = store.admission();
        valueBytesMax = store.valueBytesMax();
        writer = new EntryWriter(log, new Checksum(store.pool()));
        enumeration = new Enumeration(store, view, random);
        once = new ExactlyOnce(store.leaseTable(), writer);
        room = new Room(log);
        settlement = store.settlement();
        unsettled = new Unsettled(settlement);
        samples = new LoadSamples(store.nanoClock(), slot);
        multiWrite = new MultiWrite(store, this, writer, once);
    }

    /** Room in the log for its changes. */
    Room room() {
        return room;
    }

    /** What it was told and may not tell on. */
    Unsettled unsettledSight() {
        return unsettled;
    }

    /** Its slot among the epochs. */
    int slot() {
        return slot;
    }

    /** The highest version that it ever gave. */
    long versionMax() {
        return versionMax;
    }

    /**
     * Lets go of the memory that this session may have seen in its batch, if it has shown none of
     * it to its caller.
     */
    boolean renewEpoch() {
        if (!viewed) {
            store.epochs().exit(slot);
            store.epochs().enter(slot);
        }
        return !viewed;
    }

    @Override
    public void enter() {
        assert !closed && !entered;
        long appended = room.takeAppended();
        if (appended > 0) {
            admission.betweenBatches(appended);
        }
        store.epochs().enter(slot);
        entered = true;
        viewed = false;
    }

    @Override
    public void exit() {
        assert entered && lockedTable == null;
        entered = false;
        store.epochs().exit(slot);
    }

    @Override
    public boolean entered() {
        return entered;
    }

    @Override
    public void prefetch(KvStore.Table table, Key[] keys, int count) {
        prefetch(table, keys, 0, count);
    }

    private void prefetch(KvStore.Table table, Key[] keys, int first, int end) {
        assert entered;
        HashTable index = ((TableData) table).index();
        if (index != null) {
            prefetched += index.prefetch(keys, first, end);
        }
    }

    @Override
    public Status read(KvStore.Table table, Key key) {
        Status begun = begin((TableData) table, key.hash());
        if (begun != Status.OK) {
            return begun;
        }
        samples.count(table.id(), key.hash());
        // Before the look: what comes in between is not known to have come.
        Incoming missing = ((TableData) table).missing(key.hash());
        long entry = index.find(key);
        unsettled.saw(entry, key.hash());
        if (entry == 0 && missing != null) {
            return missing.want(key.hash());
        }
        if (entry == 0 || isExpired(entry)) {
            return Status.NOT_FOUND;
        }
        show(entry);
        return Status.OK;
    }

    @Override
    public void readAll(KvStore.Table table, Key[] keys, int count, ReadVisitor visitor) {
        for (int first = 0; first < count; first += READS_AT_ONCE) {
            int end = Math.min(first + READS_AT_ONCE, count);
            prefetch(table, keys, first, end);
            for (int index = first; index < end; index++) {
                Status status = read(table, keys[index]);
                visitor.visit(index, status, status == Status.OK ? view : null);
            }
        }
        forgetResult();
    }

    @Override
    public Status write(
            KvStore.Table table,
            Key key,
            MemorySegment value,
            long offset,
            int length,
            WriteOptions options) {
        Objects.checkFromIndexSize(offset, length, value.byteSize());
        if (length > valueBytesMax || key.length() > KvStore.KEY_BYTES_MAX) {
            return tooLarge((TableData) table, key, options);
        }
        this.value = value;
        valueOffset = offset;
        valueLength = length;
        return change((TableData) table, key, options, Change.WRITE);
    }

    @Override
    public Status remove(KvStore.Table table, Key key, WriteOptions options) {
        return change((TableData) table, key, options, Change.REMOVE);
    }

    @Override
    public Status increment(KvStore.Table table, Key key, long delta, WriteOptions options) {
        if (key.length() > KvStore.KEY_BYTES_MAX) {
            return tooLarge((TableData) table, key, options);
        }
        this.delta = delta;
        return change((TableData) table, key, options, Change.INCREMENT);
    }

    @Override
    public Status expire(KvStore.Table table, Key key, WriteOptions options) {
        return change((TableData) table, key, options, Change.EXPIRE);
    }

    @Override
    public Status writeAll(KvStore.Table table, WriteBatch batch) {
        assert entered;
        try {
            return settlement.isFailing()
                    ? Status.DISK_FAILED
                    : multiWrite.run((TableData) table, batch);
        } finally {
            room.abandonAhead();
            once.end();
            forgetResult();
        }
    }

    @Override
    public void once(long lease, long request, long firstUnanswered, long epoch) {
        once.arm(lease, request, firstUnanswered, epoch);
    }

    @Override
    public long scan(KvStore.Table table, long cursor, int count, ObjectVisitor visitor) {
        assert entered;
        TableData data = (TableData) table;
        gate.passAll(this, data);
        HashTable index = data.index();
        if (index == null) {
            return 0;
        }
        forgetResult();
        long next = enumeration.scan(data, index, cursor, count, visitor);
        unsettled.sawAll();
        return next;
    }

    @Override
    public Status random(KvStore.Table table) {
        assert entered;
        TableData data = (TableData) table;
        gate.passAll(this, data);
        HashTable index = data.index();
        if (index == null) {
            return Status.NO_SUCH_TABLE;
        }
        forgetResult();
        long entry = enumeration.random(data, index);
        unsettled.sawAll();
        view.wrap(0);
        if (entry != 0) {
            show(entry);
        }
        return entry == 0 ? Status.NOT_FOUND : Status.OK;
    }

    @Override
    public Status clear(KvStore.Table table) {
        assert !entered;
        if (settlement.isFailing()) {
            return Status.DISK_FAILED;
        }
        enter();
        try {
            forgetResult();
            return store.clear(this, (TableData) table);
        } finally {
            exit();
        }
    }

    @Override
    public Status lockTablet(KvStore.Table table, long keyHash) {
        Status locked = lock((TableData) table, keyHash);
        if (locked == Status.OK && lockedTablet.incoming != null) {
            // What has not come could stop the holder half-way.
            unlockTablet();
            return Status.RETRY_LATER;
        }
        return locked;
    }

    /** As {@link #lockTablet}, for who knows that all it needs is here. */
    Status lock(TableData data, long keyHash) {
        assert entered && lockedTable == null;
        if (data.index() == null) {
            return Status.NO_SUCH_TABLE;
        }
        if (!data.owns(keyHash)) {
            return Status.NOT_OWNER;
        }
        TabletRange tablet = gate.closeTablet(this, data, keyHash, TABLET_LOCK_NANOS_MAX);
        if (tablet == null) {
            return Status.RETRY_LATER;
        }
        step = tablet.owned ? settlement.beginStep() : 0;
        if (!tablet.owned || step == 0 && settlement.isNeeded()) {
            gate.open(this, data, tablet);
            return tablet.owned ? Status.RETRY_LATER : Status.NOT_OWNER;
        }
        lockedTable = data;
        lockedTablet = tablet;
        return Status.OK;
    }

    @Override
    public void unlockTablet() {
        assert lockedTable != null;
        if (step != 0) {
            writer.mark(step);
            step = 0;
        }
        gate.open(this, lockedTable, lockedTablet);
        lockedTable = null;
        lockedTablet = null;
    }

    @Override
    public ObjectView object() {
        assert view.isPresent();
        return view;
    }

    @Override
    public boolean hadPrevious() {
        return hadPrevious;
    }

    @Override
    public long version() {
        return version;
    }

    @Override
    public long number() {
        return number;
    }

    @Override
    public long unsettled() {
        return unsettled.take();
    }

    @Override
    public boolean isSettled(long mark) {
        return settlement.isSettled(mark);
    }

    @Override
    public boolean wakeWhenSettled(long mark, Runnable wakeUp) {
        return unsettled.wakeWhenSettled(mark, wakeUp);
    }

    @Override
    public Status settle() {
        assert !entered;
        long mark = unsettled.take();
        return mark == 0 ? Status.OK : settlement.await(mark);
    }

    @Override
    public void close() {
        if (!closed) {
            if (lockedTable != null) {
                unlockTablet();
            }
            if (entered) {
                exit();
            }
            closed = true;
            unsettled.close();
            store.ended(this);
        }
    }

    /** The tablet of {@code table} that this session keeps others out of, or null. */
    TabletRange lockedTablet(TableData table) {
        return lockedTable == table ? lockedTablet : null;
    }

    /** Whether it keeps others out of a tablet. */
    boolean holdsTablet() {
        return lockedTable != null;
    }

    /**
     * Begins an operation, once no other session keeps this one out.
     *
     * @return OK when {@link #index} is where the objects of {@code table} are found
     */
    Status begin(TableData table, long hash) {
        assert entered;
        assert table.store == store;
        forgetResult();
        if (gate.isActive() && !gate.pass(this, table, hash)) {
            return Status.RETRY_LATER;
        }
        index = table.index();
        if (index == null) {
            return Status.NO_SUCH_TABLE;
        }
        return table.owns(hash) ? Status.OK : Status.NOT_OWNER;
    }

    private void forgetResult() {
        view.wrap(0);
        hadPrevious = false;
        version = 0;
    }

    private void show(long entry) {
        view.wrap(entry);
        viewed = true;
        version = Entry.version(entry);
    }

    private boolean isExpired(long entry) {
        return Entry.expires(Entry.header(entry)) && Entry.isExpired(entry, store.nowMillis());
    }

    private Status change(TableData table, Key key, WriteOptions options, Change change) {
        samples.count(table.id(), key.hash());
        if (settlement.isFailing()) {
            once.end();
            forgetResult();
            return Status.DISK_FAILED;
        }
        if (once.isArmed()) {
            return changeOnce(table, key, options, change);
        }
        try {
            return attempt(table, key, options, change);
        } finally {
            room.abandonAhead();
        }
    }

    private Status changeOnce(TableData table, Key key, WriteOptions options, Change change) {
        try {
            Status begun = begin(table, key.hash());
            Status ordered = begun == Status.OK ? once.begin() : begun;
            if (once.known() != 0) {
                unsettled.saw(once.known());
                repeat(once.known(), ordered, change);
                return ordered;
            }
            return ordered == Status.OK ? attempt(table, key, options, change) : ordered;
        } finally {
            room.abandonAhead();
            once.end();
        }
    }

    private Status tooLarge(TableData table, Key key, WriteOptions options) {
        return once.isArmed() ? changeOnce(table, key, options, Change.FAIL) : Status.TOO_LARGE;
    }

    /** Answers as the request was answered before. */
    private void repeat(long result, Status status, Change change) {
        version = Entry.version(result);
        view.wrap(Result.previous(result));
        hadPrevious = view.isPresent();
        viewed |= hadPrevious;
        if (change == Change.INCREMENT && status == Status.OK) {
            number = Result.number(result);
        }
    }

    private Status attempt(TableData table, Key key, WriteOptions options, Change change) {
        long hash = key.hash();
        for (int attempt = 0; ; attempt++) {
            Status begun = once.admit(begin(table, hash), table, hash);
            if (begun != Status.OK) {
                return begun;
            }
            roomWanted = 0;
            Status status;
            Incoming missing = change == Change.FAIL ? null : table.missing(hash);
            boolean isWrite = change == Change.WRITE;
            boolean puts = isWrite || change == Change.INCREMENT;
            if (missing != null && !(puts && missing.permits(isWrite, index, key, options))) {
                return missing.want(hash);
            }
            long line = index.lock(hash);
            try {
                status = changeLocked(table, index, line, key, options, change);
            } finally {
                index.unlock(line);
            }
            if (roomWanted == 0) {
                viewed |= view.isPresent();
                if (status == Status.OK) {
                    table.changed(hash, change == Change.REMOVE ? 0 : expiryMillis);
                    index.grow();
                }
                return status;
            }
            room.abandonAhead();
            Status made = admission.makeRoom(this, roomWanted, roomClaimant, attempt);
            if (made != Status.OK) {
                forgetResult();
                return made;
            }
        }
    }

    /** The change itself; when {@link #roomWanted} is set afterwards, nothing was done. */
    private Status changeLocked(
            TableData table,
            HashTable index,
            long line,
            Key key,
            WriteOptions options,
            Change change) {
        long place = index.locate(line, key);
        long old = place == 0 ? 0 : index.entryAt(place);
        unsettled.saw(old, key.hash());
        long present = old == 0 || isExpired(old) ? 0 : old;
        Status status = judge(present, options, change);
        if (status == Status.OK && change == Change.INCREMENT) {
            status = add(present);
        }
        if (status != Status.OK) {
            return conclude(table, key, status, change);
        }
        if (change == Change.REMOVE) {
            return removeLocked(table, index, place, old, key);
        }
        if (change == Change.EXPIRE) {
            value = Memory.ALL;
            valueOffset = Entry.valueAddress(old);
            valueLength = Entry.valueLength(old);
        }
        if (!chooseExpiry(present, options, change)) {
            expiryMillis = 0;
            return present == 0
                    ? conclude(table, key, Status.OK, change)
                    : removeLocked(table, index, place, old, key);
        }
        int tag = present != 0 && change != Change.WRITE ? Entry.tag(present) : options.type();
        return writeLocked(table, index, line, place, old, present != 0, key, tag);
    }

    /** Applies the reject rules, and remembers the present object for whoever asked for it. */
    private Status judge(long present, WriteOptions options, Change change) {
        if (change == Change.FAIL) {
            return Status.TOO_LARGE;
        }
        if (present == 0) {
            boolean needed = change == Change.REMOVE || change == Change.EXPIRE;
            return needed ? Status.NOT_FOUND : RejectRules.judgeMissing(options);
        }
        version = Entry.version(present);
        if (options.wantsPrevious()) {
            view.wrap(present);
            hadPrevious = true;
        }
        return RejectRules.judgePresent(version, options);
    }

    private Status add(long present) {
        Status added = decimal.add(present, delta);
        if (added == Status.OK) {
            number = decimal.value();
            value = decimal.text();
            valueOffset = decimal.textOffset();
            valueLength = decimal.textLength();
        }
        return added;
    }

    /**
     * Sets {@link #expiryMillis}, 0 for never.
     *
     * @return false when that time is over already, so that the object need not be written at all
     */
    private boolean chooseExpiry(long present, WriteOptions options, Change change) {
        switch (options.expiry()) {
            case AT -> {
                expiryMillis = options.expiryMillis();
                return expiryMillis > store.nowMillis();
            }
            case KEEP -> expiryMillis = present == 0 ? 0 : Entry.expiryMillis(present);
            case NONE -> {
                boolean keeps = present != 0 && change == Change.INCREMENT;
                expiryMillis = keeps ? Entry.expiryMillis(present) : 0;
            }
        }
        return true;
    }

    private Status writeLocked(
            TableData table,
            HashTable index,
            long line,
            long place,
            long old,
            boolean overwrites,
            Key key,
            int tag) {
        int length = Entry.lengthOf(key.length(), valueLength, expiryMillis != 0);
        int bytes = Entry.stride(length);
        boolean buries = old != 0 && store.writesTombstones();
        if (buries) {
            bytes += Entry.stride(Entry.tombstoneLength(key.length()));
        }
        int resultOffset = bytes;
        if (once.isArmed()) {
            bytes += once.room(view.entry());
            if (bytes > log.claimBytesMax()) {
                return conclude(table, key, Status.TOO_LARGE, Change.FAIL);
            }
        }
        long target = place == 0 ? index.claim(line) : place;
        if (target == 0) {
            return wantRoom(bytes, Claimant.TABLE);
        }
        long entry = room.claim(bytes);
        if (entry == 0) {
            return wantRoom(bytes, Claimant.WRITE);
        }
        long fresh = old == 0 ? log.versions().next() : Entry.version(old) + 1;
        room.appended(bytes);
        boolean whole = false;
        try {
            writer.lay(
                    entry,
                    length,
                    table.id(),
                    key,
                    fresh,
                    tag,
                    expiryMillis,
                    value,
                    valueOffset,
                    valueLength);
            whole = true;
        } finally {
            // A value whose memory was closed meanwhile must not leave a hole in the log.
            if (!whole) {
                log.abandon(entry, bytes);
            }
        }
        version = fresh;
        unsettled.saw(entry);
        if (resultOffset != bytes) {
            recordAt(entry + resultOffset, table, key, Status.OK);
        }
        if (buries) {
            writer.bury(entry + Entry.stride(length), old);
        }
        writer.commit(entry, length, expiryMillis);
        if (old == 0) {
            index.fill(target, key.hash(), entry);
        } else {
            index.replace(place, entry);
            log.entryDied(old);
            if (!overwrites) {
                store.countExpired();
            }
        }
        gave(fresh);
        return Status.OK;
    }

    /** Counts a version that an object of a table was given. */
    void gave(long fresh) {
        versionMax = Math.max(versionMax, fresh);
    }

    private Status removeLocked(TableData table, HashTable index, long place, long old, Key key) {
        int bytes = 0;
        if (store.writesTombstones()) {
            bytes = Entry.stride(Entry.tombstoneLength(Entry.keyLength(old)));
        }
        int resultOffset = bytes;
        if (once.isArmed()) {
            bytes += once.room(view.entry());
            if (bytes > log.claimBytesMax()) {
                return conclude(table, key, Status.TOO_LARGE, Change.FAIL);
            }
        }
        if (bytes > 0) {
            Claimant claimant = claimantOfRemoval();
            long entry = room.claim(bytes, claimant);
            if (entry == 0) {
                return wantRoom(bytes, claimant);
            }
            room.appended(bytes);
            if (resultOffset != bytes) {
                recordAt(entry + resultOffset, table, key, Status.OK);
            }
            if (resultOffset > 0) {
                writer.bury(entry, old);
            }
            settlement.removed(key.hash(), entry);
            unsettled.saw(entry);
        }
        log.versions().raiseAbove(version);
        index.remove(place);
        log.entryDied(old);
        return Status.OK;
    }

    /** A removal may use memory that writes must leave, but not to record what it removed. */
    private Claimant claimantOfRemoval() {
        return once.isArmed() && view.isPresent() ? Claimant.WRITE : Claimant.REMOVE;
    }

    /** The change changes nothing, be it refused or not; if it is a request, that is its result. */
    private Status conclude(TableData table, Key key, Status status, Change change) {
        if (!once.isArmed()) {
            return status;
        }
        Status told = once.room(view.entry()) <= log.claimBytesMax() ? status : Status.TOO_LARGE;
        if (told == Status.TOO_LARGE) {
            view.wrap(0);
            hadPrevious = false;
        }
        int bytes = once.room(view.entry());
        Claimant claimant = change == Change.REMOVE ? claimantOfRemoval() : Claimant.WRITE;
        long entry = room.claim(bytes, claimant);
        if (entry == 0) {
            return wantRoom(bytes, claimant);
        }
        room.appended(bytes);
        recordAt(entry, table, key, told);
        unsettled.saw(entry);
        return told;
    }

    private void recordAt(long entry, TableData table, Key key, Status status) {
        once.record(entry, table, key.hash(), status, version, number, view.entry());
    }

    private Status wantRoom(int bytes, Claimant claimant) {
        roomWanted = bytes;
        roomClaimant = claimant;
        return Status.RETRY_LATER;
    }
}
