package io.silkstone.api.transport;

import java.lang.foreign.MemorySegment;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A way to one other transport, for messages in both directions. One that {@link Transport#connect}
 * made and the one that the other side sees in its {@link MessageHandler} are a pair: what is sent
 * into one comes out of the other. Threads: any.
 */
@ConsumerType
public interface Session {
    /** Where a session is; it never goes back. */
    enum State {
        /** The other side has not answered yet. */
        CONNECTING,
        /** Messages go through. */
        OPEN,
        /** For good; {@link Transport#connect} makes another. */
        CLOSED
    }

    /** What became of a message. */
    enum Sent {
        /** It is on its way; see {@link Transport} for what that is worth. */
        SENT,
        /** Not now: the session is connecting, or the other side is slow. Try again soon. */
        FULL,
        /** Never: the session is closed. */
        CLOSED
    }

    /** Where it is now. */
    State state();

    /** The other side's address, or something else that tells people who that is. */
    String peer();

    /** Longest message in bytes. */
    int messageBytesMax();

    /**
     * Sends {@code length} bytes of {@code memory} from {@code offset} on, which may be used again
     * when this returns.
     *
     * @throws IllegalArgumentException when it is longer than {@link #messageBytesMax}
     */
    Sent send(MemorySegment memory, long offset, int length);

    /** Closes both sides; what is under way may still arrive. */
    void close();
}
