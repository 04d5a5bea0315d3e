package io.silkstone.log.aeroncluster;

import io.aeron.archive.client.AeronArchive;
import io.aeron.cluster.ConsensusModule;
import io.aeron.cluster.RecordingLog;
import io.aeron.exceptions.AeronException;
import io.silkstone.api.metrics.Counter;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Keeps a member's log short. The leader asks for a snapshot when enough was decided since the last
 * one, and for the first one as soon as the log has a beginning: without a snapshot nothing can be
 * copied to a member that lost its disk.
 *
 * <p>Each member throws away by itself what is before the last snapshot but one, when every other
 * member has said that its log goes further. While one is away nothing goes: a member that comes
 * back finds what it lacks in any log, and one that comes back with nothing finds a snapshot and
 * what followed. The last but one is kept so that a copy of it that has begun can end.
 *
 * <p>Threads: its own, which looks twice a second.
 */
final class Upkeep implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Upkeep.class.getName());
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /** After something could not be thrown away. */
    private static final int LOOKS_PER_RETRY = 20;

    private static final int SNAPSHOTS_KEPT = 2;

    private final LogOptions options;
    private final Media media;
    private final LogDirectory directory;
    private final LogService service;
    private final Consensus consensus;
    private final Counter purged;
    private final Thread thread;
    private volatile boolean closed;
    private long cleanTo;
    private int looks;
    private int looksToRetry;

    Upkeep(
            LogOptions options,
            Media media,
            LogDirectory directory,
            LogService service,
            Consensus consensus,
            Counter purged) {
        this.options = options;
        this.media = media;
        this.directory = directory;
        this.service = service;
        this.consensus = consensus;
        this.purged = purged;
        thread =
                Thread.ofPlatform()
                        .daemon()
                        .name("silkstone-log-aeron-cluster-upkeep-0")
                        .unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    private void run() {
        while (!closed) {
            try {
                look();
            } catch (Exception e) {
                // Aeron throws IOExceptions undeclared.
                looksToRetry = looks + LOOKS_PER_RETRY;
                LOG.log(Level.DEBUG, "the log stays as long as it is for now", e);
            }
            LockSupport.parkNanos(this, LOOK_NANOS);
        }
    }

    private void look() {
        looks++;
        boolean isDue =
                !service.hasSnapshot()
                        || service.commandsSinceSnapshot() >= options.snapshotCommands();
        if (isDue && service.isFounded() && service.isLeader() && !consensus.isElecting()) {
            consensus.requestSnapshot();
        }
        if (looks >= looksToRetry && service.hasSnapshot()) {
            purge();
        }
    }

    /** Throws away what nobody needs, if there is anything. */
    private void purge() {
        List<RecordingLog.Entry> entries;
        long logRecording;
        try (RecordingLog log = new RecordingLog(directory.cluster(), false)) {
            entries = List.copyOf(log.entries());
            logRecording = log.findLastTermRecordingId();
        }
        long keepFrom = keepFrom(entries);
        if (keepFrom <= cleanTo) {
            return;
        }
        if (!everyoneHas(keepFrom)) {
            looksToRetry = looks + LOOKS_PER_RETRY;
            return;
        }
        try (AeronArchive archive = AeronArchive.connect(media.ownArchive())) {
            purgeLog(archive, logRecording, keepFrom);
            for (RecordingLog.Entry entry : entries) {
                if (isSnapshot(entry) && entry.logPosition < keepFrom) {
                    purgeSnapshot(archive, entry.recordingId);
                }
            }
        } catch (AeronException e) {
            throw new IllegalStateException("the archive does not throw away", e);
        }
        cleanTo = keepFrom;
    }

    private static boolean isSnapshot(RecordingLog.Entry entry) {
        return entry.type == RecordingLog.ENTRY_TYPE_SNAPSHOT && entry.isValid;
    }

    /** Where the last whole snapshot but one is; 0 while there are fewer. */
    private static long keepFrom(List<RecordingLog.Entry> entries) {
        TreeSet<Long> ofModule = new TreeSet<>();
        TreeSet<Long> ofService = new TreeSet<>();
        for (RecordingLog.Entry entry : entries) {
            if (isSnapshot(entry)) {
                boolean isModule = entry.serviceId == ConsensusModule.Configuration.SERVICE_ID;
                (isModule ? ofModule : ofService).add(entry.logPosition);
            }
        }
        ofModule.retainAll(ofService);
        List<Long> whole = new ArrayList<>(ofModule);
        return whole.size() < SNAPSHOTS_KEPT ? 0 : whole.get(whole.size() - SNAPSHOTS_KEPT);
    }

    private boolean everyoneHas(long position) {
        for (Endpoint member : options.members()) {
            if (member.equals(options.self())) {
                continue;
            }
            Optional<Roll.Answer> answer = Roll.ask(options, member);
            boolean has =
                    answer.filter(each -> each.hasLog() && each.position() >= position).isPresent();
            if (!has) {
                return false;
            }
        }
        return true;
    }

    private void purgeLog(AeronArchive archive, long recording, long keepFrom) {
        long start = archive.getStartPosition(recording);
        long base =
                AeronArchive.segmentFileBasePosition(
                        start, keepFrom, Media.TERM_BYTES, Media.TERM_BYTES);
        if (base > start) {
            archive.purgeSegments(recording, base);
            purged.add(base - start);
        }
    }

    private static void purgeSnapshot(AeronArchive archive, long recording) {
        int found =
                archive.listRecording(
                        recording,
                        (session,
                                correlation,
                                id,
                                from,
                                to,
                                start,
                                stop,
                                term,
                                segment,
                                length,
                                mtu,
                                sessionId,
                                stream,
                                channel,
                                original,
                                source) -> {});
        if (found > 0) {
            archive.purgeRecording(recording);
        }
    }

    @Override
    public void close() {
        closed = true;
        // It may wait for the archive, or for members that do not answer.
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
