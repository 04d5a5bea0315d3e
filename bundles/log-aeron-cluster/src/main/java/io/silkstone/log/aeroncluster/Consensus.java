package io.silkstone.log.aeroncluster;

import io.aeron.Aeron;
import io.aeron.Counter;
import io.aeron.cluster.ClusterControl.ToggleState;
import io.aeron.cluster.ConsensusModule;
import io.aeron.cluster.ElectionState;
import io.aeron.cluster.service.ClusteredServiceContainer;
import java.io.IOException;
import java.util.OptionalLong;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;

/**
 * This member's part in the choice of a leader and in what is committed, and the container of the
 * {@link LogService}. Threads: any.
 */
final class Consensus implements AutoCloseable {
    private static final long HEARTBEATS_PER_TIMEOUT = 6;

    /** Members that start together find each other within so many time-outs. */
    private static final int CANVASS_TIMEOUTS = 2;

    private static final long STATUS_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /**
     * A ballot lasts for such a part of it when somebody is missing, as after each leader's end.
     */
    private static final int BALLOTS_PER_TIMEOUT = 5;

    private static final int SYNC_DATA = 1;

    private final ConsensusModule module;
    private final ClusteredServiceContainer container;

    /**
     * Starts both.
     *
     * @param ended called, on threads of Aeron's, when either of them ends by itself
     */
    Consensus(
            LogOptions options,
            Media media,
            LogDirectory directory,
            LogService service,
            Runnable ended,
            ErrorHandler errors)
            throws IOException {
        Aeron ofModule = media.client();
        Aeron ofContainer = null;
        ConsensusModule launched = null;
        try {
            launched =
                    ConsensusModule.launch(
                            module(options, media, ofModule, directory, ended, errors));
            ofContainer = media.client();
            container =
                    ClusteredServiceContainer.launch(
                            container(media, ofContainer, directory, service, ended, errors));
        } catch (IOException | RuntimeException e) {
            CloseHelper.quietCloseAll(ofContainer, launched, ofModule);
            throw e;
        }
        module = launched;
    }

    private static ConsensusModule.Context module(
            LogOptions options,
            Media media,
            Aeron client,
            LogDirectory directory,
            Runnable ended,
            ErrorHandler errors)
            throws IOException {
        StringJoiner members = new StringJoiner("|");
        for (int id = 0; id < options.members().size(); id++) {
            members.add(options.members().get(id).described(id));
        }
        return new ConsensusModule.Context()
                .aeronDirectoryName(media.aeronDirectory())
                .aeron(client)
                .ownsAeronClient(true)
                .errorCounter(media.errorCounter())
                .clusterDir(directory.cluster())
                .markFileDir(media.marks("consensus"))
                .clusterMemberId(options.member() - 1)
                .clusterMembers(members.toString())
                .ingressChannel("aeron:udp?term-length=1m")
                .isIpcIngressAllowed(true)
                .logChannel("aeron:udp?term-length=1m")
                .consensusChannel("aeron:udp?term-length=64k")
                .replayChannel("aeron:ipc?term-length=1m")
                .snapshotChannel("aeron:ipc?term-length=1m")
                .replicationChannel("aeron:udp?endpoint=" + options.self().anyPort())
                .archiveContext(media.ownArchive())
                .fileSyncLevel(options.sync() ? SYNC_DATA : 0)
                .leaderHeartbeatTimeoutNs(options.heartbeatNanos())
                .leaderHeartbeatIntervalNs(options.heartbeatNanos() / HEARTBEATS_PER_TIMEOUT)
                .startupCanvassTimeoutNs(CANVASS_TIMEOUTS * options.heartbeatNanos())
                .electionTimeoutNs(options.heartbeatNanos() / BALLOTS_PER_TIMEOUT)
                .electionStatusIntervalNs(STATUS_NANOS)
                .sessionTimeoutNs(Math.max(TimeUnit.SECONDS.toNanos(10), options.heartbeatNanos()))
                .idleStrategySupplier(Media::idle)
                // Aeron calls its threads by their roles.
                .agentRoleName("silkstone-log-aeron-cluster-consensus-0")
                .threadFactory(Media.threads("consensus"))
                .terminationHook(ended)
                .errorHandler(errors);
    }

    private static ClusteredServiceContainer.Context container(
            Media media,
            Aeron client,
            LogDirectory directory,
            LogService service,
            Runnable ended,
            ErrorHandler errors)
            throws IOException {
        return new ClusteredServiceContainer.Context()
                .aeronDirectoryName(media.aeronDirectory())
                .aeron(client)
                .ownsAeronClient(true)
                .errorCounter(media.errorCounter())
                .clusterDir(directory.cluster())
                .markFileDir(media.marks("service"))
                .archiveContext(media.ownArchive())
                .snapshotChannel("aeron:ipc?term-length=1m")
                .isRespondingService(false)
                .clusteredService(service)
                .idleStrategySupplier(Media::idle)
                .serviceName("silkstone-log-aeron-cluster-service-0")
                .threadFactory(Media.threads("service"))
                .terminationHook(ended)
                .errorHandler(errors);
    }

    /** Up to where this member knows the log to be committed. */
    long commitPosition() {
        return value(module.context().commitPositionCounter(), 0);
    }

    /** Whether members are choosing a leader just now. */
    boolean isElecting() {
        return value(module.context().electionStateCounter(), ElectionState.INIT.code())
                != ElectionState.CLOSED.code();
    }

    /** The term that lasts; none while a leader is chosen. */
    OptionalLong term() {
        Counter counter = module.context().leadershipTermIdCounter();
        return isElecting() || counter.isClosed()
                ? OptionalLong.empty()
                : OptionalLong.of(counter.get());
    }

    /**
     * Asks all members for a snapshot at the same place of the log. Only the leader's asking has an
     * effect.
     */
    boolean requestSnapshot() {
        Counter toggle = module.context().controlToggleCounter();
        return toggle != null && !toggle.isClosed() && ToggleState.SNAPSHOT.toggle(toggle);
    }

    private static long value(Counter counter, long otherwise) {
        return counter == null || counter.isClosed() ? otherwise : Math.max(0, counter.get());
    }

    @Override
    public void close() {
        // The service first: it takes the end of the module for a failure.
        CloseHelper.quietCloseAll(container, module);
    }
}
