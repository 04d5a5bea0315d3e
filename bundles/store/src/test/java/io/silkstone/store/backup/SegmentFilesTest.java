package io.silkstone.store.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.base.disk.Disk;
import io.silkstone.base.disk.FileDisk;
import io.silkstone.base.disk.simulation.SimulatedDisk;
import io.silkstone.store.backup.SegmentFiles.Kept;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentFilesTest {
    private static final int SEEDS = 200;

    private final SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));

    private static SegmentFiles open(Disk disk) throws IOException {
        return SegmentFiles.open(disk, new SplittableRandom(7));
    }

    private static MemorySegment bytes(String text) {
        return MemorySegment.ofArray(text.getBytes());
    }

    private static String text(SegmentFiles files, long segment) throws IOException {
        return new String(files.read(segment).contents().toArray(ValueLayout.JAVA_BYTE));
    }

    private static void write(SegmentFiles files, long segment, String text) throws IOException {
        files.begin(segment);
        files.append(segment, 0, bytes(text));
    }

    @Test
    void open_onNothing_hasNothing() throws IOException {
        SegmentFiles files = open(disk);
        assertThat(files.segments()).isEmpty();
        assertThat(files.failed()).isEmpty();
        assertThat(files.bytes()).isZero();
        files.sync();
        assertThat(disk.names()).isEmpty();
    }

    @Test
    void open_again_hasTheNewestOfEachSegment() throws IOException {
        SegmentFiles files = open(disk);
        write(files, 12, "twelve");
        write(files, 3, "three");
        files.note(3, 1, "first".getBytes());
        files.append(3, 5, bytes("!"));
        files.note(3, 2, "second".getBytes());
        files.sync();
        disk.restart();

        SegmentFiles again = open(disk);

        assertThat(again.segments()).containsExactly(3, 12);
        assertThat(text(again, 12)).isEqualTo("twelve");
        assertThat(again.read(12).note()).isNull();
        Kept kept = again.read(3);
        assertThat(text(again, 3)).isEqualTo("three!");
        assertThat(kept.noteNumber()).isEqualTo(2);
        assertThat(kept.note()).asString().isEqualTo("second");
        assertThat(again.bytes()).isEqualTo(files.bytes());
    }

    @Test
    void open_afterTheProcessAloneEnded_hasWhatWasNeverSynchronised() throws IOException {
        SegmentFiles files = open(disk);
        write(files, 1, "one");
        disk.restartProcess();

        assertThat(text(open(disk), 1)).isEqualTo("one");
    }

    @Test
    void open_filesOfOthers_areLeftAlone() throws IOException {
        disk.open("segment-list").close();
        disk.open("segment-0000000000000001.old").close();
        SegmentFiles files = open(disk);
        files.sync();

        assertThat(files.segments()).isEmpty();
        assertThat(disk.names()).hasSize(2);
    }

    @Test
    void open_whatNeverCameToBe_isRemovedByTheNextSync() throws IOException {
        SegmentFiles before = open(disk);
        write(before, 1, "one");
        before.sync();
        before.begin(1);
        before.begin(2);
        disk.cut("segment-0000000000000002", 31);
        disk.restartProcess();

        SegmentFiles files = open(disk);
        assertThat(files.segments()).containsExactly(1);
        assertThat(disk.names()).hasSize(3);
        files.sync();

        assertThat(disk.names()).containsExactly("segment-0000000000000001");
        assertThat(text(files, 1)).isEqualTo("one");
    }

    @Test
    void open_headerDamaged_keepsTheFileAndRefusesToReadIt() throws IOException {
        SegmentFiles before = open(disk);
        write(before, 1, "one");
        before.sync();
        before.append(1, 3, bytes("more"));
        disk.flip("segment-0000000000000001", 130);

        SegmentFiles files = open(disk);
        files.sync();

        assertThat(files.segments()).containsExactly(1);
        assertThatThrownBy(() -> files.read(1))
                .isInstanceOf(DamagedReplica.class)
                .hasMessageContaining("simulated/segment-0000000000000001")
                .hasMessageContaining("byte 0");
    }

    @Test
    void begin_again_takesThePlaceInTheNextSync() throws IOException {
        for (int operations = 0; operations < 12; operations++) {
            SimulatedDisk machine = new SimulatedDisk(new SplittableRandom(operations));
            SegmentFiles files = open(machine);
            write(files, 1, "before");
            files.sync();
            machine.crashAfter(operations);
            boolean synced = false;
            try {
                write(files, 1, "before and");
                files.append(1, 10, bytes(" after"));
                files.sync();
                synced = true;
            } catch (SimulatedDisk.Crash crash) {
                machine.crashAfter(Long.MAX_VALUE / 2);
            }
            machine.restart();

            String seen = text(open(machine), 1);

            assertThat(seen).isIn("before", "before and after");
            assertThat(synced && seen.equals("before")).as("synced and lost").isFalse();
        }
    }

    @Test
    void append_withoutBegin_orAtAnotherOffset_isAMistake() throws IOException {
        SegmentFiles files = open(disk);
        write(files, 1, "one");
        files.sync();
        SegmentFiles again = open(disk);

        assertThatThrownBy(() -> files.append(2, 0, bytes("x")))
                .hasMessageContaining("no copy of segment 2");
        assertThatThrownBy(() -> files.append(1, 4, bytes("x")))
                .hasMessageContaining("ends at 3, what is added begins at 4");
        assertThatThrownBy(() -> again.append(1, 3, bytes("x")))
                .hasMessageContaining("no copy of segment 1");
    }

    @Test
    void append_afterAFailedWrite_isRefusedUntilBegunAgain() throws IOException {
        SegmentFiles files = open(disk);
        write(files, 1, "one");
        write(files, 2, "two");
        files.sync();
        disk.writeFailures(1);
        assertThatThrownBy(() -> files.append(1, 3, bytes("more"))).hasMessageContaining("Input");
        disk.writeFailures(0);

        assertThat(files.failed()).containsExactly(1);
        assertThatThrownBy(() -> files.append(1, 3, bytes("more")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("begun again");
        assertThatThrownBy(() -> files.end(1)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> files.read(1)).isInstanceOf(IOException.class);
        files.append(2, 3, bytes("more"));
        files.sync();

        write(files, 1, "onemore");
        assertThat(files.failed()).isEmpty();
        files.sync();
        disk.restart();
        assertThat(text(open(disk), 1)).isEqualTo("onemore");
        assertThat(text(open(disk), 2)).isEqualTo("twomore");
    }

    @Test
    void append_onAFullDisk_failsAndLosesNothingThatWasSafe() throws IOException {
        SegmentFiles files = open(disk);
        write(files, 1, "one");
        files.sync();
        disk.capacity(files.bytes() + 10);
        MemorySegment much = MemorySegment.ofArray(new byte[2 * Copy.AHEAD_BYTES]);
        assertThatThrownBy(() -> files.append(1, 3, much)).hasMessageContaining("space");
        assertThatThrownBy(() -> write(files, 1, "onemore")).hasMessageContaining("space");
        assertThatThrownBy(() -> files.begin(2)).hasMessageContaining("space");
        assertThat(files.failed()).containsExactly(1, 2);
        assertThat(disk.names()).hasSize(3);

        disk.capacity(4 * Copy.AHEAD_BYTES);
        write(files, 1, "onemore");
        files.drop(2);
        files.sync();

        assertThat(files.failed()).isEmpty();
        assertThat(disk.names()).containsExactly("segment-0000000000000001");
        disk.restart();
        assertThat(text(open(disk), 1)).isEqualTo("onemore");
    }

    @Test
    void sync_ofLittle_hasRoomForWhatComesNext() throws IOException {
        SegmentFiles files = open(disk);
        write(files, 1, "one");
        long length = files.bytes();
        files.sync();
        long longer = files.bytes();
        assertThat(longer).isGreaterThanOrEqualTo(length + Copy.AHEAD_BYTES);
        for (int count = 0; count < 10; count++) {
            files.append(1, 3 + count, bytes("!"));
            files.sync();
        }
        assertThat(files.bytes()).isEqualTo(longer);
        assertThat(files.bytes()).isEqualTo(disk.length("segment-0000000000000001"));
        disk.restart();

        SegmentFiles again = open(disk);
        assertThat(again.bytes()).isEqualTo(longer);
        assertThat(text(again, 1)).isEqualTo("one!!!!!!!!!!");
        assertThat(again.read(1).isTorn()).isFalse();
    }

    @Test
    void sync_ofMuch_orOfWhatHasEnded_hasNoRoomLeft() throws IOException {
        SegmentFiles files = open(disk);
        files.begin(1);
        files.append(1, 0, MemorySegment.ofArray(new byte[Copy.AHEAD_BYTES]));
        write(files, 2, "two");
        files.end(2);
        long length = files.bytes();
        files.sync();
        assertThat(files.bytes()).isEqualTo(length + Frame.HEADER_BYTES);

        write(files, 3, "three");
        files.sync();
        files.end(3);
        files.sync();
        long bytes = 0;
        for (String name : disk.names()) {
            bytes += disk.length(name);
        }
        assertThat(files.bytes()).isEqualTo(bytes).isLessThan(2 * Copy.AHEAD_BYTES);
    }

    @Test
    void sync_thatFailed_isNotBelievedLater() throws IOException {
        for (int seed = 0; seed < SEEDS; seed++) {
            SimulatedDisk machine = new SimulatedDisk(new SplittableRandom(seed));
            SegmentFiles files = open(machine);
            write(files, 1, "one");
            files.sync();
            files.append(1, 3, bytes("more"));
            machine.syncFailures(1);
            assertThatThrownBy(files::sync).isInstanceOf(IOException.class);
            machine.syncFailures(0);
            assertThat(files.failed()).containsExactly(1);

            write(files, 1, "onemore");
            files.sync();

            machine.restart();
            assertThat(text(open(machine), 1)).isEqualTo("onemore");
        }
    }

    @Test
    void sync_namesFail_newCopiesAreNotBelieved() throws IOException {
        SegmentFiles files = open(disk);
        write(files, 1, "one");
        files.sync();
        write(files, 2, "two");
        files.append(1, 3, bytes("more"));
        disk.namesFailures(1);
        assertThatThrownBy(files::sync).isInstanceOf(IOException.class);
        disk.namesFailures(0);

        assertThat(files.failed()).containsExactly(2);
        write(files, 2, "two");
        files.sync();
        disk.restart();
        assertThat(text(open(disk), 1)).isEqualTo("onemore");
        assertThat(text(open(disk), 2)).isEqualTo("two");
    }

    @Test
    void sync_nothingNew_asksNothingOfTheDisk() throws IOException {
        SegmentFiles files = open(disk);
        write(files, 1, "one");
        files.sync();
        long before = disk.operations();
        files.sync();
        assertThat(disk.operations()).isEqualTo(before);
    }

    @Test
    void end_closesWhenSafe_andMoreMayCome() throws IOException {
        SegmentFiles files = open(disk);
        write(files, 1, "one");
        files.end(1);
        files.sync();
        files.append(1, 3, bytes("more"));
        files.sync();
        long before = disk.operations();
        files.sync();
        assertThat(disk.operations()).isEqualTo(before);
        disk.restart();

        assertThat(text(open(disk), 1)).isEqualTo("onemore");
    }

    @Test
    void drop_afterSync_staysAway() throws IOException {
        SegmentFiles files = open(disk);
        write(files, 1, "one");
        write(files, 2, "two");
        files.sync();
        files.drop(1);
        files.drop(1);
        files.drop(9);
        files.sync();

        assertThat(files.segments()).containsExactly(2);
        assertThat(files.bytes()).isEqualTo(disk.length("segment-0000000000000002"));
        disk.restart();
        assertThat(open(disk).segments()).containsExactly(2);
    }

    @Test
    void drop_whatWasToBeReplaced_removesBoth() throws IOException {
        SegmentFiles files = open(disk);
        write(files, 1, "one");
        files.sync();
        files.begin(1);
        files.drop(1);

        assertThat(disk.names()).isEmpty();
        assertThat(files.bytes()).isZero();
    }

    @Test
    void drop_thatFailed_canBeRepeated() throws IOException {
        for (int seed = 0; seed < SEEDS; seed++) {
            SimulatedDisk machine = new SimulatedDisk(new SplittableRandom(seed));
            SegmentFiles files = open(machine);
            write(files, 1, "one");
            files.sync();
            machine.namesFailures(1);
            assertThatThrownBy(() -> files.drop(1)).isInstanceOf(IOException.class);
            machine.namesFailures(0);
            assertThat(files.failed()).containsExactly(1);

            files.drop(1);
            files.sync();

            assertThat(files.failed()).isEmpty();
            machine.restart();
            assertThat(machine.names()).isEmpty();
        }
    }

    @Test
    void step_ofAFileThatIsTooLong_isRefusedAsTheDiskWould() throws IOException {
        SegmentFiles files = open(disk);
        files.begin(1, 1);
        MemorySegment much = MemorySegment.ofArray(new byte[SegmentFiles.FILE_BYTES_MAX]);

        assertThatThrownBy(() -> files.step(1, 0, much, 0, MemorySegment.NULL, false))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("too long");
    }

    @Test
    void leave_whatTheDiskFailed_showsWhatCanBeRead() throws IOException {
        SegmentFiles files = open(disk);
        files.begin(1, 5);
        files.step(1, 0, bytes("one"), 1, bytes("note"), false);
        disk.writeFailures(1);
        assertThatThrownBy(() -> files.step(1, 3, bytes("two"), 0, MemorySegment.NULL, true))
                .isInstanceOf(IOException.class);
        disk.writeFailures(0);
        assertThatThrownBy(() -> files.read(1)).isInstanceOf(IOException.class);

        files.leave(1);

        assertThat(files.failed()).isEmpty();
        assertThat(text(files, 1)).isEqualTo("one");
        assertThat(files.read(1).incarnation()).isEqualTo(5);
        assertThat(files.read(1).hasEnded()).isFalse();
        assertThat(files.bytes()).isEqualTo(disk.length("segment-0000000000000001"));
        assertThatThrownBy(() -> files.step(1, 3, bytes("two"), 0, MemorySegment.NULL, true))
                .hasMessageContaining("has been begun");
    }

    @Test
    void leave_whatWasToTakeAnothersPlace_showsThatOne() throws IOException {
        SegmentFiles files = open(disk);
        write(files, 1, "one");
        files.sync();
        files.begin(1, 5);
        files.step(1, 0, bytes("two"), 0, MemorySegment.NULL, true);

        files.leave(1);
        files.sync();

        assertThat(text(files, 1)).isEqualTo("one");
        assertThat(disk.names()).containsExactly("segment-0000000000000001");
        assertThat(files.bytes()).isEqualTo(disk.length("segment-0000000000000001"));
    }

    @Test
    void leave_whatHasNoHeader_leavesNothing() throws IOException {
        SegmentFiles files = open(disk);
        disk.writeFailures(1);
        assertThatThrownBy(() -> files.begin(1, 5)).isInstanceOf(IOException.class);
        disk.writeFailures(0);

        files.leave(1);
        files.sync();

        assertThat(files.segments()).isEmpty();
        assertThat(files.bytes()).isZero();
        assertThat(disk.names()).isEmpty();
    }

    @Test
    void confirm_whatOnlyTheMachinesMemoryHad_makesItSafe() throws IOException {
        for (int seed = 0; seed < SEEDS; seed++) {
            SimulatedDisk machine = new SimulatedDisk(new SplittableRandom(seed));
            SegmentFiles before = open(machine);
            write(before, 1, "one");
            if (seed % 2 == 0) {
                before.sync();
            }
            before.append(1, 3, bytes("more"));
            if (seed % 3 == 0) {
                machine.syncFailures(1);
                assertThatThrownBy(before::sync).isInstanceOf(IOException.class);
                machine.syncFailures(0);
            }
            machine.restartProcess();
            SegmentFiles files = open(machine);
            assertThat(text(files, 1)).isEqualTo("onemore");

            files.confirm();

            machine.restart();
            assertThat(text(open(machine), 1)).as("seed %d", seed).isEqualTo("onemore");
        }
    }

    @Test
    void confirm_whatHasAMark_writesNothing() throws IOException {
        SegmentFiles before = open(disk);
        write(before, 1, "one");
        before.end(1);
        before.sync();
        SegmentFiles files = open(disk);
        files.read(1);
        long length = disk.length("segment-0000000000000001");
        disk.writeFailures(1);

        files.confirm();

        assertThat(disk.length("segment-0000000000000001")).isEqualTo(length);
    }

    @Test
    void files_onARealDisk_keepALargeSegment(@TempDir Path directory) throws IOException {
        int length = 8 << 20;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(length);
            SplittableRandom random = new SplittableRandom(3);
            for (long at = 0; at < length; at += Long.BYTES) {
                memory.set(ValueLayout.JAVA_LONG, at, random.nextLong());
            }
            try (SegmentFiles files = open(FileDisk.open(directory, "a store"))) {
                files.begin(1);
                files.append(1, 0, memory.asSlice(0, 1_000_003));
                files.sync();
                files.append(1, 1_000_003, memory.asSlice(1_000_003));
                files.note(1, 1, "note".getBytes());
                files.begin(2);
                files.end(1);
                files.sync();
                files.begin(1);
                files.append(1, 0, memory);
                files.drop(2);
                files.sync();
            }
            Files.writeString(directory.resolve("segment-0000000000000007.new"), "x");
            try (SegmentFiles files = open(FileDisk.open(directory, "a store"))) {
                assertThat(files.segments()).containsExactly(1);
                assertThat(files.read(1).contents().mismatch(memory)).isEqualTo(-1);
                assertThat(files.read(1).isTorn()).isFalse();
                files.confirm();
                files.sync();
                assertThat(files.bytes()).isEqualTo(length + 64);
            }
            try (var names = Files.list(directory)) {
                assertThat(names).hasSize(2);
            }
        }
    }
}
