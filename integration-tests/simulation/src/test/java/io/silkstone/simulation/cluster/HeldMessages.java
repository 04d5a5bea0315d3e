package io.silkstone.simulation.cluster;

import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Transport;
import io.silkstone.rpc.messages.MessageHeaderDecoder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.IdentityHashMap;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;

/** Brings one message to servers twice, the second time when a test says so. One thread. */
final class HeldMessages {
    private static final int NONE = 0;
    private static final int ALIGNMENT = 8;

    private int wanted = NONE;
    private boolean swallowsReply;
    private Line line;
    private MemorySegment held;
    private Place place;
    private boolean isDue;
    private boolean overAnotherSession;
    private boolean isOver;

    /** The next message of kind {@code templateId} comes twice. */
    void holdCopy(int templateId) {
        wanted = templateId;
    }

    /** As the other, and the reply to the first one is lost. */
    void holdCopyAndLoseReply(int templateId) {
        wanted = templateId;
        swallowsReply = true;
    }

    boolean isHeld() {
        return held != null;
    }

    /** The copy arrives, over the session of the first one or another. */
    void release(boolean overAnotherSession) {
        this.overAnotherSession = overAnotherSession;
        isDue = true;
    }

    /** Whether it has arrived. */
    boolean isOver() {
        return isOver;
    }

    Transport of(Transport genuine) {
        return new Place(genuine);
    }

    /** A session, told from others by what it is. */
    private static final class Line implements Session {
        private final Session genuine;
        private int repliesLost;

        private Line(Session genuine) {
            this.genuine = genuine;
        }

        @Override
        public State state() {
            return genuine.state();
        }

        @Override
        public String peer() {
            return genuine.peer();
        }

        @Override
        public int messageBytesMax() {
            return genuine.messageBytesMax();
        }

        @Override
        public Sent send(MemorySegment memory, long offset, int length) {
            if (repliesLost > 0) {
                repliesLost--;
                return Sent.SENT;
            }
            return genuine.send(memory, offset, length);
        }

        @Override
        public void close() {
            genuine.close();
        }
    }

    private final class Place implements Transport {
        private final Transport genuine;
        private final Map<Session, Line> lines = new IdentityHashMap<>();
        private final UnsafeBuffer message = new UnsafeBuffer(0, 0);
        private final MessageHeaderDecoder header = new MessageHeaderDecoder();

        private Place(Transport genuine) {
            this.genuine = genuine;
        }

        @Override
        public String address() {
            return genuine.address();
        }

        @Override
        public Session connect(String address) {
            return genuine.connect(address);
        }

        @Override
        public int poll(MessageHandler handler, int messagesMax) {
            if (isDue && place == this) {
                isDue = false;
                isOver = true;
                Line over = overAnotherSession ? new Line(line.genuine) : line;
                handler.onMessage(over, held, 0, (int) held.byteSize());
            }
            return genuine.poll(new Watched(handler), messagesMax);
        }

        @Override
        public void close() {
            genuine.close();
        }

        private void watch(Line session, MemorySegment memory, long offset, int length) {
            message.wrap(memory.address() + offset, length);
            if (header.wrap(message, 0).templateId() != wanted) {
                return;
            }
            wanted = NONE;
            line = session;
            line.repliesLost = swallowsReply ? 1 : 0;
            place = this;
            held = Arena.ofAuto().allocate(length, ALIGNMENT);
            MemorySegment.copy(memory, offset, held, 0, length);
        }

        private final class Watched implements MessageHandler {
            private final MessageHandler handler;

            private Watched(MessageHandler handler) {
                this.handler = handler;
            }

            @Override
            public void onMessage(Session session, MemorySegment memory, long offset, int length) {
                Line mine = lines.computeIfAbsent(session, Line::new);
                watch(mine, memory, offset, length);
                handler.onMessage(mine, memory, offset, length);
            }

            @Override
            public void onClosed(Session session) {
                Line mine = lines.remove(session);
                handler.onClosed(mine == null ? session : mine);
            }
        }
    }
}
