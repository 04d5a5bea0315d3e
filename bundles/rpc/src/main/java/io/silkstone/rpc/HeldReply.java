package io.silkstone.rpc;

import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Session.Sent;

/**
 * A reply that is ready and may not leave yet, see {@link Request#hold}; to be used again and
 * again. Threads: one at a time, any.
 */
public final class HeldReply {
    private final Rpc rpc;
    private WireBuffer reply = new WireBuffer();
    private Session session;
    private long deadline;
    private int length;

    /** Of no request yet. */
    public HeldReply(Rpc rpc) {
        this.rpc = rpc;
    }

    /** Takes {@code ready} over, and gives another buffer for it. */
    WireBuffer take(WireBuffer ready, Session session, long deadline, int length) {
        WireBuffer free = reply;
        reply = ready;
        this.session = session;
        this.deadline = deadline;
        this.length = length;
        return free;
    }

    /** Lets it leave. */
    public void send() {
        Sent sent;
        try {
            sent = session.send(reply.memory(), 0, length);
        } catch (IllegalArgumentException e) {
            sent = null;
        }
        if (sent == Sent.FULL) {
            rpc.sendLater(session, reply.memory(), length, deadline);
        } else if (sent != Sent.SENT) {
            rpc.countDropped();
        }
        drop();
    }

    /** It is not to leave: the caller will ask again. */
    public void drop() {
        session = null;
        reply.trim();
    }
}
