package io.silkstone.store.backup;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ServerId;
import io.silkstone.base.Metrics;
import io.silkstone.base.disk.simulation.SimulatedDisk;
import io.silkstone.base.disk.simulation.SimulatedDisk.Crash;
import io.silkstone.store.backup.Backups.Item;
import io.silkstone.store.backup.Backups.Listing;
import io.silkstone.store.backup.Backups.Outcome;
import io.silkstone.store.backup.Backups.Step;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Replicas through crashes of the backup's process and machine, and faults of its disk. */
class BackupsCrashTest {
    private static final int SEEDS = 400;
    private static final int PROCESSES = 5;
    private static final int SEGMENTS = 4;
    private static final int TURNS = 60;
    private static final long MASTER = new ServerId(2, 5).packed();

    /** Runs in which nothing happens would prove nothing. */
    private int crashes;

    private int failures;
    private int survived;
    private int shortened;

    @Test
    void anySeed_crashesAndFaults_whatWasAnsweredIsThereStepByStep() {
        for (int seed = 0; seed < SEEDS; seed++) {
            try {
                new Life(seed).run();
            } catch (IOException | RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        assertThat(crashes).isGreaterThan(SEEDS);
        assertThat(failures).isGreaterThan(SEEDS);
        assertThat(survived).isGreaterThan(SEEDS);
        assertThat(shortened).isGreaterThan(SEEDS / 20);
    }

    /** What the master knows of one incarnation of a segment's copy. */
    private static final class Copy {
        private final long segment;
        private final long incarnation;

        /** What the replica is to be after each step. */
        private final List<Item> states = new ArrayList<>();

        /** Steps that were answered: written, and safe. */
        private int seen;

        private int safe;

        private Copy(long segment, long incarnation) {
            this.segment = segment;
            this.incarnation = incarnation;
        }

        private Item last() {
            return states.isEmpty()
                    ? new Item(segment, incarnation, 0, 0, false)
                    : states.getLast();
        }
    }

    private final class Life {
        private final SplittableRandom random;
        private final SimulatedDisks disks;
        private final Map<Long, List<Copy>> copies = new TreeMap<>();
        private final List<Step> waiting = new ArrayList<>();
        private Backups backups;
        private long incarnations;
        private long notes;

        Life(long seed) {
            random = new SplittableRandom(seed);
            disks = new SimulatedDisks(random.nextLong());
            for (long segment = 1; segment <= SEGMENTS; segment++) {
                copies.put(segment, new ArrayList<>());
            }
        }

        private void open() throws IOException {
            backups = new Backups(disks, () -> 0, random, new Metrics());
            backups.enter(1);
        }

        void run() throws IOException {
            open();
            for (int process = 0; process < PROCESSES; process++) {
                boolean faulty = random.nextInt(3) == 0;
                int operations = 1 + random.nextInt(200);
                disks.set(
                        disk -> {
                            disk.crashAfter(operations);
                            disk.writeFailures(faulty ? 0.05 : 0);
                            disk.syncFailures(faulty ? 0.1 : 0);
                            disk.namesFailures(faulty ? 0.1 : 0);
                        });
                try {
                    for (int turn = 0; turn < TURNS; turn++) {
                        act();
                    }
                } catch (Crash crash) {
                    crashes++;
                }
                boolean machine = random.nextBoolean();
                waiting.clear();
                disks.set(disk -> calm(disk, machine));
                disks.set(disk -> {});
                open();
                check(machine);
            }
        }

        private void calm(SimulatedDisk disk, boolean machine) {
            disk.writeFailures(0);
            disk.syncFailures(0);
            disk.namesFailures(0);
            if (machine) {
                disk.restart();
            } else {
                disk.restartProcess();
            }
        }

        private void act() {
            long segment = 1 + random.nextInt(SEGMENTS);
            List<Copy> all = copies.get(segment);
            try {
                switch (random.nextInt(12)) {
                    case 0 -> begin(segment, all);
                    case 1 -> drop(segment, all);
                    case 2, 3 -> sync();
                    default -> write(all);
                }
            } catch (IOException failure) {
                failures++;
            }
        }

        private void begin(long segment, List<Copy> all) throws IOException {
            all.add(new Copy(segment, ++incarnations));
            write(all);
        }

        private void drop(long segment, List<Copy> all) throws IOException {
            all.forEach(copy -> copy.seen = 0);
            all.forEach(copy -> copy.safe = 0);
            waiting.removeIf(step -> step.segment() == segment);
            backups.drop(MASTER, segment, Long.MAX_VALUE);
        }

        /** The next step of the newest copy, or the last one again. */
        private void write(List<Copy> all) throws IOException {
            if (all.isEmpty() || all.getLast().last().hasEnded()) {
                return;
            }
            Copy copy = all.getLast();
            int sequence = copy.states.size();
            TestEntries entries = new TestEntries();
            for (int count = random.nextInt(8); count >= 0; count--) {
                entries.object(1, random.nextInt(100));
            }
            MemorySegment memory = entries.memory();
            boolean isNoted = random.nextInt(3) == 0;
            boolean ends = random.nextInt(6) == 0;
            long noteNumber = isNoted ? ++notes : 0;
            Item last = copy.last();
            copy.states.add(
                    new Item(
                            copy.segment,
                            copy.incarnation,
                            isNoted ? noteNumber : last.noteNumber(),
                            last.bytes() + (int) memory.byteSize(),
                            ends));
            Step step =
                    new Step(
                            MASTER,
                            copy.segment,
                            copy.incarnation,
                            sequence,
                            last.bytes(),
                            ends,
                            noteNumber,
                            isNoted ? note(noteNumber) : MemorySegment.NULL,
                            memory);
            Outcome outcome = backups.write(step);
            if (outcome == Outcome.DONE) {
                waiting.add(step);
                if (random.nextInt(5) == 0) {
                    assertThat(backups.write(step)).isEqualTo(Outcome.DONE);
                }
                if (!backups.needsSync()) {
                    copy.seen = sequence + 1;
                }
            }
        }

        private MemorySegment note(long number) {
            return MemorySegment.ofArray(("note " + number).getBytes());
        }

        private void sync() {
            backups.sync();
            for (Step step : waiting) {
                if (backups.has(step)) {
                    Copy copy =
                            copies.get(step.segment()).stream()
                                    .filter(each -> each.incarnation == step.incarnation())
                                    .findFirst()
                                    .orElseThrow();
                    int steps = (int) step.sequence() + 1;
                    copy.seen = Math.max(copy.seen, steps);
                    copy.safe = Math.max(copy.safe, steps);
                }
            }
            waiting.clear();
        }

        private void check(boolean machine) throws IOException {
            int steps = 0;
            while (!backups.prepareList(MASTER)) {
                assertThat(++steps).isLessThan(2 * SEGMENTS);
            }
            Listing listing = backups.list(MASTER, 0);
            long newest = 0;
            for (long segment = 1; segment <= SEGMENTS; segment++) {
                List<Copy> all = copies.get(segment);
                Item item = find(listing, segment);
                check(all, item, machine);
                newest = Math.max(newest, item == null ? 0 : item.noteNumber());
                // What was read is safe.
                all.removeIf(copy -> item == null || copy.incarnation != item.incarnation());
                for (Copy copy : all) {
                    int there = copy.states.indexOf(item) + 1;
                    shortened += there < copy.states.size() ? 1 : 0;
                    copy.seen = there;
                    copy.safe = there;
                    assertThat(backups.write(again(item))).isEqualTo(Outcome.MISSING);
                }
            }
            assertThat(listing.noteNumber()).isEqualTo(newest);
            if (newest > 0) {
                assertThat(listing.note()).asString().isEqualTo("note " + newest);
            }
        }

        private Step again(Item item) {
            return new Step(
                    MASTER,
                    item.segment(),
                    item.incarnation(),
                    0,
                    0,
                    false,
                    0,
                    MemorySegment.NULL,
                    MemorySegment.NULL);
        }

        private Item find(Listing listing, long segment) {
            return listing.replicas().stream()
                    .filter(item -> item.segment() == segment)
                    .findFirst()
                    .orElse(null);
        }

        private void check(List<Copy> all, Item item, boolean machine) throws IOException {
            long least = 0;
            for (Copy copy : all) {
                int steps = machine ? copy.safe : copy.seen;
                least = steps > 0 ? copy.incarnation : least;
                if (item != null && item.incarnation() == copy.incarnation) {
                    assertThat(copy.states).contains(item);
                    assertThat(copy.states.indexOf(item) + 1).isGreaterThanOrEqualTo(steps);
                    survived += steps > 0 ? 1 : 0;
                }
            }
            assertThat(item == null ? 0 : item.incarnation()).isGreaterThanOrEqualTo(least);
            if (item != null) {
                int[] bytes = new int[1];
                int next =
                        backups.read(
                                MASTER,
                                item.segment(),
                                item.incarnation(),
                                0,
                                (table, hash) -> true,
                                (memory, offset, length) -> {
                                    bytes[0] += length;
                                    return true;
                                });
                assertThat(next).isZero();
                assertThat(bytes[0]).isEqualTo(item.bytes());
            }
        }
    }
}
