package io.silkstone.store.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.cluster.ServerId;
import io.silkstone.base.Metrics;
import io.silkstone.base.disk.simulation.SimulatedDisk;
import io.silkstone.store.backup.Backups.Item;
import io.silkstone.store.backup.Backups.Listing;
import io.silkstone.store.backup.Backups.Outcome;
import io.silkstone.store.backup.Backups.Step;
import io.silkstone.store.log.Entry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupsTest {
    private static final long CLUSTER = 0xc1;
    private static final long MASTER = new ServerId(3, 1).packed();
    private static final int OBJECT_BYTES = 56;

    private final SimulatedDisks disks = new SimulatedDisks(1);
    private final Metrics metrics = new Metrics();
    private long now;
    private Backups backups = open(CLUSTER);

    private Backups open(long cluster) {
        Backups opened = new Backups(disks, () -> now, new SplittableRandom(2), new Metrics());
        try {
            opened.enter(cluster);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return opened;
    }

    private void restart() {
        disks.set(SimulatedDisk::restart);
        disks.set(disk -> {});
        backups = open(CLUSTER);
    }

    private static MemorySegment objects(int count) {
        TestEntries entries = new TestEntries();
        for (int hash = 0; hash < count; hash++) {
            entries.object(1, hash);
        }
        return entries.memory();
    }

    /** A step with one object. */
    private static Step step(long segment, long incarnation, long sequence) {
        return step(segment, incarnation, sequence, false);
    }

    private static Step step(long segment, long incarnation, long sequence, boolean ends) {
        return new Step(
                MASTER,
                segment,
                incarnation,
                sequence,
                (int) sequence * OBJECT_BYTES,
                ends,
                10 * segment + sequence,
                MemorySegment.ofArray(("note " + segment + '.' + sequence).getBytes()),
                objects(1));
    }

    private Outcome write(Step step) {
        try {
            return backups.write(step);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Listing list(long epoch) {
        try {
            int steps = 0;
            while (!backups.prepareList(MASTER)) {
                assertThat(++steps).isLessThan(100);
            }
            return backups.list(MASTER, epoch);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private List<Long> listed(long epoch) {
        return list(epoch).replicas().stream().map(Item::segment).toList();
    }

    @Test
    void write_stepsInOrder_growTheReplica() {
        assertThat(write(step(7, 1, 0))).isEqualTo(Outcome.DONE);
        assertThat(write(step(7, 1, 1))).isEqualTo(Outcome.DONE);
        assertThat(write(step(7, 1, 2, true))).isEqualTo(Outcome.DONE);

        Listing listing = list(1);
        assertThat(listing.replicas()).containsExactly(new Item(7, 1, 72, 168, true));
        assertThat(listing.noteNumber()).isEqualTo(72);
        assertThat(listing.note()).asString().isEqualTo("note 7.2");
    }

    @Test
    void write_aStepThatWasDone_isDoneAgainAndChangesNothing() {
        write(step(7, 1, 0));
        write(step(7, 1, 1, true));

        assertThat(write(step(7, 1, 0))).isEqualTo(Outcome.DONE);
        assertThat(write(step(7, 1, 1, true))).isEqualTo(Outcome.DONE);
        assertThat(list(1).replicas()).containsExactly(new Item(7, 1, 71, 112, true));
    }

    @Test
    void write_withAGap_isMissing() {
        assertThat(write(step(7, 1, 1))).isEqualTo(Outcome.MISSING);
        write(step(7, 1, 0));
        assertThat(write(step(7, 1, 2))).isEqualTo(Outcome.MISSING);
        assertThat(write(step(8, 1, 1))).isEqualTo(Outcome.MISSING);
        Step elsewhere = new Step(MASTER, 7, 1, 1, 8, false, 0, MemorySegment.NULL, objects(1));
        assertThat(write(elsewhere)).isEqualTo(Outcome.MISSING);
    }

    @Test
    void write_afterTheEnd_isNotCompleteUntilItEndsAgain() {
        write(step(7, 1, 0, true));
        assertThat(write(step(7, 1, 1))).isEqualTo(Outcome.DONE);
        assertThat(list(1).replicas()).containsExactly(new Item(7, 1, 71, 112, false));
        write(step(7, 1, 2, true));
        assertThat(list(9).replicas()).containsExactly(new Item(7, 1, 72, 168, true));
        backups.sync();
        restart();
        assertThat(list(9).replicas()).containsExactly(new Item(7, 1, 72, 168, true));
    }

    @Test
    void write_aLaterIncarnation_takesThePlaceInTheNextSync() {
        write(step(7, 1, 0));
        write(step(7, 1, 1));
        backups.sync();
        write(step(7, 3, 0));
        assertThat(backups.needsSync()).isTrue();
        disks.set(SimulatedDisk::restartProcess);
        backups = open(CLUSTER);
        assertThat(list(1).replicas()).containsExactly(new Item(7, 1, 71, 112, false));

        write(step(7, 3, 0));
        backups.sync();

        assertThat(backups.needsSync()).isFalse();
        assertThat(write(step(7, 3, 1))).isEqualTo(Outcome.DONE);
        assertThat(list(1).replicas()).containsExactly(new Item(7, 3, 71, 112, false));
    }

    @Test
    void write_anEarlierIncarnation_isMissing() {
        write(step(7, 3, 0));
        assertThat(write(step(7, 2, 0))).isEqualTo(Outcome.MISSING);
        assertThat(write(step(7, 2, 1))).isEqualTo(Outcome.MISSING);
        assertThat(list(1).replicas()).containsExactly(new Item(7, 3, 70, 56, false));
    }

    @Test
    void write_toWhatAProcessBeforeWrote_isMissing() {
        write(step(7, 3, 0));
        write(step(7, 3, 1));
        backups.sync();
        restart();

        assertThat(write(step(7, 3, 2))).isEqualTo(Outcome.MISSING);
        assertThat(write(step(7, 3, 1))).isEqualTo(Outcome.MISSING);
        assertThat(write(step(7, 3, 0))).isEqualTo(Outcome.MISSING);
        assertThat(list(1).replicas()).containsExactly(new Item(7, 3, 71, 112, false));
        assertThat(write(step(7, 4, 0))).isEqualTo(Outcome.DONE);
    }

    @Test
    void write_theDiskFull_isRefusedAndShowsWhatWasThere() throws IOException {
        write(step(7, 1, 0));
        backups.sync();
        disks.set(disk -> disk.capacity(0));
        Step large = new Step(MASTER, 7, 1, 1, 56, true, 0, MemorySegment.NULL, objects(5_000));
        assertThatThrownBy(() -> backups.write(large)).hasMessageContaining("No space left");
        disks.set(disk -> disk.capacity(Long.MAX_VALUE));

        assertThat(write(large)).isEqualTo(Outcome.MISSING);
        assertThat(list(1).replicas()).containsExactly(new Item(7, 1, 70, 56, false));
        assertThat(write(step(7, 2, 0))).isEqualTo(Outcome.DONE);
    }

    @Test
    void write_theFirstStepFails_leavesTheReplicaBefore() {
        write(step(7, 1, 0, true));
        backups.sync();
        disks.set(disk -> disk.writeFailures(1));
        assertThatThrownBy(() -> backups.write(step(7, 2, 0))).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> backups.write(step(8, 2, 0))).isInstanceOf(IOException.class);
        disks.set(disk -> disk.writeFailures(0));

        assertThat(list(9).replicas()).containsExactly(new Item(7, 1, 70, 56, true));
    }

    @Test
    void sync_thatFails_endsTheReplicasThatWereUnsafe() {
        write(step(7, 1, 0));
        backups.sync();
        Step unsafe = step(8, 1, 0);
        write(unsafe);
        disks.set(disk -> disk.syncFailures(1));
        backups.sync();
        disks.set(disk -> disk.syncFailures(0));

        assertThat(backups.has(unsafe)).isFalse();
        assertThat(backups.has(step(7, 1, 0))).isTrue();
        assertThat(write(step(8, 1, 1))).isEqualTo(Outcome.MISSING);
        assertThat(write(step(7, 1, 1))).isEqualTo(Outcome.DONE);
    }

    @Test
    void sync_whatHasEnded_isNeededNowAndThenToCloseFiles() {
        for (int segment = 0; segment <= 32; segment++) {
            assertThat(backups.needsSync()).isFalse();
            write(step(segment, 1, 0, true));
        }
        assertThat(backups.needsSync()).isTrue();
        backups.sync();
        assertThat(backups.needsSync()).isFalse();
    }

    @Test
    void drop_aReplica_isGoneForGood() throws IOException {
        write(step(7, 1, 0));
        write(step(8, 1, 0));
        backups.drop(MASTER, 7, Long.MAX_VALUE);
        backups.drop(MASTER, 9, Long.MAX_VALUE);
        backups.drop(MASTER + 1, 7, Long.MAX_VALUE);
        backups.sync();

        assertThat(write(step(7, 1, 1))).isEqualTo(Outcome.MISSING);
        assertThat(listed(1)).containsExactly(8L);
        restart();
        assertThat(listed(1)).containsExactly(8L);
    }

    @Test
    void drop_ofAnEarlierIncarnation_leavesALaterOne() throws IOException {
        write(step(7, 3, 0));
        backups.sync();
        backups.drop(MASTER, 7, 2);
        assertThat(listed(1)).containsExactly(7L);
        restart();
        backups.drop(MASTER, 7, 2);
        assertThat(listed(1)).containsExactly(7L);
        backups.drop(MASTER, 7, 4);
        assertThat(listed(1)).isEmpty();
    }

    @Test
    void sync_moreOpenReplicasThanThereAreFilesFor_goOnGrowing() {
        for (int sequence = 0; sequence < 3; sequence++) {
            for (int segment = 0; segment < 20; segment++) {
                assertThat(write(step(segment, 1, sequence))).isEqualTo(Outcome.DONE);
            }
            backups.sync();
        }
        restart();
        assertThat(list(1).replicas()).hasSize(20).allMatch(item -> item.bytes() == 168);
    }

    @Test
    void list_hasWhatHasEndedAndWhatIsNotStale() {
        write(step(1, 1, 0, true));
        write(step(2, 1, 0));
        write(step(3, 4, 0));
        write(step(4, 5, 0));

        assertThat(listed(1)).containsExactly(1L, 2L, 3L, 4L);
        assertThat(listed(4)).containsExactly(1L, 3L, 4L);
        assertThat(listed(5)).containsExactly(1L, 4L);
        assertThat(list(9).noteNumber()).isEqualTo(10);
        backups.sync();
        restart();
        assertThat(listed(4)).containsExactly(1L, 3L, 4L);
        assertThat(list(9).note()).asString().isEqualTo("note 1.0");
        assertThat(list(9).replicas()).containsExactly(new Item(1, 1, 10, 56, true));
    }

    @Test
    void list_ofALogThatIsNotHere_isEmpty() {
        assertThat(list(0)).extracting(Listing::noteNumber).isEqualTo(0L);
        assertThat(list(0).note()).isEmpty();
        assertThat(disks.names()).isEmpty();
    }

    @Test
    void list_aReplicaDamaged_isLeftOut() {
        for (boolean restarts : new boolean[] {true, false}) {
            backups = open(CLUSTER);
            write(step(1, 9, 0));
            write(step(2, 9, 0));
            backups.sync();
            write(step(2, 9, 1));
            backups.sync();
            disks.only().flip("segment-0000000000000002", 120 * 8);
            if (restarts) {
                restart();
            }
            Listing listing = list(1);
            assertThat(listing.replicas()).containsExactly(new Item(1, 9, 10, 56, false));
            assertThat(listing.note()).asString().isEqualTo("note 1.0");
            disks.remove(disks.names().getFirst());
        }
    }

    @Test
    void list_entriesWithoutSense_isLeftOut() throws IOException {
        MemorySegment half = objects(1).asSlice(0, 48);
        backups.write(new Step(MASTER, 7, 1, 0, 0, true, 0, MemorySegment.NULL, half));
        assertThat(read(7, 1, 0, Integer.MAX_VALUE)).containsExactly(-1L);
        assertThat(listed(1)).isEmpty();
        backups.sync();
        restart();
        assertThat(listed(1)).isEmpty();
    }

    /** Hashes of table 1 that are even, and the cursor. */
    private List<Long> read(long segment, long incarnation, int cursor, int most) {
        List<Long> hashes = new ArrayList<>();
        try {
            int next =
                    backups.read(
                            MASTER,
                            segment,
                            incarnation,
                            cursor,
                            (table, hash) -> table == 1 && hash % 2 == 0,
                            (memory, offset, bytes) -> {
                                boolean fits = hashes.size() < most;
                                if (fits) {
                                    assertThat(bytes).isEqualTo(OBJECT_BYTES);
                                    hashes.add(new Entries(memory).hash(offset));
                                }
                                return fits;
                            });
            hashes.add((long) next);
            return hashes;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void read_showsWhatIsAskedForInPieces() throws IOException {
        MemorySegment entries =
                new TestEntries()
                        .add(Entry.SEGMENT_HEADER, 0, 0, 0)
                        .object(1, 2)
                        .object(1, 3)
                        .object(2, 4)
                        .padding()
                        .add(Entry.TOMBSTONE, 1, 6, 20)
                        .add(Entry.SAFE_VERSION, 1, 8, 20)
                        .add(Entry.RESULT, 1, 10, 26 - 6)
                        .memory();
        backups.write(new Step(MASTER, 7, 1, 0, 0, false, 0, MemorySegment.NULL, entries));
        for (boolean restarts : new boolean[] {false, true}) {
            assertThat(read(7, 1, 0, 9)).containsExactly(2L, 6L, 10L, 0L);
            assertThat(read(7, 1, 0, 1)).containsExactly(2L, 208L);
            assertThat(read(7, 1, 208, 1)).containsExactly(6L, 320L);
            assertThat(read(7, 1, 320, 1)).containsExactly(10L, 0L);
            assertThat(read(7, 1, 8, 9)).containsExactly(-1L);
            assertThat(read(7, 1, 1_000, 9)).containsExactly(-1L);
            assertThat(read(7, 2, 0, 9)).containsExactly(-1L);
            assertThat(read(8, 1, 0, 9)).containsExactly(-1L);
            backups.sync();
            restart();
        }
    }

    @Test
    void read_whatHasGrownSince_showsAllOfIt() {
        write(step(7, 1, 0));
        assertThat(read(7, 1, 0, 9)).containsExactly(0L, 0L);
        write(step(7, 1, 1));
        assertThat(read(7, 1, 0, 9)).containsExactly(0L, 0L, 0L);
    }

    @Test
    void read_moreReplicasThanAreKeptInMemory_readsThemAgain() {
        for (int segment = 1; segment <= 6; segment++) {
            write(step(segment, 1, 0));
        }
        for (int round = 0; round < 3; round++) {
            for (int segment = 1; segment <= 6; segment++) {
                assertThat(read(segment, 1, 0, 9)).containsExactly(0L, 0L);
            }
        }
        long operations = disks.only().operations();
        for (int segment = 3; segment <= 6; segment++) {
            read(segment, 1, 0, 9);
        }
        assertThat(disks.only().operations()).isEqualTo(operations);
    }

    @Test
    void read_whatTheDiskHasLost_isNotHere() {
        write(step(7, 1, 0));
        backups.sync();
        disks.only().cut("segment-0000000000000007", 80);

        assertThat(read(7, 1, 0, 9)).containsExactly(-1L);
        assertThat(listed(1)).isEmpty();
    }

    @Test
    void forgetSome_removesLogsThatNobodyNeeds() throws IOException {
        for (int segment = 0; segment < 40; segment++) {
            write(step(segment, 1, 0));
        }
        Step other = new Step(MASTER + 1, 7, 1, 0, 0, true, 0, MemorySegment.NULL, objects(1));
        write(other);
        backups.sync();
        restart();

        int rounds = 0;
        while (backups.forgetSome(master -> master == MASTER + 1)) {
            assertThat(++rounds).isLessThan(10);
        }
        assertThat(rounds).isGreaterThan(1);
        assertThat(disks.names()).containsExactly("log-00000000000000c1-3-2");
        assertThat(listed(1)).isEmpty();
    }

    @Test
    void enter_anotherCluster_hasNothingOfTheOne() throws IOException {
        write(step(7, 1, 0));
        backups.enter(0xc2);
        assertThat(listed(1)).isEmpty();
        assertThat(write(step(7, 1, 1))).isEqualTo(Outcome.MISSING);
        assertThat(backups.forgetSome(master -> false)).isFalse();

        backups.enter(CLUSTER);
        assertThat(listed(1)).containsExactly(7L);
    }

    @Test
    void backups_onARealDisk_areThereAgain(@TempDir Path home) throws IOException {
        FileDisks real = new FileDisks(home.resolve("data/backup"));
        try (Backups first = new Backups(real, () -> now, new SplittableRandom(3), metrics)) {
            first.enter(CLUSTER);
            first.write(step(7, 1, 0));
            first.write(step(7, 1, 1, true));
            first.sync();
        }
        try (Backups second = new Backups(real, () -> now, new SplittableRandom(4), metrics)) {
            second.enter(CLUSTER);
            assertThat(second.prepareList(MASTER)).isFalse();
            assertThat(second.prepareList(MASTER)).isTrue();
            assertThat(second.list(MASTER, 9).replicas())
                    .containsExactly(new Item(7, 1, 71, 112, true));
            assertThat(second.forgetSome(master -> false)).isTrue();
            assertThat(second.forgetSome(master -> false)).isFalse();
        }
        try (var names = Files.list(home.resolve("data/backup"))) {
            assertThat(names).isEmpty();
        }
    }
}
