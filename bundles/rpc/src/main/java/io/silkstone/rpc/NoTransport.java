package io.silkstone.rpc;

import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Transport;
import java.lang.foreign.MemorySegment;

/** What an {@link Rpc} has between two transports: nobody is reached, nothing comes. */
final class NoTransport implements Transport {
    static final NoTransport INSTANCE = new NoTransport();

    private record Closed(String peer) implements Session {
        @Override
        public State state() {
            return State.CLOSED;
        }

        @Override
        public int messageBytesMax() {
            return Integer.MAX_VALUE;
        }

        @Override
        public Sent send(MemorySegment memory, long offset, int length) {
            return Sent.CLOSED;
        }

        @Override
        public void close() {
            // It never was open.
        }
    }

    private NoTransport() {}

    @Override
    public String address() {
        return "";
    }

    @Override
    public Session connect(String address) {
        return new Closed(address);
    }

    @Override
    public int poll(MessageHandler handler, int messagesMax) {
        return 0;
    }

    @Override
    public void close() {
        // Nothing was opened.
    }
}
