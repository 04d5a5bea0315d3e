package io.silkstone.simulation.cluster;

import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Transport;
import java.lang.foreign.MemorySegment;
import java.util.IdentityHashMap;
import java.util.Map;

/** Does what another transport does, but for what subclasses do to messages. */
abstract class OtherTransport implements Transport {
    private final Transport genuine;

    /** Those that were made here, as who uses this transport knows them. */
    private final Map<Session, Session> lines = new IdentityHashMap<>();

    OtherTransport(Transport genuine) {
        this.genuine = genuine;
    }

    /** A message is about to leave over {@code session}, which was made here. */
    void leaves(Session session, MemorySegment memory, long offset, int length) {}

    /** A message has come that nobody has seen yet. */
    void comes(MemorySegment memory, long offset, int length) {}

    @Override
    public String address() {
        return genuine.address();
    }

    @Override
    public Session connect(String to) {
        Session session = genuine.connect(to);
        return lines.computeIfAbsent(session, Line::new);
    }

    @Override
    public boolean hasEnded(String there) {
        return genuine.hasEnded(there);
    }

    @Override
    public int poll(MessageHandler handler, int messagesMax) {
        return genuine.poll(
                new MessageHandler() {
                    @Override
                    public void onMessage(
                            Session session, MemorySegment memory, long offset, int length) {
                        comes(memory, offset, length);
                        Session line = lines.getOrDefault(session, session);
                        handler.onMessage(line, memory, offset, length);
                    }

                    @Override
                    public void onClosed(Session session) {
                        Session line = lines.remove(session);
                        handler.onClosed(line == null ? session : line);
                    }
                },
                messagesMax);
    }

    @Override
    public void close() {
        genuine.close();
    }

    private final class Line implements Session {
        private final Session session;

        private Line(Session session) {
            this.session = session;
        }

        @Override
        public State state() {
            return session.state();
        }

        @Override
        public String peer() {
            return session.peer();
        }

        @Override
        public int messageBytesMax() {
            return session.messageBytesMax();
        }

        @Override
        public Sent send(MemorySegment memory, long offset, int length) {
            leaves(session, memory, offset, length);
            return session.send(memory, offset, length);
        }

        @Override
        public void close() {
            session.close();
        }
    }
}
