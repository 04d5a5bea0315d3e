package io.silkstone.benchmarks.write;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.HdrHistogram.Histogram;

/**
 * What a disk takes for the least that anybody asks of it: a small record at the end of a file,
 * made safe ({@code fdatasync}). Who answers one write after that, and not before, takes no less.
 */
final class DiskProbe {
    /** A header of 8 bytes and an entry of 200. */
    private static final int RECORD_BYTES = 208;

    private static final long NANOS_MAX = 60_000_000_000L;

    private final Path folder;

    /** Of the file system that {@code folder} is on. */
    DiskProbe(Path folder) {
        this.folder = folder;
    }

    /** What kind of file system that is. */
    String kind() throws IOException {
        return Files.getFileStore(folder).type();
    }

    /** Appends records for {@code nanos}, one after the other; returns what each took. */
    Histogram run(long nanos) throws IOException {
        Histogram latencies = new Histogram(NANOS_MAX, 3);
        Path file = folder.resolve("probe");
        ByteBuffer record = ByteBuffer.allocateDirect(RECORD_BYTES);
        try (FileChannel channel = FileChannel.open(file, CREATE_NEW, WRITE)) {
            long start = System.nanoTime();
            long now = start;
            while (now - start < nanos) {
                long began = now;
                channel.write(record.clear());
                channel.force(false);
                now = System.nanoTime();
                latencies.recordValue(Math.clamp(now - began, 1, NANOS_MAX));
            }
        } finally {
            Files.deleteIfExists(file);
        }
        return latencies;
    }
}
