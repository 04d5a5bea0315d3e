package io.silkstone.api.transport;

import java.lang.foreign.MemorySegment;
import org.osgi.annotation.versioning.ProviderType;

/** Sees what a transport receives. Called within {@link Transport#poll}, by its thread. */
@ProviderType
public interface MessageHandler {
    /**
     * A message has come.
     *
     * @param session where an answer goes
     * @param memory what {@code offset} counts from; the message is there only during the call, and
     *     begins at a multiple of eight bytes
     * @param offset where the message begins
     * @param length in bytes
     */
    void onMessage(Session session, MemorySegment memory, long offset, int length);

    /** {@code session} is closed, by whatever side and for whatever reason. Called once. */
    void onClosed(Session session);
}
