package io.silkstone.store.durable;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.base.Metrics;
import io.silkstone.base.disk.simulation.SimulatedDisk;
import io.silkstone.base.disk.simulation.SimulatedDisk.Crash;
import io.silkstone.store.backup.SegmentFiles;
import io.silkstone.store.log.Checksum;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.log.Segment;
import io.silkstone.store.log.Versions;
import io.silkstone.store.memory.Backoff;
import io.silkstone.store.memory.Epochs;
import io.silkstone.store.memory.HugePages;
import io.silkstone.store.memory.Memory;
import io.silkstone.store.memory.SegletPool;
import io.silkstone.store.memory.SegletPool.Claimant;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A log without a store; the keeper goes round, and the cleaner cleans, when a test says so. */
@Timeout(120)
class LogKeeperTest {
    private static final int SEGMENT_BYTES = 64 << 10;
    private static final int POOL_BYTES = 8 << 20;
    private static final int LENGTH = 1_000;
    private static final long MILLI = 1_000_000;
    private static final int ROUNDS_MAX = 1_000;
    private static final int SEEDS = 20;

    private SegletPool pool;
    private SimulatedDisk disk;
    private SegmentFiles files;
    private LogKeeper keeper;
    private Epochs epochs;
    private Log log;
    private Checksum checksum;
    private long nowNanos;

    private void begin(Flush flush, long seed) {
        close();
        try {
            pool = new SegletPool(POOL_BYTES, SEGMENT_BYTES, 2, HugePages.OFF, Backoff.YIELDING);
            disk = new SimulatedDisk(new SplittableRandom(seed));
            files = SegmentFiles.open(disk, new SplittableRandom(seed + 1));
            KeptLog kept = KeptLog.of(files);
            keeper = new LogKeeper(files, flush, MILLI, kept, () -> nowNanos, new Metrics());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        beginLog();
    }

    private LosableCopies beginLosable() {
        close();
        pool = new SegletPool(POOL_BYTES, SEGMENT_BYTES, 2, HugePages.OFF, Backoff.YIELDING);
        LosableCopies copies = new LosableCopies();
        keeper =
                new LogKeeper(copies, Flush.ALWAYS, 0, KeptLog.NONE, () -> nowNanos, new Metrics());
        beginLog();
        return copies;
    }

    private void beginLog() {
        epochs = new Epochs(8);
        log = new Log(pool, epochs, new Versions(), Backoff.YIELDING, keeper, 0);
        checksum = new Checksum(pool);
        keeper.begin(log, epochs);
    }

    @AfterEach
    void close() {
        if (pool != null) {
            keeper.abandon();
            pool.close();
            pool = null;
        }
    }

    /** Room for an entry at the head. */
    private long claim() {
        long entry = log.claim(Entry.stride(LENGTH));
        while (entry == 0) {
            assertThat(log.makeRoom(Entry.stride(LENGTH), Claimant.WRITE)).isTrue();
            entry = log.claim(Entry.stride(LENGTH));
        }
        return entry;
    }

    private void commit(long entry, long version) {
        Entry.putFields(entry, version, version, 0, 0, 0);
        Entry.commit(entry, Entry.headerOf(Entry.OBJECT, LENGTH, false), checksum);
    }

    private long append(long version) {
        long entry = claim();
        commit(entry, version);
        return entry;
    }

    /** Goes on until nothing is left to do. */
    private void settle() {
        for (int round = 0; round < ROUNDS_MAX && keeper.doWork() > 0; round++) {
            nowNanos += MILLI;
        }
    }

    /** As the cleaner does: what is in {@code segment} is in a survivor afterwards. */
    private Segment clean(Segment segment) {
        Segment survivor = log.openSurvivor(segment.born());
        for (long entry = segment.begin(); entry < segment.end(); ) {
            int header = Entry.header(entry);
            if (Entry.type(header) == Entry.OBJECT && !Entry.isDead(header)) {
                int stride = Entry.strideOf(header);
                long moved = log.append(survivor, stride);
                assertThat(moved).isNotZero();
                Memory.copy(entry, moved, stride);
            }
            entry += Entry.strideOf(header);
        }
        log.show(survivor);
        log.seal(survivor);
        log.retire(segment);
        return survivor;
    }

    /** Versions of all objects in what counts on the disk, as it would be found now. */
    private List<Long> found(SimulatedDisk disk) throws IOException {
        List<Long> versions = new ArrayList<>();
        SegmentFiles opened = SegmentFiles.open(disk, new SplittableRandom(7));
        KeptLog.of(opened).forEach(entries -> addVersions(entries, versions));
        return versions;
    }

    private static void addVersions(MemorySegment entries, List<Long> versions) {
        long at = 0;
        while (at < entries.byteSize()) {
            int header = entries.get(ValueLayout.JAVA_INT_UNALIGNED, at);
            if (Entry.type(header) == Entry.OBJECT) {
                versions.add(entries.get(ValueLayout.JAVA_LONG_UNALIGNED, at + 16));
            }
            at += Entry.strideOf(header);
        }
    }

    private List<Long> foundByANewProcess() throws IOException {
        return found(disk.copy(new SplittableRandom(3)));
    }

    /** Fills a segment; what was appended to it, from {@code version} on. */
    private long fill(long version) {
        long next = version;
        Segment segment = log.segmentOf(append(next));
        while (!segment.isClosed()) {
            next++;
            append(next);
        }
        return next;
    }

    @Test
    void doWork_copiesUpToTheFirstEntryThatIsNotWhole() throws IOException {
        begin(Flush.NEVER, 1);
        long first = append(1);
        long second = claim();
        append(3);
        settle();

        assertThat(foundByANewProcess()).containsExactly(1L);
        assertThat(keeper.settled()).isEqualTo(log.positionOf(second));
        assertThat(log.positionOf(first)).isLessThan(keeper.settled());

        commit(second, 2);
        settle();
        assertThat(foundByANewProcess()).containsExactly(1L, 2L, 3L);
        assertThat(keeper.settled()).isEqualTo(log.headPosition());
    }

    @Test
    void doWork_anEntryThatIsNotWholeInASegmentBefore_holdsTheNextBack() throws IOException {
        begin(Flush.ALWAYS, 1);
        long first = claim();
        long last = fill(2);
        settle();
        assertThat(foundByANewProcess()).isEmpty();

        commit(first, 1);
        settle();
        assertThat(foundByANewProcess()).contains(1L, 2L, last);
        assertThat(keeper.settled()).isEqualTo(log.headPosition());
    }

    @Test
    void doWork_whatTheCleanerIsBusyWith_isNotCopied() throws IOException {
        begin(Flush.ALWAYS, 1);
        Segment survivor = log.openSurvivor(0);
        long entry = log.append(survivor, Entry.stride(LENGTH));
        commit(entry, 1);
        settle();
        assertThat(foundByANewProcess()).isEmpty();

        log.show(survivor);
        settle();
        assertThat(foundByANewProcess()).containsExactly(1L);
    }

    @Test
    void settled_always_isOnTheDisk() throws IOException {
        for (long seed = 0; seed < SEEDS; seed++) {
            begin(Flush.ALWAYS, seed);
            long last = fill(1);
            settle();
            append(last + 1);
            assertThat(keeper.doWork()).isPositive();
            append(last + 2);
            disk.restart();

            assertThat(found(disk)).hasSize((int) last + 1);
        }
    }

    @Test
    void segment_thatIsSettled_isCleanableWhenItsCopyIs() {
        begin(Flush.ALWAYS, 1);
        long dead = append(1);
        Segment first = log.segmentOf(dead);
        fill(2);
        log.entryDied(dead);
        assertThat(first.isCleanable()).isFalse();
        settle();
        assertThat(first.isCleanable()).isTrue();
        Segment survivor = clean(first);
        assertThat(survivor.isCleanable()).isFalse();
        settle();
        assertThat(survivor.isCleanable()).isTrue();
        log.reopen(survivor);
        commit(log.append(survivor, Entry.stride(LENGTH)), 2_000);
        assertThat(survivor.isCleanable()).isFalse();
        log.show(survivor);
        settle();
        assertThat(survivor.isCleanable()).isTrue();
    }

    /** What was overwritten leaves with its segment, and what overwrote it may be on its way. */
    @Test
    void copy_ofASegmentThatLeft_staysUntilAllIsSafeThatCameBefore() throws IOException {
        begin(Flush.NEVER, 1);
        Segment first = log.segmentOf(append(1));
        fill(2);
        settle();
        long unfinished = claim();
        append(1_000);
        clean(first);
        for (int round = 0; round < 100; round++) {
            nowNanos += 100 * MILLI;
            keeper.doWork();
        }
        assertThat(files.segments()).contains(first.id());
        assertThat(foundByANewProcess()).contains(1L);

        commit(unfinished, 999);
        nowNanos += 100 * MILLI;
        settle();
        assertThat(files.segments()).doesNotContain(first.id());
        disk.restart();
        assertThat(found(disk)).contains(1L, 999L, 1_000L);
    }

    @Test
    void machine_thatFailsWhileACopyGoes_hasAllEntries() throws IOException {
        for (Flush flush : List.of(Flush.ALWAYS, Flush.NEVER)) {
            int operations = 0;
            boolean crashed = true;
            while (crashed) {
                operations++;
                for (long seed = 0; seed < SEEDS; seed++) {
                    crashed = crashWhileACopyGoes(flush, seed, operations);
                }
            }
            assertThat(operations).isGreaterThan(8);
        }
    }

    private boolean crashWhileACopyGoes(Flush flush, long seed, int operations) throws IOException {
        begin(flush, seed);
        Segment first = log.segmentOf(append(1));
        long last = fill(2);
        settle();
        files.sync();
        clean(first);
        append(last + 1);
        nowNanos += 100 * MILLI;
        disk.crashAfter(operations);
        boolean crashed = false;
        try {
            settle();
        } catch (Crash crash) {
            crashed = true;
        }
        disk.restart();
        List<Long> found = found(disk);
        for (long version = 1; version <= last; version++) {
            assertThat(found)
                    .as("seed %d, %s, operation %d", seed, flush, operations)
                    .contains(version);
        }
        return crashed;
    }

    @Test
    void copies_thatAreLostWhileOthersGo_areBegunAnew() {
        for (int rounds = 0; rounds < 8; rounds++) {
            LosableCopies copies = beginLosable();
            Segment first = log.segmentOf(append(1));
            long last = fill(2);
            settle();
            clean(first);
            append(last + 1);
            nowNanos += 100 * MILLI;
            for (int round = 0; round < rounds; round++) {
                keeper.doWork();
            }
            copies.lose();
            append(last + 2);
            for (int round = 0; round < 100; round++) {
                nowNanos += 100 * MILLI;
                keeper.doWork();
            }
            assertThat(keeper.settled()).as("%d rounds", rounds).isEqualTo(log.headPosition());
            assertThat(copies.segments()).doesNotContain(first.id());
        }
    }

    /** Who finds the new copy of the last one, and none of the first, must not do without it. */
    @Test
    void notes_whileCopiesAreBegunAnew_countThoseBefore() {
        LosableCopies copies = beginLosable();
        long first = log.segmentOf(append(1)).id();
        settle();
        long late = claim();
        fill(2);
        settle();
        commit(late, 1);
        copies.notes().clear();

        copies.lose();
        keeper.doWork();

        assertThat(copies.notes())
                .isNotEmpty()
                .noneMatch(note -> note.allows(first, -1))
                .allMatch(note -> note.allows(first, SEGMENT_BYTES));
    }

    /** A recovery that finds a note that asks for more waits for ever. */
    @Test
    void notes_ofALogThatGoesOnAsAnothers_askForNothingThatIsNotInIt() {
        for (int rounds = 0; rounds < 8; rounds++) {
            LosableCopies copies = beginLosable();
            Segment first = log.segmentOf(append(1));
            Segment second = log.segmentOf(append(fill(2) + 1));
            fill(500);
            settle();
            Segment survivor = clean(first);
            keeper.doWork();
            clean(survivor);
            // With copies that are about to be removed, and without.
            nowNanos += rounds % 2 * 100 * MILLI;
            for (int round = 0; round < rounds; round++) {
                keeper.doWork();
            }
            copies.notes().clear();
            copies.beginAsAnothers();
            clean(second);
            append(1_000);
            keeper.doWork();
            keeper.note(new byte[0]);
            for (int round = 0; round < 100; round++) {
                nowNanos += 100 * MILLI;
                keeper.doWork();
            }

            assertThat(copies.notes())
                    .as("%d rounds", rounds)
                    .isNotEmpty()
                    .allMatch(note -> note.allows(first.id(), -1))
                    .allMatch(note -> note.allows(survivor.id(), -1))
                    .allMatch(note -> note.allows(second.id(), -1));
            assertThat(keeper.settled()).as("%d rounds", rounds).isEqualTo(log.headPosition());
        }
    }

    /** What is settled is in copies that a recovery waits for, also if all came at once. */
    @Test
    void notes_whenSeveralSegmentsAreFilledInARound_countAll() {
        LosableCopies copies = beginLosable();
        long first = log.segmentOf(append(1)).id();
        long second = log.segmentOf(append(fill(2) + 1)).id();
        keeper.doWork();

        assertThat(second).isGreaterThan(first);
        assertThat(keeper.settled()).isEqualTo(log.headPosition());
        assertThat(copies.notes().getLast()).matches(note -> !note.allows(first, -1));
    }

    @Test
    void abandon_leavesNothing() {
        begin(Flush.ALWAYS, 1);
        fill(1);
        settle();
        keeper.abandon();
        assertThat(files.segments()).isEmpty();
    }
}
