package io.silkstone.log.aeroncluster;

import io.aeron.Aeron;
import io.aeron.RethrowingErrorHandler;
import io.aeron.archive.Archive;
import io.aeron.archive.ArchiveThreadingMode;
import io.aeron.archive.client.AeronArchive;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.driver.status.SystemCounterDescriptor;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NoOpLock;
import org.agrona.concurrent.status.AtomicCounter;

/**
 * What carries and keeps a member's log: a media driver and an archive of its own, so that nothing
 * of it is on the way of data. One lives until something in it fails.
 *
 * <p>Everything waits in the kernel between two looks, at most {@link #PARK_NANOS_MAX}; a burst of
 * work keeps it awake.
 */
final class Media implements AutoCloseable {
    /** So much later may each step of a commit be that meets a sleeping thread. */
    private static final long PARK_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(20);

    /** Each step from here to the longest is one more look after a little work. */
    private static final long PARK_NANOS_MIN = TimeUnit.MICROSECONDS.toNanos(500);

    private static final int SPINS = 1;
    private static final int YIELDS = 1;

    /** Longer than the longest frame by a factor of eight, which Aeron wants. */
    static final int TERM_BYTES = 1 << 20;

    private static final int SEGMENT_BYTES = TERM_BYTES;
    private static final int SMALL_TERM_BYTES = 64 << 10;
    private static final int COUNTERS_BYTES = 1 << 20;
    private static final int SOCKET_BYTES = 128 << 10;
    private static final int SYNC_DATA = 1;

    private final LogOptions options;
    private final Path folder;
    private final ErrorHandler errors;
    private final MediaDriver driver;
    private final Archive archive;

    /**
     * Starts both.
     *
     * @param folder a directory in memory that nothing has used before
     */
    Media(LogOptions options, Path folder, File archiveFolder, ErrorHandler errors) {
        this.options = options;
        this.folder = folder;
        this.errors = errors;
        driver = MediaDriver.launch(driver());
        Aeron client = null;
        try {
            client = client();
            archive = Archive.launch(archive(archiveFolder, client));
        } catch (RuntimeException e) {
            CloseHelper.quietCloseAll(client, driver);
            throw e;
        }
    }

    private MediaDriver.Context driver() {
        long liveness = options.livenessNanos();
        return new MediaDriver.Context()
                .aeronDirectoryName(aeronDirectory())
                .threadingMode(ThreadingMode.SHARED)
                .sharedIdleStrategy(idle())
                .sharedThreadFactory(threads("driver"))
                .dirDeleteOnStart(true)
                .dirDeleteOnShutdown(true)
                .warnIfDirectoryExists(false)
                .errorHandler(errors)
                .asyncExecutorEnabled(false)
                .spiesSimulateConnection(true)
                .clientLivenessTimeoutNs(liveness)
                .publicationUnblockTimeoutNs(liveness + liveness / 2)
                .publicationTermBufferLength(SMALL_TERM_BYTES)
                .ipcTermBufferLength(SMALL_TERM_BYTES)
                .socketRcvbufLength(SOCKET_BYTES)
                .socketSndbufLength(SOCKET_BYTES)
                .initialWindowLength(SOCKET_BYTES / 2)
                .counterValuesBufferLength(COUNTERS_BYTES);
    }

    private Archive.Context archive(File archiveFolder, Aeron client) {
        int level = options.sync() ? SYNC_DATA : 0;
        return new Archive.Context()
                .aeronDirectoryName(aeronDirectory())
                .aeron(client)
                .ownsAeronClient(true)
                .errorCounter(errorCounter())
                .archiveDir(archiveFolder)
                // In memory, so that no process that is dead is taken for one that lives.
                .markFileDir(folder.toFile())
                .controlChannel("aeron:udp?endpoint=" + options.self().archive())
                .localControlChannel("aeron:ipc?term-length=64k")
                .replicationChannel("aeron:udp?endpoint=" + options.self().anyPort())
                .archiveClientContext(
                        new AeronArchive.Context()
                                .controlResponseChannel(
                                        "aeron:udp?endpoint=" + options.self().anyPort()))
                .recordingEventsEnabled(false)
                .threadingMode(ArchiveThreadingMode.SHARED)
                .idleStrategySupplier(Media::idle)
                .threadFactory(threads("archive"))
                .segmentFileLength(SEGMENT_BYTES)
                .fileSyncLevel(level)
                .catalogFileSyncLevel(level)
                .errorHandler(errors);
    }

    /** Where this process's own Aeron files are. */
    String aeronDirectory() {
        return folder.resolve("driver").toString();
    }

    /** Where Aeron's parts count their errors; what they are is told to the handler of errors. */
    AtomicCounter errorCounter() {
        return driver.context().systemCounters().get(SystemCounterDescriptor.ERRORS);
    }

    /** A directory for files that say whether a process lives. */
    File marks(String whose) throws IOException {
        return Files.createDirectories(folder.resolve(whose)).toFile();
    }

    /** To reach the archive of this member, not concluded. */
    AeronArchive.Context ownArchive() {
        return new AeronArchive.Context()
                .aeronDirectoryName(aeronDirectory())
                .lock(NoOpLock.INSTANCE)
                .errorHandler(errors)
                .idleStrategy(idle())
                .controlRequestChannel("aeron:ipc?term-length=64k")
                .controlRequestStreamId(archive.context().localControlStreamId())
                .controlResponseChannel("aeron:ipc?term-length=64k");
    }

    /** To reach the archive of another member, which is still to be named. */
    AeronArchive.Context otherArchive() {
        return new AeronArchive.Context()
                .aeronDirectoryName(aeronDirectory())
                .lock(NoOpLock.INSTANCE)
                .errorHandler(errors)
                .idleStrategy(idle())
                .controlRequestChannel("aeron:udp?endpoint=" + options.self().archive())
                .controlRequestStreamId(archive.context().controlStreamId())
                .controlResponseChannel("aeron:udp?endpoint=" + options.self().anyPort());
    }

    /**
     * A client of the driver that whoever has it runs. Its patience with the driver is the driver's
     * with it: what a stall of the process costs one of them costs both.
     */
    Aeron client() {
        return Aeron.connect(
                new Aeron.Context()
                        .aeronDirectoryName(aeronDirectory())
                        .driverTimeoutMs(TimeUnit.NANOSECONDS.toMillis(options.livenessNanos()))
                        .useConductorAgentInvoker(true)
                        .clientLock(NoOpLock.INSTANCE)
                        .errorHandler(errors)
                        .subscriberErrorHandler(RethrowingErrorHandler.INSTANCE)
                        .idleStrategy(idle())
                        .awaitingIdleStrategy(idle()));
    }

    static IdleStrategy idle() {
        return new BackoffIdleStrategy(SPINS, YIELDS, PARK_NANOS_MIN, PARK_NANOS_MAX);
    }

    static ThreadFactory threads(String role) {
        AtomicInteger count = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task);
            thread.setName("silkstone-log-aeron-cluster-" + role + "-" + count.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        };
    }

    @Override
    public void close() {
        CloseHelper.quietCloseAll(archive, driver);
    }
}
