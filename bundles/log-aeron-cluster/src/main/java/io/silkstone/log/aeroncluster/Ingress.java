package io.silkstone.log.aeroncluster;

import io.aeron.Aeron;
import io.aeron.Publication;
import io.aeron.cluster.client.AeronCluster;
import io.aeron.exceptions.AeronException;
import io.silkstone.base.NanoClock;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The way of frames into the log: a session with the member that leads, this one or another.
 * Answers do not come back here but out of the log.
 *
 * <p>Threads: one, which calls {@link #doWork} over and over.
 */
final class Ingress implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Ingress.class.getName());
    private static final long CONNECT_NANOS = TimeUnit.MILLISECONDS.toNanos(1_500);
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long KEEP_ALIVE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final String IPC = "aeron:ipc?term-length=1m";

    private final LogOptions options;
    private final Aeron aeron;
    private final NanoClock clock;
    private final ErrorHandler errors;
    private final boolean isOwn;
    private AeronCluster.AsyncConnect connecting;
    private AeronCluster session;
    private long retryAt;
    private long keptAliveAt;

    /**
     * @param isOwn whether to this member, which leads; otherwise to whoever leads
     */
    Ingress(LogOptions options, Aeron aeron, boolean isOwn, NanoClock clock, ErrorHandler errors) {
        this.options = options;
        this.aeron = aeron;
        this.isOwn = isOwn;
        this.clock = clock;
        this.errors = errors;
        retryAt = clock.nanoTime();
    }

    private AeronCluster.Context context() {
        AeronCluster.Context context =
                new AeronCluster.Context()
                        .aeron(aeron)
                        .ownsAeronClient(false)
                        .agentInvoker(aeron.conductorAgentInvoker())
                        .clientName("silkstone-" + options.member())
                        .errorHandler(errors)
                        .messageTimeoutNs(CONNECT_NANOS);
        if (isOwn) {
            return context.ingressChannel(IPC).egressChannel("aeron:ipc?term-length=64k");
        }
        StringBuilder endpoints = new StringBuilder();
        for (int id = 0; id < options.members().size(); id++) {
            endpoints.append(id == 0 ? "" : ",").append(id).append('=');
            endpoints.append(options.members().get(id).ingress());
        }
        return context.ingressChannel("aeron:udp?term-length=1m")
                .ingressEndpoints(endpoints.toString())
                .egressChannel("aeron:udp?term-length=64k|endpoint=" + options.self().anyPort());
    }

    /** Whether frames can be sent. */
    boolean isOpen() {
        return session != null;
    }

    /** Connects, and keeps the session. Returns how much was done. */
    int doWork() {
        long now = clock.nanoTime();
        try {
            if (session != null) {
                return keep(now);
            }
            if (connecting == null && now - retryAt >= 0) {
                connecting = AeronCluster.asyncConnect(context());
            }
            if (connecting != null) {
                session = connecting.poll();
                if (session != null) {
                    connecting = null;
                    keptAliveAt = now;
                    return 1;
                }
            }
            return 0;
        } catch (AeronException | IllegalStateException e) {
            LOG.log(Level.DEBUG, "no session with the leader of the log: {0}", e.getMessage());
            end();
            retryAt = now + RETRY_NANOS;
            return 0;
        }
    }

    private int keep(long now) {
        int work = session.pollEgress();
        if (now - keptAliveAt > KEEP_ALIVE_NANOS && session.sendKeepAlive()) {
            keptAliveAt = now;
            work++;
        }
        if (session.isClosed()) {
            end();
            retryAt = now + RETRY_NANOS;
        }
        return work;
    }

    /** False when the frame is not taken just now. */
    boolean send(byte[] frame) {
        if (session == null) {
            return false;
        }
        try {
            long sent = session.offer(new UnsafeBuffer(frame), 0, frame.length);
            if (sent == Publication.CLOSED || sent == Publication.MAX_POSITION_EXCEEDED) {
                end();
            }
            return sent > 0;
        } catch (AeronException e) {
            LOG.log(Level.DEBUG, "the session with the leader ends: {0}", e.getMessage());
            end();
            return false;
        }
    }

    private void end() {
        CloseHelper.quietClose(connecting);
        CloseHelper.quietClose(session);
        connecting = null;
        session = null;
    }

    @Override
    public void close() {
        end();
    }
}
