package io.silkstone.api.transport;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * One process's way to others.
 *
 * <p><b>What is promised.</b> A message arrives whole and unaltered, or not at all. It may be late,
 * lost, come twice, or overtake another: over a good transport that is rare, and only when a
 * session breaks; in a simulation it is not. Nobody is told of a loss.
 *
 * <p><b>Threads.</b> {@link #poll} is called by one thread at a time, over and over, and is where
 * the transport does all of its own work; a transport that is not polled does nothing. Everything
 * else may be called by any thread, also from within a handler. Nothing blocks.
 */
@ConsumerType
public interface Transport extends AutoCloseable {
    /**
     * Where other transports of this kind reach this one: a word of at most 255 characters without
     * spaces, such as {@code aeron:127.0.0.1:7700}. Empty if it only calls others.
     */
    String address();

    /**
     * Opens a session to {@code address}. It can be used when {@link Session#state} is OPEN; if
     * nobody answers there it is CLOSED after a while.
     *
     * @throws IllegalArgumentException when that is no address of this kind; the message is for
     *     operators
     */
    Session connect(String address);

    /**
     * Receives what has come, at most {@code messagesMax} messages, and does what the transport has
     * to do besides. An exception of the handler comes out of here; the message counts as received.
     *
     * @return how much was done; 0 when the caller may wait before it calls again
     */
    int poll(MessageHandler handler, int messagesMax);

    /**
     * Whether the process that had {@code address} has certainly ended, and nothing of it goes on
     * anywhere: what others need not wait for. False whenever that is not known, as of a process of
     * another machine, or of another kind of address. May read a small file in memory.
     */
    default boolean hasEnded(String address) {
        return false;
    }

    /** Closes all sessions. Not while another thread polls. */
    @Override
    void close();
}
