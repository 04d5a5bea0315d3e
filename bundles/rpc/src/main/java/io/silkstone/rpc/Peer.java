package io.silkstone.rpc;

import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Session.Sent;
import io.silkstone.api.transport.Transport;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReference;

/** Another process, by its address, whatever becomes of the session to it. Threads: any. */
public final class Peer {
    private static final long REOPEN_NANOS_MIN = 5_000_000;
    private static final long REOPEN_NANOS_MAX = 500_000_000;

    /** A session that broke sooner counts as refused. More than the pause before the next one. */
    private static final long EARLY_NANOS = 2 * REOPEN_NANOS_MAX;

    /** How often the transport is asked whether the process has ended, which may read a file. */
    private static final long END_LOOK_NANOS = 50_000_000;

    /** A try to connect; without session when the transport would not even try. */
    private record Connection(Transport transport, Session session, long openedAt, long pause) {
        boolean isUsable() {
            return session != null && session.state() != Session.State.CLOSED;
        }
    }

    private final Rpc rpc;
    private final String address;
    private final AtomicReference<Connection> connection = new AtomicReference<>();
    private boolean ended;
    private long endLookedAt;

    Peer(Rpc rpc, String address) {
        this.rpc = rpc;
        this.address = address;
        endLookedAt = rpc.now() - END_LOOK_NANOS;
    }

    /** Where it is. */
    public String address() {
        return address;
    }

    /** Whether messages get through just now. */
    public boolean isOpen() {
        Connection current = connection.get();
        return current != null
                && current.session != null
                && current.session.state() == Session.State.OPEN;
    }

    /**
     * Sends; false when that was not possible now.
     *
     * @throws IllegalArgumentException when it is longer than the session takes
     */
    boolean send(MemorySegment memory, int length) {
        Session session = session();
        return session != null && session.send(memory, 0, length) == Sent.SENT;
    }

    /** Whether it will certainly not answer, a moment ago. By the thread that polls. */
    boolean hasEnded(long now) {
        if (now - endLookedAt >= END_LOOK_NANOS) {
            endLookedAt = now;
            ended = rpc.hasEnded(address);
        }
        return ended;
    }

    /**
     * Opens the first session.
     *
     * @throws IllegalArgumentException when that is no address of the transport's
     */
    void connect() {
        Transport transport = rpc.transport();
        Session session = transport.connect(address);
        connection.set(new Connection(transport, session, rpc.now(), REOPEN_NANOS_MIN));
    }

    /** The session, a new one where there is none; null when that is tried again later. */
    private Session session() {
        if (rpc.isClosed()) {
            return null;
        }
        Connection current = connection.get();
        Transport transport = rpc.transport();
        if (current != null && current.transport == transport && current.isUsable()) {
            return current.session;
        }
        long now = rpc.now();
        long pause = REOPEN_NANOS_MIN;
        if (current != null && current.transport == transport) {
            // One that lived for a while and then broke is not the other side's refusal.
            boolean brokeEarly = now - current.openedAt < EARLY_NANOS;
            pause = brokeEarly ? Math.min(2 * current.pause, REOPEN_NANOS_MAX) : REOPEN_NANOS_MIN;
            if (now - current.openedAt < current.pause) {
                return null;
            }
        }
        Connection next = new Connection(transport, open(transport), now, pause);
        if (connection.compareAndSet(current, next)) {
            return next.session;
        }
        if (next.session != null) {
            next.session.close();
        }
        Connection others = connection.get();
        return others == null ? null : others.session;
    }

    /** A transport that took the place of another may not know its addresses: nobody is there. */
    private Session open(Transport transport) {
        try {
            return transport.connect(address);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** Closes the session; the next request opens another. */
    void disconnect() {
        Connection current = connection.getAndSet(null);
        if (current != null && current.session != null) {
            current.session.close();
        }
    }
}
