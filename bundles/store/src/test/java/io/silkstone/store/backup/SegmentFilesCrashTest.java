package io.silkstone.store.backup;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.base.disk.simulation.SimulatedDisk;
import io.silkstone.base.disk.simulation.SimulatedDisk.Crash;
import io.silkstone.store.backup.SegmentFiles.Kept;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Copies through crashes of the process and of the machine, and faults of the disk. */
class SegmentFilesCrashTest {
    private static final int SEEDS = 400;
    private static final int PROCESSES = 5;
    private static final int SEGMENTS = 5;

    /** Runs that crash nowhere and fail in nothing would prove nothing. */
    private int crashes;

    private int failures;
    private int torn;
    private int confirmed;

    @Test
    void anySeed_crashesAndFaults_whatWasSafeIsThereByteForByte() {
        for (int seed = 0; seed < SEEDS; seed++) {
            try {
                new Life(seed).run();
            } catch (IOException | RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        assertThat(crashes).isGreaterThan(SEEDS);
        assertThat(failures).isGreaterThan(SEEDS);
        assertThat(torn).isGreaterThan(SEEDS / 20);
        assertThat(confirmed).isGreaterThan(SEEDS);
    }

    /** What is known of one segment and its copy. */
    private static final class Expected {
        /** Bytes that were ever appended, and those of the copy that is written now. */
        int written;

        int length;
        long note;

        /** What survives the end of the process, and of the machine. */
        int seen;

        long seenNote;
        int safe;
        long safeNote;

        /** The copy that is written now has yet to take the place of another. */
        boolean replaces;

        boolean isThere;
        boolean mayBeThere;
    }

    private final class Life {
        private final SplittableRandom random;
        private final SimulatedDisk disk;
        private final TreeMap<Long, Expected> segments = new TreeMap<>();
        private SegmentFiles files;
        private long notes;

        Life(long seed) {
            random = new SplittableRandom(seed);
            disk = new SimulatedDisk(random.split());
            for (long segment = 1; segment <= SEGMENTS; segment++) {
                segments.put(segment, new Expected());
            }
        }

        void run() throws IOException {
            files = SegmentFiles.open(disk, random);
            for (int process = 0; process < PROCESSES; process++) {
                disk.crashAfter(1 + random.nextInt(80));
                boolean faulty = random.nextInt(3) == 0;
                disk.writeFailures(faulty ? 0.05 : 0);
                disk.syncFailures(faulty ? 0.1 : 0);
                disk.namesFailures(faulty ? 0.1 : 0);
                disk.capacity(random.nextInt(4) == 0 ? capacity() : 1 << 20);
                try {
                    for (int turn = 0; turn < 60; turn++) {
                        act();
                    }
                } catch (Crash crash) {
                    crashes++;
                }
                disk.writeFailures(0);
                disk.syncFailures(0);
                disk.namesFailures(0);
                boolean machine = random.nextBoolean();
                endProcess(machine);
                check(machine);
                confirm();
            }
        }

        private int capacity() {
            return 8_000 + random.nextInt(3) * Copy.AHEAD_BYTES;
        }

        private void endProcess(boolean machine) throws IOException {
            if (machine) {
                disk.restart();
            } else {
                disk.restartProcess();
            }
            files = SegmentFiles.open(disk, random);
        }

        private void act() {
            long id = 1 + random.nextInt(SEGMENTS);
            Expected segment = segments.get(id);
            try {
                switch (random.nextInt(12)) {
                    case 0 -> begin(id, segment);
                    case 1 -> drop(id, segment);
                    case 2, 3 -> sync();
                    case 4 -> note(id, segment);
                    case 5 -> files.end(id);
                    default -> append(id, segment);
                }
            } catch (IllegalArgumentException notBegun) {
                assertThat(notBegun).hasMessageContaining("has been begun");
            } catch (IOException failure) {
                failures++;
            }
        }

        private void begin(long id, Expected segment) throws IOException {
            segment.replaces = segment.mayBeThere;
            segment.mayBeThere = true;
            segment.length = 0;
            segment.note = 0;
            files.begin(id);
            if (segment.written > 0) {
                append(id, segment, segment.written);
            }
            if (segment.seenNote > 0) {
                note(id, segment);
            }
        }

        private void append(long id, Expected segment) throws IOException {
            append(id, segment, 1 + random.nextInt(random.nextInt(4) == 0 ? 2_000 : 60));
        }

        private void append(long id, Expected segment, int bytes) throws IOException {
            int end = segment.length + bytes;
            segment.written = Math.max(segment.written, end);
            MemorySegment contents = MemorySegment.ofArray(contents(id, end));
            files.append(id, segment.length, contents.asSlice(segment.length));
            segment.length = end;
            wasSeen(segment);
        }

        private void note(long id, Expected segment) throws IOException {
            long number = ++notes;
            files.note(id, number, bytesOf(number));
            segment.note = number;
            wasSeen(segment);
        }

        private void wasSeen(Expected segment) {
            if (!segment.replaces) {
                segment.seen = segment.length;
                segment.seenNote = segment.note;
            }
        }

        private void drop(long id, Expected segment) throws IOException {
            segment.isThere = false;
            segment.seen = 0;
            segment.seenNote = 0;
            segment.safe = 0;
            segment.safeNote = 0;
            files.drop(id);
            segment.length = 0;
            segment.replaces = false;
        }

        private void sync() throws IOException {
            try {
                files.sync();
            } catch (IOException failure) {
                // Copies that did not fail may have taken their places.
                segments.values().forEach(segment -> segment.seen = segment.safe);
                segments.values().forEach(segment -> segment.seenNote = segment.safeNote);
                throw failure;
            }
            Set<Long> believed = new HashSet<>();
            Arrays.stream(files.segments()).forEach(believed::add);
            Arrays.stream(files.failed()).forEach(believed::remove);
            segments.forEach(
                    (id, segment) -> {
                        boolean listed = Arrays.binarySearch(files.segments(), id) >= 0;
                        if (believed.contains(id) && isBegun(id)) {
                            segment.replaces = false;
                            wasSeen(segment);
                            segment.safe = segment.length;
                            segment.safeNote = segment.note;
                            segment.isThere = true;
                        } else if (!listed) {
                            segment.mayBeThere = false;
                        }
                    });
        }

        /** Whether this process has begun it. */
        private boolean isBegun(long id) {
            try {
                files.append(id, -1, MemorySegment.NULL);
                return true;
            } catch (IOException | IllegalArgumentException e) {
                return e.getMessage().contains("what is added begins at -1");
            }
        }

        private void check(boolean machine) throws IOException {
            for (long id = 1; id <= SEGMENTS; id++) {
                Expected segment = segments.get(id);
                boolean listed = Arrays.binarySearch(files.segments(), id) >= 0;
                boolean isThere = segment.isThere || !machine && segment.seen > 0;
                if (!listed) {
                    assertThat(isThere).as("%d is missing", id).isFalse();
                    continue;
                }
                assertThat(segment.mayBeThere).as("%d is back", id).isTrue();
                Kept kept = files.read(id);
                torn += kept.isTorn() ? 1 : 0;
                int length = (int) kept.contents().byteSize();
                assertThat(length)
                        .as("length of %d", id)
                        .isBetween(machine ? segment.safe : segment.seen, segment.written);
                assertThat(kept.contents().toArray(ValueLayout.JAVA_BYTE))
                        .isEqualTo(contents(id, length));
                assertThat(kept.noteNumber())
                        .isBetween(machine ? segment.safeNote : segment.seenNote, notes);
                if (kept.note() != null) {
                    assertThat(kept.note()).isEqualTo(bytesOf(kept.noteNumber()));
                }
            }
        }

        /** What was read counts from now on, also after the machine has gone down. */
        private void confirm() throws IOException {
            files.confirm();
            confirmed++;
            for (long id = 1; id <= SEGMENTS; id++) {
                Expected segment = segments.get(id);
                segment.isThere = Arrays.binarySearch(files.segments(), id) >= 0;
                segment.mayBeThere = segment.isThere;
                Kept kept = segment.isThere ? files.read(id) : null;
                segment.length = kept == null ? 0 : (int) kept.contents().byteSize();
                segment.note = kept == null ? 0 : kept.noteNumber();
                segment.replaces = false;
                wasSeen(segment);
                segment.safe = segment.length;
                segment.safeNote = segment.note;
            }
            if (random.nextBoolean()) {
                endProcess(true);
                check(true);
            }
        }

        private byte[] contents(long segment, int length) {
            byte[] contents = new byte[length];
            for (int at = 0; at < length; at++) {
                contents[at] = (byte) (segment * 31 + at * 7 + at / 251);
            }
            return contents;
        }

        private byte[] bytesOf(long number) {
            return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
        }
    }
}
