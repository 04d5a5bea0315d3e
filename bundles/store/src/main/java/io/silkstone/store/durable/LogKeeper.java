package io.silkstone.store.durable;

import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.NanoClock;
import io.silkstone.store.backup.CopiesLost;
import io.silkstone.store.backup.NoBackup;
import io.silkstone.store.backup.SegmentCopies;
import io.silkstone.store.log.Copies;
import io.silkstone.store.log.Log;
import io.silkstone.store.log.Segment;
import io.silkstone.store.memory.Epochs;
import io.silkstone.store.memory.Memory;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;

/**
 * Copies a log to files while it grows, and says how far it is settled.
 *
 * <p>RAMCloud's master sends what is appended to backups before it answers; the writes that wait
 * meanwhile go out together, and one answer settles them all (group commit). This is the same for a
 * disk of the node's own. Writers only append to memory. One thread goes round: it copies what was
 * committed since the last round, of all segments, writes it to their files, tells the disk to make
 * safe what writers appended if {@link Flush} wants that, and publishes the position up to which
 * the log is {@link #settled}. Whoever has read or written something holds its answer back until
 * that is past it. A round looks at what has changed, and costs no more when the log is long.
 *
 * <p><b>What is copied</b> ends where the first entry that is not whole begins, or where writers
 * have come to by then; both are ends of claims, so that what was appended in one step is in one
 * frame of a file, and after a crash there altogether or not at all. Whoever locks a tablet keeps
 * an entry from being whole until the lock is gone. Of what the cleaner appends, as much is copied
 * as it has {@link Log#show}n. Segments are copied in memory first, inside an epoch, so that a slow
 * disk keeps no memory from being freed.
 *
 * <p><b>Order.</b> Positions are settled in the order in which they were given. What the cleaner
 * has moved was settled where it lay, and it moves nothing else ({@link Segment#isCleanable}); so
 * nobody waits for the disk to have it where it lies now, as long as it has the copy of where it
 * lay. That goes in three steps when a segment has left the log: all that was in the log at that
 * time, the moved entries among it, is made safe on the disk whatever the policy; then a note says
 * that the copy does not count, and is made safe as well; then the copy is removed. A note that was
 * written before the first of them is done might be all that survives.
 *
 * <p><b>Notes.</b> Each segment that writers append to begins with a {@link LogNote}, and whenever
 * the tables change or copies are about to be removed another one is written: ahead of what was
 * appended since in the same file, so that who finds the one finds the other.
 *
 * <p><b>When the disk fails</b> or is full, nothing is settled until it works again. Files that it
 * failed are not believed, but written anew from memory, where all that is not settled still lies.
 *
 * <p>Threads: {@link #doWork} by one at a time, over and over; {@link #run} is a thread's life that
 * does so. The other methods by any.
 */
public final class LogKeeper implements Copies, Runnable, AutoCloseable {
    private static final Logger LOG = System.getLogger(LogKeeper.class.getName());
    private static final long REPAIR_NANOS = 1_000_000_000;

    /** Removing copies costs a note and two syncs: several at a time are cheaper. */
    private static final long REMOVAL_NANOS = 50_000_000;

    /** While somebody waits for an entry that is not whole yet. */
    private static final long AWAITED_NANOS = 20_000;

    private static final long REST_NANOS_MIN = 1_000_000;
    private static final long REST_NANOS_MAX = 100_000_000;
    private static final int FLUSHES_AT_END_MAX = 1_000;
    private static final int REMOVED_AT_ONCE = 16;

    /** Files that wait for a sync to be closed. */
    private static final int ENDED_MAX = 32;

    /** A file with more bytes of notes than so many segments is written anew. */
    private static final long NOTES_MAX_SEGMENTS = 2;

    private final SegmentCopies files;
    private final Flush flush;
    private final long intervalNanos;
    private final NanoClock clock;
    private final Counter bytesWritten;
    private final Counter syncs;
    private final Counter syncNanos;
    private final Counter failures;
    private final List<AutoCloseable> gauges = new ArrayList<>();
    private final Arena memory = Arena.ofShared();
    private final Alarms alarms = new Alarms();

    // What the log tells of its segments.

    private final Queue<Segment> begun = new ConcurrentLinkedQueue<>();
    private final Queue<Segment> grown = new ConcurrentLinkedQueue<>();
    private final Queue<Long> retired = new ConcurrentLinkedQueue<>();

    private Log log;
    private Epochs epochs;
    private int slot;
    private MemorySegment staging;

    private final Leaving leaving;
    private volatile byte[] storeNote = {};
    private volatile long notesAsked;
    private volatile long settledNotes;
    private volatile long settled;
    private volatile long wanted;
    private volatile boolean asleep;
    private volatile boolean failing;
    private volatile boolean closed;
    private volatile Runnable wakeUp = () -> {};

    // What follows belongs to whoever does the work.

    private final TreeMap<Long, Copy> copies = new TreeMap<>();

    /** Of segments of writers that are not settled altogether, in their order. */
    private final ArrayDeque<Copy> open = new ArrayDeque<>();

    /** Of others, to which the cleaner has added since they were settled last. */
    private final Set<Copy> moved = new LinkedHashSet<>();

    /** To which something was written since they were synchronised last. */
    private final Set<Copy> unsafe = new LinkedHashSet<>();

    /** Ids of segments that have left the log; then of those whose copies go now. */
    private final ArrayDeque<Long> departed = new ArrayDeque<>();

    private final ArrayDeque<Long> removing = new ArrayDeque<>();

    /** What the log before left, whether it counted or not. */
    private final long[] inherited;

    private final long newestBefore;
    private long removeAfter;

    /** Whether all is safe that was in the log when those of {@link #removing} were chosen. */
    private boolean removalIsSafe;

    /** Whether a note that is safe says that those of {@link #removing} do not count. */
    private boolean removalIsNoted;

    private long removedAt;
    private long newest;
    private long noteNumber;

    /** What the copies said of their beginnings last. */
    private long beginnings;

    /** Whether the newest note allows that there is no copy of a segment that writers wait for. */
    private boolean noteDoubts;

    /** Where the first segment begins that is not settled altogether. */
    private long settledSegments;

    /** Files that were told that nothing more comes, and are closed by the next sync of all. */
    private int ended;

    private boolean abandoned;

    /** Whether copies have to be begun anew that went as copies go. */
    private boolean lost;

    /**
     * Whether a file takes the place of one that failed, which a sync does, whatever the policy.
     */
    private boolean replaces;

    private long syncedAt;
    private long repairAt;

    /**
     * For a log that has not begun.
     *
     * @param files where copies go; closed with this
     * @param flush any but OFF
     * @param intervalNanos between two syncs with {@link Flush#INTERVAL}
     * @param kept what a log before left there, whose copies stay until {@link #release}
     */
    public LogKeeper(
            SegmentCopies files,
            Flush flush,
            long intervalNanos,
            KeptLog kept,
            NanoClock clock,
            MetricRegistry metrics) {
        this.files = files;
        this.flush = flush;
        this.intervalNanos = intervalNanos;
        this.clock = clock;
        bytesWritten = metrics.counter(KeeperMetrics.BYTES);
        syncs = metrics.counter(KeeperMetrics.SYNCS);
        syncNanos = metrics.counter(KeeperMetrics.SYNC_NANOS);
        failures = metrics.counter(KeeperMetrics.FAILURES);
        gauges.add(metrics.gauge(KeeperMetrics.SIZE, files::bytes));
        gauges.add(metrics.gauge(KeeperMetrics.BEHIND, this::behindBytes));
        leaving = new Leaving(kept.counted());
        inherited = kept.segments();
        newest = kept.newest();
        newestBefore = newest;
        noteNumber = kept.noteNumber();
        syncedAt = clock.nanoTime();
        removedAt = syncedAt;
    }

    /** Copies {@code log} from now on. Before anybody else uses it. */
    public void begin(Log log, Epochs epochs) {
        this.log = log;
        this.epochs = epochs;
        slot = epochs.register();
        staging = memory.allocate(log.segmentBytes());
    }

    /** Where the files are. */
    public String path() {
        return files.path();
    }

    @Override
    public boolean areMade() {
        return true;
    }

    @Override
    public void begun(Segment segment) {
        begun.add(segment);
        wake();
    }

    @Override
    public void grown(Segment segment) {
        grown.add(segment);
        wake();
    }

    @Override
    public void retired(Segment segment) {
        leaving.add(segment.id());
        retired.add(segment.id());
    }

    /** What the log before left is in this one: its copies may go, once this one's are safe. */
    public void release() {
        for (long id : inherited) {
            retired.add(id);
        }
        wake();
    }

    /**
     * Nothing comes of this log: removes what was copied of it, as far as the disk lets it, and
     * leaves what the one before left. Instead of {@link #run}, before {@link #close}.
     */
    public void abandon() {
        abandoned = true;
        try {
            for (Copy copy : copies.values()) {
                files.drop(copy.segment.id());
            }
            for (long id : leaving.ids()) {
                if (id > newestBefore) {
                    files.drop(id);
                }
            }
            files.sync();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "files stay in {0} that nobody needs: {1}", files.path(), e);
        }
    }

    /**
     * What the store says of its tables from now on. Whatever is appended to the log afterwards is
     * not settled before this.
     *
     * @return its number, for {@link #settledNotes}
     */
    public long note(byte[] note) {
        long number;
        synchronized (this) {
            storeNote = note;
            notesAsked++;
            number = notesAsked;
        }
        wake();
        return number;
    }

    /** Every note up to this number is settled. */
    public long settledNotes() {
        return settledNotes;
    }

    /** Every entry at a lower position is settled. */
    public long settled() {
        return settled;
    }

    /** Somebody waits until {@link #settled} is {@code position}. */
    public void want(long position) {
        if (position > wanted) {
            // Of two that come at once the lower one may stay: then the keeper rests a little
            // longer.
            wanted = position;
        }
        if (asleep) {
            wake();
        }
    }

    /** For those who wait, and do something else meanwhile. */
    public Alarms alarms() {
        return alarms;
    }

    private void wake() {
        wakeUp.run();
    }

    /** Whether anything has to be settled at this time; while not, everything is. */
    public boolean isNeeded() {
        return files.areWanted();
    }

    /** Whether the disk refuses what it is asked. */
    public boolean isFailing() {
        return failing;
    }

    private long behindBytes() {
        Log copied = log;
        boolean isNone = copied == null || !files.areWanted();
        return isNone ? 0 : Math.max(0, copied.headPosition() - settled);
    }

    /**
     * Goes round once.
     *
     * @return how much was done; 0 when the caller may wait
     */
    public int doWork() {
        if (failing && clock.nanoTime() - repairAt < 0) {
            return 0;
        }
        try {
            boolean haveFailed = files.look();
            if (beginnings != files.beginnings()) {
                beginnings = files.beginnings();
                forgetWhatIsSafe();
            }
            if (haveFailed || failing || lost) {
                lost = false;
                beginFailedAnew();
            }
            int work = round();
            if (failing && !hasFailed()) {
                failing = false;
                LOG.log(Level.INFO, "the store can write to {0} again", files.path());
            }
            return work;
        } catch (CopiesLost e) {
            // The next round begins them again, and nobody need be told.
            LOG.log(Level.DEBUG, "copies of the log are begun again", e);
            lost = true;
            return 0;
        } catch (IOException e) {
            failed(e);
            return 0;
        }
    }

    /** A round that fails for a bug is one that the disk failed: clients wait for the next. */
    private int goRound() {
        try {
            return doWork();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "the log's keeper failed, and goes on", e);
            failed(new IOException(e));
            return 0;
        }
    }

    private void failed(IOException e) {
        failures.increment();
        if (!failing) {
            LOG.log(
                    e instanceof NoBackup ? Level.WARNING : Level.ERROR,
                    "the store cannot write to {0}, and acknowledges no change until it can: {1}",
                    files.path(),
                    e instanceof NoBackup ? e.getMessage() : e);
        }
        failing = true;
        repairAt = clock.nanoTime() + REPAIR_NANOS;
    }

    /**
     * What was safe is not in this log. Of a segment that is in memory no more there will be no
     * copy: who found a note that asks for one would look for it for ever. Of what such a segment
     * held nothing counts.
     */
    private void forgetWhatIsSafe() {
        copies.values().forEach(copy -> copy.safeBytes = Copy.NOT_SAFE);
        leaving.forgetWhatIsSafe();
    }

    /** Those of segments that are gone stay as they are: nothing more has to come to them. */
    private void beginFailedAnew() {
        for (long id : files.failed()) {
            Copy copy = copies.get(id);
            if (copy != null) {
                beginAnew(copy);
            }
        }
    }

    private void beginAnew(Copy copy) {
        copy.beginsAnew();
        replaces = true;
        if (!copy.isOpen()) {
            moved.add(copy);
        }
    }

    private boolean hasFailed() {
        return Arrays.stream(files.failed()).anyMatch(copies::containsKey);
    }

    private int round() throws IOException {
        long now = clock.nanoTime();
        if (removalIsNoted) {
            // First of all: a full disk may lack just that.
            remove();
        }
        follow();
        chooseForRemoval(now);
        long written = copyAll();
        long reached = reached();
        boolean makesRemovalSafe = !removing.isEmpty() && !removalIsSafe && reached >= removeAfter;
        boolean canNote = latest() != null || !files.areWanted();
        boolean removes = removalIsSafe && !removalIsNoted && canNote;
        written += writeNote(removes);
        long notes = notesWritten();
        boolean isUnsafe = !unsafe.isEmpty() || ended > 0;
        boolean isDue = flush == Flush.INTERVAL && now - syncedAt >= intervalNanos;
        if (makesRemovalSafe || replaces || ended > ENDED_MAX || isDue && isUnsafe) {
            sync();
        } else if (removes || flush == Flush.ALWAYS) {
            syncOpen();
        }
        if (noteDoubts && flush == Flush.ALWAYS && latest() != null) {
            // They are safe by now: who finds the note must not do without them.
            note(latest(), removes);
            syncOpen();
        }
        settle(reached);
        settledNotes = notes;
        alarms.ring(files.areWanted() ? reached : Long.MAX_VALUE);
        removalIsSafe |= makesRemovalSafe;
        removalIsNoted |= removes;
        return written > 0 || removalIsSafe ? 1 : 0;
    }

    /** Takes note of segments that are new, that the cleaner has added to, and that are gone. */
    private void follow() {
        // First those that are gone: what was moved out of them has been told of by then.
        for (Long id = retired.poll(); id != null; id = retired.poll()) {
            departed.add(id);
            Copy copy = copies.remove(id);
            if (copy != null) {
                files.departed(id);
                leaving.departed(copy);
                moved.remove(copy);
            }
        }
        for (Segment segment = begun.poll(); segment != null; segment = begun.poll()) {
            Copy copy = new Copy(segment);
            copies.put(segment.id(), copy);
            newest = Math.max(newest, segment.id());
            if (copy.isOpen()) {
                open.add(copy);
            }
        }
        for (Segment segment = grown.poll(); segment != null; segment = grown.poll()) {
            Copy copy = copies.get(segment.id());
            if (copy != null) {
                moved.add(copy);
            }
        }
        for (Copy copy : open) {
            if (copy.noteBytes > NOTES_MAX_SEGMENTS * log.segmentBytes()) {
                // A table that is cut or cleared again and again, while nobody writes.
                beginAnew(copy);
            }
        }
    }

    private long copyAll() throws IOException {
        long written = 0;
        for (Copy copy : open) {
            written += copy(copy);
            if (!copy.isWhole()) {
                // What writers append is copied in its order, so that of several entries that came
                // behind one that is not whole none is there before it.
                break;
            }
        }
        for (Copy copy : moved) {
            written += copy(copy);
        }
        return written;
    }

    /** Copies what is new in a segment. */
    private long copy(Copy copy) throws IOException {
        Segment segment = copy.segment;
        long from = copy.end;
        int bytes = gather(copy);
        if (bytes == 0) {
            end(copy);
            return 0;
        }
        if (!copy.begun) {
            files.begin(segment.id());
            copy.begun = true;
        }
        unsafe.add(copy);
        boolean isFirst = from == segment.begin();
        boolean isNoted = copy.noted == notesAsked;
        if (isFirst && !segment.isSurvivor() || copy.isOpen() && !isNoted) {
            note(copy, false);
        }
        files.append(segment.id(), (int) (from - segment.begin()), staging.asSlice(0, bytes));
        copy.end = from + bytes;
        copy.ended = false;
        bytesWritten.add(bytes);
        end(copy);
        return bytes;
    }

    /** Gets what is new in a segment, up to the end of some claim, into {@link #staging}. */
    private int gather(Copy copy) {
        epochs.enter(slot);
        try {
            Segment segment = copy.segment;
            if (segment.isGone()) {
                return 0;
            }
            copy.wasClosed = segment.isClosed();
            if (!files.areWanted()) {
                // Nobody reads any of it: it counts as copied as soon as it may be cleaned.
                return copy.wasClosed ? (int) (segment.shownEnd() - copy.end) : 0;
            }
            int bytes = (int) (segment.wholeEnd(copy.end) - copy.end);
            Memory.copy(copy.end, staging.address(), bytes);
            return bytes;
        } finally {
            epochs.exit(slot);
        }
    }

    /** Up to where everything that writers appended is copied. */
    private long reached() {
        long reached = settledSegments;
        for (Copy copy : open) {
            assert copy.segment.born() == reached;
            if (!copy.isWhole()) {
                return copy.segment.positionOf(copy.end);
            }
            reached += log.segmentBytes();
        }
        return reached;
    }

    /** Of those to which notes are written, the newest; null when there is none for a moment. */
    private Copy latest() {
        Copy latest = null;
        for (Copy copy : open) {
            latest = copy.begun ? copy : latest;
        }
        return latest;
    }

    /** Writes a note to the segment that writers append to, if the newest is not there. */
    private long writeNote(boolean removes) throws IOException {
        Copy latest = latest();
        if (latest == null || !removes && latest.noted == notesAsked) {
            return 0;
        }
        note(latest, removes);
        return 1;
    }

    private void note(Copy copy, boolean removes) throws IOException {
        long asked = notesAsked;
        TreeMap<Long, Integer> least = new TreeMap<>();
        leaving.note(least);
        copies.forEach((id, each) -> least.put(id, each.safeBytes + 1));
        if (removes || removalIsNoted) {
            removing.forEach(least::remove);
        }
        // Of those to which a newer one may yet be written.
        long first = open.isEmpty() ? copy.segment.id() : open.getFirst().segment.id();
        long oldest = Math.min(first, copy.segment.id());
        noteDoubts = open.stream().anyMatch(each -> each != copy && each.isDoubtful());
        LogNote note = LogNote.of(log.versions().safe(), newest, oldest, least, storeNote);
        noteNumber++;
        byte[] encoded = note.encode();
        files.note(copy.segment.id(), noteNumber, encoded);
        unsafe.add(copy);
        copy.noteBytes += encoded.length;
        copy.noted = asked;
    }

    /** How many of the notes that were asked for have been written. */
    private long notesWritten() {
        Copy latest = latest();
        return latest == null ? settledNotes : Math.max(latest.noted, settledNotes);
    }

    /** Makes all files safe, and closes those that have ended. */
    private void sync() throws IOException {
        long began = clock.nanoTime();
        files.sync();
        synced(began);
        replaces = false;
        ended = 0;
        // Of segments that are gone: what is there of them is what was there before.
        long[] failed = files.failed();
        for (Copy copy : unsafe) {
            if (Arrays.binarySearch(failed, copy.segment.id()) < 0) {
                leaving.isSafe(copy);
            }
        }
        unsafe.clear();
    }

    /** Makes safe what writers wait for. */
    private void syncOpen() throws IOException {
        long began = clock.nanoTime();
        boolean syncs = false;
        for (Copy copy : open) {
            if (unsafe.contains(copy)) {
                files.sync(copy.segment.id());
                copy.isSafe();
                unsafe.remove(copy);
                syncs = true;
            }
        }
        if (syncs) {
            synced(began);
        }
    }

    private void synced(long began) {
        syncs.increment();
        syncedAt = clock.nanoTime();
        syncNanos.add(syncedAt - began);
    }

    private void settle(long reached) {
        settled = reached;
        while (!open.isEmpty() && settledSegments + log.segmentBytes() <= reached) {
            Copy copy = open.removeFirst();
            copy.settled = true;
            settledSegments += log.segmentBytes();
            copy.segment.copied(copy.end);
        }
        moved.forEach(copy -> copy.segment.copied(copy.end));
        moved.clear();
    }

    /**
     * Tells a copy that nothing more comes for now: before any of the next segment is settled, so
     * that who finds one that has not ended knows that there is no next one.
     */
    private void end(Copy copy) throws IOException {
        if (copy.begun && !copy.ended && copy.isWhole()) {
            files.end(copy.segment.id());
            copy.ended = true;
            ended++;
        }
    }

    /**
     * Of segments that have left the log: what they held is in others, or was overwritten; all of
     * that has been appended by now, if perhaps not copied.
     */
    private void chooseForRemoval(long now) {
        boolean isBusy = removalIsNoted || !removing.isEmpty();
        if (isBusy || departed.isEmpty() || now - removedAt < REMOVAL_NANOS) {
            return;
        }
        removing.addAll(departed);
        departed.clear();
        removeAfter = log.headPosition();
        // What nobody reads needs no note to go.
        removalIsNoted = !files.areWanted();
    }

    /** Some at a time, for writers wait meanwhile. */
    private void remove() throws IOException {
        Set<Long> gone = new HashSet<>();
        try {
            while (!removing.isEmpty() && gone.size() < REMOVED_AT_ONCE) {
                files.drop(removing.peek());
                gone.add(removing.remove());
            }
        } finally {
            // Whatever comes of the rest: no note may count these again.
            leaving.remove(gone);
        }
        if (removing.isEmpty()) {
            removalIsSafe = false;
            removalIsNoted = false;
            removedAt = clock.nanoTime();
            // At last: it fails while copies have to be begun anew, which comes after this.
            sync();
        }
    }

    /** Does the work until {@link #stop}; waits in between. */
    @Override
    public void run() {
        Thread thread = Thread.currentThread();
        run(nanos -> LockSupport.parkNanos(this, nanos), () -> LockSupport.unpark(thread));
    }

    /** As {@link #run()}, for a user thread. */
    public void run(ThreadRuntime threads) {
        long self = threads.self();
        run(threads::sleep, () -> threads.signal(self));
    }

    private void run(LongConsumer rests, Runnable wakesUp) {
        wakeUp = wakesUp;
        long rest = REST_NANOS_MIN;
        while (!closed) {
            if (goRound() > 0) {
                rest = REST_NANOS_MIN;
                continue;
            }
            asleep = true;
            // Copies that are lost again and again would be begun as fast as they are refused.
            boolean awaited = wanted > settled && !failing && !lost;
            rests.accept(awaited ? AWAITED_NANOS : rest);
            asleep = false;
            rest = Math.min(2 * rest, REST_NANOS_MAX);
        }
    }

    /** Ends {@link #run}, which has to be waited for before {@link #close}. */
    public void stop() {
        closed = true;
        wake();
    }

    /** Settles all that was appended, if the disk lets it, and closes the files. */
    @Override
    public void close() throws IOException {
        closed = true;
        try {
            if (log != null && !abandoned) {
                flush();
            }
        } finally {
            gauges.forEach(LogKeeper::closeQuietly);
            memory.close();
            files.close();
        }
    }

    private void flush() throws IOException {
        int turns = 0;
        while (turns < FLUSHES_AT_END_MAX && doWork() > 0) {
            turns++;
        }
        if (!failing && files.areWanted()) {
            sync();
        }
    }

    private static void closeQuietly(AutoCloseable gauge) {
        try {
            gauge.close();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
