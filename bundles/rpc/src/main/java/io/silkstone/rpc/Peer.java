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

    private record Connection(Transport transport, Session session, long openedAt, long pause) {}

    private final Rpc rpc;
    private final String address;
    private final AtomicReference<Connection> connection = new AtomicReference<>();

    Peer(Rpc rpc, String address) {
        this.rpc = rpc;
        this.address = address;
    }

    /** Where it is. */
    public String address() {
        return address;
    }

    /** Whether messages get through just now. */
    public boolean isOpen() {
        Connection current = connection.get();
        return current != null && current.session.state() == Session.State.OPEN;
    }

    /** Sends; false when that was not possible now. */
    boolean send(MemorySegment memory, int length) {
        Session session = session();
        return session != null && session.send(memory, 0, length) == Sent.SENT;
    }

    /**
     * The session, a new one where there is none; null when that is tried again later.
     *
     * @throws IllegalArgumentException when that is no address of the transport's
     */
    Session session() {
        Connection current = connection.get();
        Transport transport = rpc.transport();
        boolean usable =
                current != null
                        && current.transport == transport
                        && current.session.state() != Session.State.CLOSED;
        if (usable) {
            return current.session;
        }
        long now = rpc.now();
        long pause = REOPEN_NANOS_MIN;
        if (current != null && current.transport == transport) {
            // One that lived for a while and then broke is not the other side's refusal.
            boolean brokeEarly = now - current.openedAt < REOPEN_NANOS_MAX;
            pause = brokeEarly ? Math.min(2 * current.pause, REOPEN_NANOS_MAX) : REOPEN_NANOS_MIN;
            if (now - current.openedAt < current.pause) {
                return null;
            }
        }
        Connection next = new Connection(transport, transport.connect(address), now, pause);
        if (connection.compareAndSet(current, next)) {
            return next.session;
        }
        next.session.close();
        Connection others = connection.get();
        return others == null ? null : others.session;
    }

    /** Closes the session; the next request opens another. */
    void disconnect() {
        Connection current = connection.getAndSet(null);
        if (current != null) {
            current.session.close();
        }
    }
}
