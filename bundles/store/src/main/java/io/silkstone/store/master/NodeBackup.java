package io.silkstone.store.master;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.base.Checks;
import io.silkstone.base.NanoClock;
import io.silkstone.rpc.Rpc;
import io.silkstone.store.AgentLoop;
import io.silkstone.store.DiskThread;
import io.silkstone.store.backup.Backups;
import io.silkstone.store.backup.FileDisks;
import io.silkstone.store.durable.Flush;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;

/**
 * What a node keeps for other servers, in a directory of its home, and the thread that does it. A
 * thread of the operating system's: the disk would hold up a core and all that runs there.
 */
final class NodeBackup implements AutoCloseable {
    static final int INTERVAL_MS_MAX = 60_000;

    private static final String THREAD = "silkstone-backup-0";

    private final BackupService service;
    private final AgentLoop loop;
    private final DiskThread thread;

    /**
     * When what is written for others is safe.
     *
     * @param flush any but OFF
     * @param intervalMs between two syncs with {@link Flush#INTERVAL}
     */
    record Options(Flush flush, int intervalMs) {
        Options {
            Checks.require(
                    flush != Flush.OFF,
                    "backup.flush must be NEVER, INTERVAL or ALWAYS: table by table is decided"
                            + " whether there are replicas");
            Checks.inRange("backup.flush.interval.ms", intervalMs, 1, INTERVAL_MS_MAX);
        }
    }

    /**
     * Of what is in {@code directory}, which need not be there. Does nothing before {@link #start}.
     */
    NodeBackup(
            Rpc rpc,
            Path directory,
            Options options,
            NanoClock clock,
            RandomGenerator random,
            MetricRegistry metrics) {
        long intervalNanos = TimeUnit.MILLISECONDS.toNanos(options.intervalMs);
        Backups backups = new Backups(new FileDisks(directory), clock, random, metrics);
        service = new BackupService(rpc, backups, options.flush, intervalNanos);
        loop = new AgentLoop(List.of(service), Thread::yield, LockSupport::parkNanos, metrics);
        thread = new DiskThread(THREAD, loop);
        service.onDemand(thread::wake);
    }

    /** What is done for others. */
    BackupService service() {
        return service;
    }

    void start() {
        thread.start();
    }

    /** Ends when all that was written is safe, as far as the disk lets it. */
    @Override
    public void close() {
        loop.stop();
        thread.wake();
        thread.end(service::close);
    }
}
