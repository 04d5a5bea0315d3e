package io.silkstone.store.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.store.memory.Backoff;
import io.silkstone.store.memory.Epochs;
import io.silkstone.store.memory.HugePages;
import io.silkstone.store.memory.Memory;
import io.silkstone.store.memory.SegletPool;
import io.silkstone.store.memory.SegletPool.Claimant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class LogTest {
    private static final int SEGMENT_BYTES = 2 << 20;

    private final SegletPool pool =
            new SegletPool(32 << 20, SEGMENT_BYTES, 2, HugePages.AUTO, Backoff.YIELDING);
    private final Epochs epochs = new Epochs(8);
    private final Versions versions = new Versions();
    private final Log log = new Log(pool, epochs, versions, Backoff.YIELDING);
    private final Checksum checksum = new Checksum(pool);

    @AfterEach
    void close() {
        pool.close();
    }

    @Test
    void claim_afterClaim_isAdjacent() {
        long first = log.claim(160);
        assertThat(log.claim(160)).isEqualTo(first + 160);
    }

    @Test
    void commit_thenIsIntact_untilAByteChanges() {
        long entry = append(log, 100, 1);
        assertThat(Entry.isIntact(entry, checksum)).isTrue();
        log.entryDied(entry);
        assertThat(Entry.isIntact(entry, checksum)).isTrue();
        Memory.putByte(entry + 99, (byte) 77);
        assertThat(Entry.isIntact(entry, checksum)).isFalse();
    }

    @Test
    void makeRoom_whenTheHeadIsFull_goesOnInAnotherSegmentWithMarks() {
        versions.raiseAbove(41);
        Segment first = log.segmentOf(append(log, 1000, 1));
        Segment second = first;
        while (second == first) {
            second = log.segmentOf(append(log, 1000, 1));
        }
        assertThat(first.isClosed()).isTrue();
        assertThat(second.isClosed()).isFalse();
        assertThat(second.id()).isGreaterThan(first.id());
        assertThat(second.born()).isGreaterThan(first.born());
        long mark = second.begin();
        assertThat(Entry.type(Entry.header(mark))).isEqualTo(Entry.SEGMENT_HEADER);
        assertThat(Entry.version(mark)).isEqualTo(second.id());
        mark += Entry.strideOf(Entry.header(mark));
        assertThat(Entry.type(Entry.header(mark))).isEqualTo(Entry.SAFE_VERSION);
        assertThat(Entry.version(mark)).isEqualTo(42);
    }

    @Test
    void positionOf_growsFromEntryToEntry_alsoFromSegmentToSegment() {
        long before = -1;
        for (int number = 0; number < 5000; number++) {
            long entry = append(log, 1000, number);
            assertThat(log.positionOf(entry)).isGreaterThan(before);
            assertThat(log.positionOf(entry)).isLessThan(log.headPosition());
            before = log.positionOf(entry);
        }
    }

    @Test
    void positionOf_whatTheCleanerMoved_isWaitedForByNobody() {
        Segment survivor = log.openSurvivor(0);
        assertThat(survivor.isSurvivor()).isTrue();
        assertThat(log.positionOf(log.append(survivor, 40))).isNegative();
    }

    @Test
    void shownEnd_ofASurvivor_isWhereTheCleanerSaysSo() {
        Segment survivor = log.openSurvivor(0);
        assertThat(survivor.shownEnd()).isEqualTo(survivor.begin() + Log.MARKS_BYTES);
        log.append(survivor, 40);
        assertThat(survivor.shownEnd()).isLessThan(survivor.end());
        log.show(survivor);
        assertThat(survivor.shownEnd()).isEqualTo(survivor.end());
    }

    @Test
    void isCleanable_whereCopiesAreMade_whenThereIsOne() {
        Copying copies = new Copying();
        Log copied = new Log(pool, epochs, versions, Backoff.YIELDING, copies, 1_000);
        Segment first = copied.segmentOf(append(copied, 1000, 1));
        assertThat(first.id()).isGreaterThan(1_000);
        while (!first.isClosed()) {
            append(copied, 1000, 1);
        }
        assertThat(first.isCleanable()).isFalse();
        assertThat(copied.isHeld()).isTrue();
        first.copied(first.end());
        assertThat(first.isCleanable()).isTrue();
        assertThat(copied.isHeld()).isFalse();
        copied.retire(first);
        assertThat(copies.left).containsExactly(first.id());
        assertThat(copies.begun).contains(first.id()).hasSize(2).isSorted();
    }

    @Test
    void show_andSeal_tellWhereCopiesAreMade() {
        Copying copies = new Copying();
        Log copied = new Log(pool, epochs, versions, Backoff.YIELDING, copies, 0);
        Segment survivor = copied.openSurvivor(0);
        assertThat(copies.grown).containsExactly(survivor.id());
        copied.append(survivor, 40);
        copied.show(survivor);
        copied.seal(survivor);
        assertThat(copies.grown).hasSize(3).containsOnly(survivor.id());
        assertThat(copies.begun).last().isEqualTo(survivor.id());
    }

    /** Remembers what it is told. */
    private static final class Copying implements Copies {
        final List<Long> begun = new ArrayList<>();
        final List<Long> grown = new ArrayList<>();
        final List<Long> left = new ArrayList<>();

        @Override
        public boolean areMade() {
            return true;
        }

        @Override
        public void begun(Segment segment) {
            begun.add(segment.id());
        }

        @Override
        public void grown(Segment segment) {
            grown.add(segment.id());
        }

        @Override
        public void retired(Segment segment) {
            left.add(segment.id());
        }
    }

    @Test
    void claimMark_isRoomForAnEntryThatSaysNothing() {
        versions.raiseAbove(6);
        long mark = log.claimMark();
        log.mark(mark, checksum);
        assertThat(Entry.type(Entry.header(mark))).isEqualTo(Entry.SAFE_VERSION);
        assertThat(Entry.version(mark)).isEqualTo(7);
        assertThat(Entry.isIntact(mark, checksum)).isTrue();
    }

    @Test
    void segment_ofAClosedHead_isWalkedFromEndToEnd() {
        Set<Long> appended = new HashSet<>();
        Segment first = log.segmentOf(log.claim(0));
        for (int number = 0; !first.isClosed(); number++) {
            long entry = append(log, 40 + number % 3000, number);
            if (log.segmentOf(entry) == first) {
                appended.add(entry);
            }
        }
        long bytes = 0;
        long entry = first.begin();
        while (entry < first.end()) {
            int header = Entry.header(entry);
            assertThat(header).isNotZero();
            boolean object = Entry.type(header) == Entry.OBJECT;
            assertThat(object).isEqualTo(appended.remove(entry));
            bytes += object ? Entry.strideOf(header) : 0;
            entry += Entry.strideOf(header);
        }
        assertThat(entry).isEqualTo(first.end());
        assertThat(appended).isEmpty();
        assertThat(first.liveBytes()).isEqualTo(bytes);
    }

    @Test
    void entryDied_countsInItsSegment() {
        long entry = append(log, 100, 1);
        Segment segment = log.segmentOf(entry);
        long live = segment.liveBytes();
        log.entryDied(entry);
        assertThat(segment.liveBytes()).isEqualTo(live - 104);
        assertThat(Entry.isDead(Entry.header(entry))).isTrue();
    }

    @Test
    void abandon_leavesPadding() {
        long entry = log.claim(320);
        log.abandon(entry, 320);
        assertThat(Entry.type(Entry.header(entry))).isEqualTo(Entry.PADDING);
        assertThat(Entry.strideOf(Entry.header(entry))).isEqualTo(320);
        assertThat(log.liveBytes()).isZero();
    }

    @Test
    void makeRoom_forALargeEntry_goesOnInTheSameSegmentWhereItFits() {
        long small = append(log, 1000, 1);
        long large = append(log, 1_114_150, 2);
        assertThat(large).isEqualTo(small + 1000);
        long next = append(log, 1_114_150, 3);
        assertThat(log.segmentOf(next)).isNotSameAs(log.segmentOf(large));
        assertThat(List.of(small, large, next)).allMatch(entry -> Entry.isIntact(entry, checksum));
    }

    @Test
    void claimLarge_ofTheLongestEntry_opensTheNextSegmentForItAlone() {
        long small = append(log, 1000, 1);
        int longest = SEGMENT_BYTES - Log.MARKS_BYTES;
        assertThat(log.isLarge(longest)).isTrue();
        long first = log.claimLarge(longest);
        assertThat(log.segmentOf(first)).isNotSameAs(log.segmentOf(small));
        assertThat(Entry.header(first)).isZero();
        assertThat(log.claim(8)).isZero();
        write(first, longest, 2);
        long second = log.claimLarge(longest);
        assertThat(log.segmentOf(second)).isNotSameAs(log.segmentOf(first));
        log.abandon(second, longest);
        assertThat(log.segmentOf(second).liveBytes()).isZero();
        assertThat(Entry.isIntact(first, checksum)).isTrue();
    }

    @Test
    void claimLarge_whenTheHeadHasRoom_staysThere() {
        long small = append(log, 1000, 1);
        long large = log.claimLarge(1_000_000);
        assertThat(large).isEqualTo(small + 1000);
        assertThat(log.segmentOf(large).isClosed()).isFalse();
        log.abandon(large, 1_000_000);
    }

    @Test
    void claimLarge_whenMemoryIsFull_isRefused() {
        int claims = 0;
        long large = log.claimLarge(1_500_000);
        while (large != 0) {
            log.abandon(large, 1_500_000);
            claims++;
            large = log.claimLarge(1_500_000);
        }
        assertThat(claims).isEqualTo((32 << 20) / SEGMENT_BYTES - 4);
        assertThat(pool.available(Claimant.WRITE)).isZero();
    }

    @Test
    void reopen_ofAClosedSegment_takesMoreBehindItsEntries() {
        Segment survivor = log.openSurvivor(7);
        write(log.append(survivor, 1000), 1000, 1);
        log.seal(survivor);
        assertThat(log.append(survivor, 1000)).isZero();
        log.reopen(survivor);
        assertThat(survivor.isClosed()).isTrue();
        long second = log.append(survivor, 1000);
        assertThat(second).isEqualTo(survivor.begin() + Log.MARKS_BYTES + 1000);
        write(second, 1000, 2);
        assertThat(survivor.usedBytes()).isEqualTo(Log.MARKS_BYTES + 2000);
        assertThat(survivor.leftBytes()).isEqualTo(SEGMENT_BYTES - Log.MARKS_BYTES - 2000);
        assertThat(survivor.liveBytes()).isEqualTo(2000);
    }

    @Test
    void makeRoom_whenMemoryIsFull_isRefusedForWritesAndLeftForRemovals() {
        while (log.claim(1000) != 0 || log.makeRoom(1000, Claimant.WRITE)) {
            assertThat(pool.freeBytes()).isPositive();
        }
        assertThat(log.claim(1000)).isZero();
        long tombstone = log.claimForRemoval(80);
        if (tombstone == 0) {
            assertThat(log.makeRoom(80, Claimant.REMOVE)).isTrue();
            assertThat(log.claim(80)).isZero();
            tombstone = log.claimForRemoval(80);
        }
        assertThat(tombstone).isNotZero();
        assertThat(pool.freeBytes()).isGreaterThanOrEqualTo(2L * SEGMENT_BYTES);
    }

    @Test
    void prepare_makesTheNextExtentReady() {
        int slices = 0;
        while (log.prepare() > 0) {
            slices++;
        }
        assertThat(slices).isPositive();
        long free = pool.freeBytes();
        Segment first = log.segmentOf(log.claim(0));
        while (!first.isClosed()) {
            append(log, 1000, 1);
        }
        assertThat(pool.freeBytes()).isEqualTo(free);
    }

    @Test
    void append_toASurvivor_counts() {
        long free = pool.freeBytes();
        Segment survivor = log.openSurvivor(7);
        for (int number = 0; number < 100; number++) {
            write(log.append(survivor, 1000), 1000, number);
        }
        assertThat(survivor.isClosed()).isFalse();
        log.seal(survivor);
        assertThat(survivor.isClosed()).isTrue();
        assertThat(survivor.born()).isEqualTo(7);
        assertThat(survivor.liveBytes()).isEqualTo(100_000);
        assertThat(free - pool.freeBytes()).isEqualTo(SEGMENT_BYTES);
        assertThat(log.contains(survivor.id())).isTrue();
        log.retire(survivor);
        assertThat(log.contains(survivor.id())).isFalse();
        epochs.reclaim();
        assertThat(pool.freeBytes()).isEqualTo(free);
    }

    @Test
    void openSurvivor_beginsWithItsIdAndTheSafeVersion() {
        log.versions().raiseAbove(41);
        Segment survivor = log.openSurvivor(0);
        long header = survivor.begin();
        assertThat(Entry.type(Entry.header(header))).isEqualTo(Entry.SEGMENT_HEADER);
        assertThat(Entry.version(header)).isEqualTo(survivor.id());
        long safe = header + Entry.strideOf(Entry.header(header));
        assertThat(Entry.type(Entry.header(safe))).isEqualTo(Entry.SAFE_VERSION);
        assertThat(Entry.version(safe)).isEqualTo(42);
        assertThat(survivor.liveBytes()).isZero();
    }

    @Test
    void openSurvivor_whenThePoolIsEmpty_isNull() {
        while (pool.allocate(0, Claimant.CLEANER) != 0) {
            assertThat(pool.freeBytes()).isNotNegative();
        }
        assertThat(log.openSurvivor(0)).isNull();
    }

    @Test
    void append_beyondTheSegmentsLength_isRefused() {
        Segment survivor = log.openSurvivor(0);
        int count = 0;
        long address = log.append(survivor, 4096);
        while (address != 0) {
            write(address, 4096, count);
            count++;
            address = log.append(survivor, 4096);
        }
        assertThat(count).isEqualTo((SEGMENT_BYTES - Log.MARKS_BYTES) / 4096);
        log.seal(survivor);
    }

    @Test
    void retire_whileAReaderIsInside_keepsTheMemory() {
        Segment survivor = log.openSurvivor(0);
        long entry = log.append(survivor, 1000);
        write(entry, 1000, 5);
        log.seal(survivor);
        int reader = epochs.register();
        epochs.enter(reader);
        long free = pool.freeBytes();
        log.retire(survivor);
        assertThat(epochs.reclaim()).isZero();
        assertThat(pool.freeBytes()).isEqualTo(free);
        assertThat(Entry.isIntact(entry, checksum)).isTrue();
        epochs.exit(reader);
        assertThat(epochs.reclaim()).isEqualTo(1);
        assertThat(pool.freeBytes()).isGreaterThan(free);
    }

    @Test
    @Timeout(60)
    void claim_byManyThreads_neverOverlapsAndLeavesNoHole() throws InterruptedException {
        ConcurrentLinkedQueue<Long> entries = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (int number = 0; number < 4; number++) {
            int mine = number;
            threads.add(
                    new Thread(
                            () -> {
                                Checksum own = new Checksum(pool);
                                for (int round = 0; round < 5000; round++) {
                                    int length = 40 + (round * 37 + mine) % 900;
                                    long entry = claim(log, Entry.stride(length));
                                    write(entry, length, (long) mine << 32 | round, own);
                                    entries.add(entry);
                                }
                            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(new HashSet<>(entries)).hasSize(20_000);
        assertThat(entries).allMatch(entry -> Entry.isIntact(entry, checksum));
        int found = 0;
        for (int slot = 0; slot < log.slots(); slot++) {
            Segment segment = log.segment(slot);
            long entry = segment.begin();
            while (entry < segment.end()) {
                int header = Entry.header(entry);
                assertThat(header).isNotZero();
                found += Entry.type(header) == Entry.OBJECT ? 1 : 0;
                entry += Entry.strideOf(header);
            }
        }
        assertThat(found).isEqualTo(20_000);
    }

    private static long claim(Log log, int bytes) {
        long address = log.claim(bytes);
        while (address == 0) {
            assertThat(log.makeRoom(bytes, Claimant.WRITE)).isTrue();
            address = log.claim(bytes);
        }
        return address;
    }

    private long append(Log log, int length, long version) {
        long entry = claim(log, Entry.stride(length));
        write(entry, length, version);
        return entry;
    }

    private void write(long entry, int length, long version) {
        write(entry, length, version, checksum);
    }

    private static void write(long entry, int length, long version, Checksum checksum) {
        Entry.putFields(entry, version * 31, version, 1, 0, 8);
        for (int offset = Entry.HEADER_BYTES; offset < length; offset++) {
            Memory.putByte(entry + offset, (byte) (version + offset));
        }
        Entry.commit(entry, Entry.headerOf(Entry.OBJECT, length, false), checksum);
    }
}
