package io.silkstone.transport.aeron;

import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Transport;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A transport and what it received. */
final class Mailbox implements MessageHandler, AutoCloseable {
    final Transport transport;
    final List<byte[]> messages = new ArrayList<>();
    final List<Session> sessions = new ArrayList<>();
    final List<Session> closed = new ArrayList<>();
    Runnable onMessage = () -> {};

    Mailbox(Transport transport) {
        this.transport = transport;
    }

    int poll() {
        return transport.poll(this, 64);
    }

    String text(int index) {
        return new String(messages.get(index), StandardCharsets.US_ASCII);
    }

    static Session.Sent send(Session session, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        return session.send(MemorySegment.ofArray(bytes), 0, bytes.length);
    }

    @Override
    public void onMessage(Session session, MemorySegment memory, long offset, int length) {
        if ((memory.address() + offset) % Long.BYTES != 0) {
            throw new AssertionError("not aligned: " + offset);
        }
        messages.add(memory.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE));
        sessions.add(session);
        onMessage.run();
    }

    @Override
    public void onClosed(Session session) {
        closed.add(session);
    }

    @Override
    public void close() {
        transport.close();
    }
}
