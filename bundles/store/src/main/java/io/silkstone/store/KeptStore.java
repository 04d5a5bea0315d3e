package io.silkstone.store;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.base.EpochClock;
import io.silkstone.base.NanoClock;
import io.silkstone.base.disk.FileDisk;
import io.silkstone.store.backup.SegmentFiles;
import io.silkstone.store.durable.Flush;
import io.silkstone.store.durable.KeptLog;
import io.silkstone.store.durable.LogKeeper;
import io.silkstone.store.memory.Backoff;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.random.RandomGenerator;

/**
 * A store whose log is in a directory, with the thread that keeps it there. Opening it takes as
 * long as reading what is in the directory and writing it anew, and needs as much free disk.
 */
public final class KeptStore implements AutoCloseable {
    private static final String OWNER = "a store";
    private static final String THREAD = "silkstone-store-log-0";

    private final Store store;
    private final LogKeeper keeper;
    private final DiskThread thread;

    private KeptStore(Store store, LogKeeper keeper) {
        this.store = store;
        this.keeper = keeper;
        thread = new DiskThread(THREAD, keeper);
    }

    /**
     * Opens the store with all that is in {@code directory}, which is made if it is not there.
     *
     * @param flush any but OFF
     * @param intervalNanos between two syncs with {@link Flush#INTERVAL}
     * @param options with or without tombstones, which it needs anyway
     * @throws IOException when another process has the directory, what is in it is damaged, or does
     *     not fit into memory; the message is for operators
     */
    public static KeptStore open(
            Path directory,
            Flush flush,
            long intervalNanos,
            StoreOptions options,
            NanoClock nanoClock,
            EpochClock clock,
            RandomGenerator random,
            MetricRegistry metrics,
            Backoff backoff)
            throws IOException {
        SegmentFiles files = filesIn(directory, random);
        LogKeeper keeper;
        KeptLog kept;
        try {
            kept = KeptLog.of(files);
            keeper = new LogKeeper(files, flush, intervalNanos, kept, nanoClock, metrics);
        } catch (IOException | RuntimeException e) {
            files.close();
            throw e;
        }
        StoreOptions wanted = options.withTombstones(true);
        Store store = Store.open(wanted, nanoClock, clock, random, metrics, backoff, kept, keeper);
        KeptStore opened = new KeptStore(store, keeper);
        opened.thread.start();
        return opened;
    }

    private static SegmentFiles filesIn(Path directory, RandomGenerator random) throws IOException {
        FileDisk disk = FileDisk.open(directory, OWNER);
        try {
            return SegmentFiles.open(disk, random);
        } catch (IOException | RuntimeException e) {
            disk.close();
            throw e;
        }
    }

    /**
     * Makes sure that no log is forgotten.
     *
     * @throws IOException when there is one in {@code directory}; the message is for operators
     */
    static void requireNone(Path directory, RandomGenerator random) throws IOException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (SegmentFiles files = filesIn(directory, random)) {
            if (files.segments().length > 0) {
                throw new IOException(
                        "log.flush is OFF, but "
                                + directory
                                + " holds a log that would be forgotten: set log.flush, or move the"
                                + " directory away");
            }
        }
    }

    /** The store. */
    public Store store() {
        return store;
    }

    /** How its log is kept. */
    LogKeeper keeper() {
        return keeper;
    }

    /** Ends the store when all that was written is settled, as far as the disk lets it. */
    @Override
    public void close() {
        keeper.stop();
        thread.end(store::close);
    }
}
