package io.silkstone.store.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.base.disk.Disk;
import io.silkstone.base.disk.simulation.SimulatedDisk;
import io.silkstone.store.backup.SegmentFiles.Kept;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class SegmentFileTest {
    private static final long SALT = 0x1122_3344_5566_7788L;
    private static final String NAME = "segment-0000000000000123";

    /** What the layout was when there first were such files; they must stay readable. */
    private static final String FORMAT_1 =
            """
            53494c4b5345474d 2301000000000000 8877665544332211 01000000 ac3ce55e
            8877665544332211 5b1ebabd 03000000 0700000000000000 00000000 02000000
            6e6f740000000000
            8877665544332211 eb34b8bb 0b000000 0000000000000000 00000000 01000000
            68656c6c6f20776f 726c640000000000
            8877665544332211 acf95859 01000000 0b00000000000000 78000000 01000000
            2100000000000000
            8877665544332211 63084d83 00000000 0000000000000000 a0000000 03000000
            """;

    /** That of copies of other servers' segments, since there first were any. */
    private static final String FORMAT_2 =
            """
            53494c4b5345474d 2301000000000000 8877665544332211 02000000 95b5c73c
            8877665544332211 1abb309d 26000000 0000000000000000 00000000 04000000
            0900000000000000 0700000000000000 03000000 00000000
            6e6f7468656c6c6f 20776f726c640000
            8877665544332211 4632c48a 19000000 0b00000000000000 68000000 04000000
            0900000000000000 0000000000000000 00000000 01000000
            2100000000000000
            8877665544332211 a8a7ff5a 00000000 0000000000000000 a8000000 03000000
            """;

    private final SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));

    private static MemorySegment bytes(String text) {
        return MemorySegment.ofArray(text.getBytes());
    }

    private static String text(Kept kept) {
        return new String(kept.contents().toArray(ValueLayout.JAVA_BYTE));
    }

    private byte[] written() throws IOException {
        SegmentFiles files = SegmentFiles.open(disk, () -> SALT);
        files.begin(0x123);
        files.note(0x123, 7, "not".getBytes());
        files.append(0x123, 0, bytes("hello world"));
        files.sync();
        files.append(0x123, 11, bytes("!"));
        files.end(0x123);
        files.sync();
        return disk.read(NAME);
    }

    private byte[] steps() throws IOException {
        SegmentFiles files = SegmentFiles.open(disk, () -> SALT);
        files.begin(0x123, 9);
        files.step(0x123, 0, bytes("hello world"), 7, bytes("not"), false);
        files.sync();
        files.step(0x123, 11, bytes("!"), 0, MemorySegment.NULL, true);
        files.sync();
        return disk.read(NAME);
    }

    @Test
    void layout_isTheOneThatFilesHave() throws IOException {
        assertThat(HexFormat.of().formatHex(written())).isEqualTo(FORMAT_1.replaceAll("\\s", ""));
        disk.delete(NAME);
        assertThat(HexFormat.of().formatHex(steps())).isEqualTo(FORMAT_2.replaceAll("\\s", ""));
    }

    @Test
    void scan_ofSteps_hasTheIncarnationAndTheEnd() throws IOException {
        Kept kept = SegmentFile.scan(steps(), 0x123, "here").kept();

        assertThat(text(kept)).isEqualTo("hello world!");
        assertThat(kept.incarnation()).isEqualTo(9);
        assertThat(kept.hasEnded()).isTrue();
        assertThat(kept.noteNumber()).isEqualTo(7);
        assertThat(kept.note()).asString().isEqualTo("not");
    }

    @Test
    void scan_ofStepsCutAtAnyByte_hasEachStepAltogetherOrNotAtAll() throws IOException {
        byte[] file = steps();
        for (int length = SegmentFile.HEADER_BYTES; length < file.length; length++) {
            Kept kept = SegmentFile.scan(Arrays.copyOf(file, length), 0x123, "here").kept();

            boolean hasFirst = length >= 104;
            boolean hasLast = length >= 168;
            String expected = hasLast ? "hello world!" : hasFirst ? "hello world" : "";
            assertThat(text(kept)).as("cut at %d", length).isEqualTo(expected);
            assertThat(kept.incarnation()).as("cut at %d", length).isEqualTo(hasFirst ? 9 : 0);
            assertThat(kept.noteNumber()).as("cut at %d", length).isEqualTo(hasFirst ? 7 : 0);
            assertThat(kept.hasEnded()).as("cut at %d", length).isEqualTo(hasLast);
        }
    }

    @Test
    void scan_ofWhatWasWritten_hasItAll() throws IOException {
        SegmentFile.Scan scan = SegmentFile.scan(written(), 0x123, "here");

        assertThat(text(scan.kept())).isEqualTo("hello world!");
        assertThat(scan.kept().noteNumber()).isEqualTo(7);
        assertThat(scan.kept().note()).asString().isEqualTo("not");
        assertThat(scan.kept().isTorn()).isFalse();
        assertThat(scan.end()).isEqualTo(160);
        assertThat(scan.safe()).isEqualTo(160);
    }

    @Test
    void scan_ofAnotherFormat_isRefusedInASentence() throws IOException {
        byte[] file = written();
        ByteBuffer header = SegmentFile.of(file);
        header.putInt(24, 3);
        header.putInt(28, crc(Arrays.copyOf(file, 28)));

        assertThatThrownBy(() -> SegmentFile.scan(file, 0x123, "here"))
                .isNotInstanceOf(DamagedReplica.class)
                .hasMessageContaining("here/" + NAME + " is of format 3");
    }

    private static int crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    @Test
    void scan_underAnotherName_isRefused() throws IOException {
        byte[] file = written();
        assertThatThrownBy(() -> SegmentFile.scan(file, 0x124, "here"))
                .isInstanceOf(DamagedReplica.class)
                .hasMessageContaining("it is the copy of segment 291");
    }

    @Test
    void scan_cutAtAnyByte_hasAllFramesBeforeTheCut() throws IOException {
        byte[] file = written();
        for (int length = SegmentFile.HEADER_BYTES; length < file.length; length++) {
            Kept kept = SegmentFile.scan(Arrays.copyOf(file, length), 0x123, "here").kept();

            String expected = length < 120 ? "" : length < 160 ? "hello world" : "hello world!";
            assertThat(text(kept)).as("cut at %d", length).isEqualTo(expected);
            boolean isWhole = length == 32 || length == 72 || length == 120 || length == 160;
            assertThat(kept.isTorn()).as("cut at %d", length).isEqualTo(!isWhole);
        }
        for (int length = 0; length < SegmentFile.HEADER_BYTES; length++) {
            assertThat(SegmentFile.scan(Arrays.copyOf(file, length), 0x123, "here").begun())
                    .isFalse();
        }
    }

    @Test
    void scan_anyBitFlippedThatWasSafe_isDamagedFromThereOn() throws IOException {
        byte[] whole = written();
        for (int bit = 0; bit < 160 * Byte.SIZE; bit++) {
            byte[] file = flipped(whole, bit);
            int at = bit / Byte.SIZE;
            int broken = at < 32 ? 0 : at < 72 ? 32 : at < 120 ? 72 : 120;
            assertThatThrownBy(() -> SegmentFile.scan(file, 0x123, "here"))
                    .as("bit %d", bit)
                    .isInstanceOf(DamagedReplica.class)
                    .hasMessageContaining(NAME)
                    .hasMessageContaining("from byte " + broken + " on");
        }
    }

    @Test
    void scan_anyBitOfTheLastFrameFlipped_isATornEnd() throws IOException {
        byte[] whole = written();
        for (int bit = 160 * Byte.SIZE; bit < whole.length * Byte.SIZE; bit++) {
            Kept kept = SegmentFile.scan(flipped(whole, bit), 0x123, "here").kept();
            assertThat(text(kept)).isEqualTo("hello world!");
            assertThat(kept.isTorn()).isTrue();
        }
    }

    private static byte[] flipped(byte[] whole, int bit) {
        byte[] file = whole.clone();
        file[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
        return file;
    }

    @Test
    void scan_ofAFileWithAFileInIt_believesTheOuterOneOnly() throws IOException {
        byte[] inner = written();
        SegmentFiles files = SegmentFiles.open(disk, new SplittableRandom(2));
        files.begin(5);
        files.sync();
        files.append(5, 0, MemorySegment.ofArray(inner));
        byte[] outer = disk.read("segment-0000000000000005");

        for (int at = 64; at < outer.length; at += 8) {
            byte[] torn = outer.clone();
            Arrays.fill(torn, 32, at, (byte) 0);
            SegmentFile.Scan scan = SegmentFile.scan(torn, 5, "here");
            assertThat(scan.end()).isEqualTo(SegmentFile.HEADER_BYTES);
            assertThat(scan.kept().contents().byteSize()).isZero();
        }
    }

    @Test
    void scan_onBlocksOfAnotherCopy_believesItsOwnFramesOnly() throws IOException {
        byte[] other = written();
        SegmentFiles files = SegmentFiles.open(disk, new SplittableRandom(2));
        files.begin(0x123);
        byte[] torn = Arrays.copyOf(disk.read(NAME + ".new"), other.length);
        System.arraycopy(other, 32, torn, 32, other.length - 32);

        SegmentFile.Scan scan = SegmentFile.scan(torn, 0x123, "here");

        assertThat(scan.end()).isEqualTo(SegmentFile.HEADER_BYTES);
        assertThat(scan.kept().isTorn()).isTrue();
    }

    @Test
    void names_areThoseOfSegmentsOnly() {
        List<String> others =
                List.of("lock", "segment-", "segment-12", NAME + "0", NAME + ".new", "x" + NAME);
        assertThat(SegmentFile.name(0x123)).isEqualTo(NAME);
        assertThat(SegmentFile.segment(NAME)).isEqualTo(0x123);
        assertThat(others).allMatch(name -> SegmentFile.segment(name) == -1);
        assertThat(SegmentFile.isUnfinished(SegmentFile.unfinishedName(0x123))).isTrue();
        assertThat(List.of(NAME, ".new", "x.new")).noneMatch(SegmentFile::isUnfinished);
    }

    @Test
    void frame_ofAnotherPlaceInTheFile_isNotWhole() throws IOException {
        byte[] file = written();
        try (Disk.Writer writer = disk.open(NAME)) {
            writer.write(192, ByteBuffer.wrap(file, 120, 40));
        }
        assertThat(text(SegmentFile.scan(disk.read(NAME), 0x123, "here").kept()))
                .isEqualTo("hello world!");
    }
}
