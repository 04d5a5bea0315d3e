package io.silkstone.benchmarks.write;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

import io.silkstone.harness.Tool;
import io.silkstone.harness.Workplace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.HdrHistogram.Histogram;

/**
 * What a disk takes for the least that anybody asks of it: a small record at the end of a file,
 * made safe ({@code fdatasync}). Who answers one write after that, and not before, takes no less.
 */
final class DiskProbe {
    /** A header of 8 bytes and an entry of 200. */
    private static final int RECORD_BYTES = 208;

    private static final long NANOS_MAX = 60_000_000_000L;

    private static final Duration SETTLE_MAX = Duration.ofMinutes(1);

    private final Workplace workplace;
    private final Path folder;

    /** Of the file system that {@code workplace} is on. */
    DiskProbe(Workplace workplace) {
        this.workplace = workplace;
        folder = workplace.newFolder("disk");
    }

    /** What kind of file system that is. */
    String kind() throws IOException {
        return Files.getFileStore(folder).type();
    }

    /**
     * Has the file system write what servers have left to it (with {@code sync}, where that is
     * installed): else whoever asks it to make something safe next waits for that as well.
     */
    void settle() throws IOException, InterruptedException {
        Optional<Tool> sync = Tool.find("sync");
        if (sync.isPresent()) {
            Tool.run(workplace, folder, SETTLE_MAX, sync.get().with("-f", folder.toString()));
        }
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
