package io.silkstone.log.aeroncluster;

import io.aeron.cluster.ClusterBackup;
import io.aeron.cluster.ClusterBackupEventsListener;
import io.aeron.cluster.ClusterMember;
import io.aeron.cluster.RecordingLog;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import org.agrona.ErrorHandler;

/**
 * Gives a member that has nothing what the others have: the leader's latest snapshot, and the log
 * from there on, by Aeron's own means for copies of a cluster. It goes on until it is closed.
 * Threads: any.
 */
final class Copying implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Copying.class.getName());
    private static final long PROGRESS_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long RESPONSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

    private final ClusterBackup backup;
    private volatile boolean isListed;

    Copying(LogOptions options, Media media, LogDirectory directory, ErrorHandler errors)
            throws IOException {
        StringJoiner others = new StringJoiner(",");
        for (Endpoint member : options.members()) {
            if (!member.equals(options.self())) {
                others.add(member.consensus());
            }
        }
        backup =
                ClusterBackup.launch(
                        new ClusterBackup.Context()
                                .aeronDirectoryName(media.aeronDirectory())
                                .clusterDir(directory.cluster())
                                .markFileDir(media.marks("copy"))
                                .archiveContext(media.ownArchive())
                                .clusterArchiveContext(media.otherArchive())
                                .clusterConsensusEndpoints(others.toString())
                                .consensusChannel(
                                        "aeron:udp?term-length=64k|endpoint="
                                                + options.self().consensus())
                                .catchupEndpoint(options.self().anyPort())
                                .catchupChannel("aeron:udp?term-length=1m")
                                .sourceType(ClusterBackup.SourceType.LEADER)
                                .initialReplayStart(
                                        ClusterBackup.Configuration.ReplayStart.LATEST_SNAPSHOT)
                                .clusterBackupProgressTimeoutNs(PROGRESS_NANOS)
                                .clusterBackupResponseTimeoutNs(RESPONSE_NANOS)
                                .clusterBackupCoolDownIntervalNs(PAUSE_NANOS)
                                .idleStrategySupplier(Media::idle)
                                .threadFactory(Media.threads("copy"))
                                .terminationHook(() -> isListed = false)
                                .eventsListener(new Progress())
                                .errorHandler(errors));
    }

    /** Up to where the log is here, and listed; -1 while it is not. */
    long position() {
        return isListed ? backup.context().liveLogPositionCounter().get() : -1;
    }

    private final class Progress implements ClusterBackupEventsListener {
        @Override
        public void onBackupQuery() {}

        @Override
        public void onPossibleFailure(Exception cause) {
            LOG.log(Level.DEBUG, "copying the log begins anew: {0}", cause.getMessage());
        }

        @Override
        public void onBackupResponse(
                ClusterMember[] members,
                ClusterMember source,
                List<RecordingLog.Snapshot> snapshots) {}

        @Override
        public void onUpdatedRecordingLog(
                RecordingLog recordingLog, List<RecordingLog.Snapshot> snapshots) {
            isListed = recordingLog.getLatestSnapshot(0) != null;
        }

        @Override
        public void onLiveLogProgress(long recording, long counter, long logPosition) {}
    }

    @Override
    public void close() {
        backup.close();
    }
}
