package io.silkstone.rpc;

import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Transport;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;

/**
 * The transports of one test and what is between them. Everything arrives, in order, unless the
 * test says otherwise. Allocates nothing once there are enough letters.
 */
final class Wire {
    private static final int LETTER_BYTES = 4 << 10;

    private final Map<String, End> ends = new HashMap<>();
    private final Queue<Integer> copies = new ArrayDeque<>();
    private final Queue<Letter> blank = new ArrayDeque<>();
    private int messageBytesMax = 1 << 20;
    private int sent;
    private int connects;
    private boolean isFull;
    private Runnable afterSend = () -> {};

    /** A message under way. */
    private static final class Letter {
        private MemorySegment memory = Arena.ofAuto().allocate(LETTER_BYTES, 8);
        private Side to;
        private int length;
    }

    /** The transport at {@code address}; one that was there before is not reached any more. */
    synchronized End open(String address) {
        End end = new End(this, address);
        ends.put(address, end);
        return end;
    }

    /** The next messages arrive so many times each; those after them once. */
    synchronized void copies(int... each) {
        for (int count : each) {
            copies.add(count);
        }
    }

    /** Whether every session is full. */
    synchronized void full(boolean full) {
        isFull = full;
    }

    synchronized void messageBytesMax(int bytes) {
        messageBytesMax = bytes;
    }

    /** Done by whoever sends, after each message is on its way. */
    synchronized void afterSend(Runnable action) {
        afterSend = action;
    }

    /** How many messages were sent. */
    synchronized int sent() {
        return sent;
    }

    /** How many sessions were asked for. */
    synchronized int connects() {
        return connects;
    }

    private Session.Sent send(Side from, MemorySegment memory, long offset, int length) {
        Runnable action;
        synchronized (this) {
            if (length > messageBytesMax) {
                throw new IllegalArgumentException("a message of " + length + " bytes");
            }
            if (from.state == Session.State.CLOSED) {
                return Session.Sent.CLOSED;
            }
            if (isFull) {
                return Session.Sent.FULL;
            }
            sent++;
            int count = copies.isEmpty() ? 1 : copies.remove();
            for (int copy = 0; copy < count; copy++) {
                from.twin.owner.inbox.add(letter(from.twin, memory, offset, length));
            }
            action = afterSend;
        }
        action.run();
        return Session.Sent.SENT;
    }

    private Letter letter(Side to, MemorySegment memory, long offset, int length) {
        Letter letter = blank.isEmpty() ? new Letter() : blank.remove();
        if (length > letter.memory.byteSize()) {
            letter.memory = Arena.ofAuto().allocate(length, 8);
        }
        MemorySegment.copy(memory, offset, letter.memory, 0, length);
        letter.to = to;
        letter.length = length;
        return letter;
    }

    private synchronized Letter next(End end) {
        return end.inbox.poll();
    }

    private synchronized void recycle(Letter letter) {
        blank.add(letter);
    }

    private synchronized Side connect(End from, String address) {
        if (!address.startsWith("wire:")) {
            throw new IllegalArgumentException(address + " is no address of a wire");
        }
        connects++;
        Side side = new Side(this, from, address);
        End to = ends.get(address);
        if (to == null) {
            side.state = Session.State.CLOSED;
        } else {
            side.twin = new Side(this, to, from.address);
            side.twin.twin = side;
            from.sides.add(side);
        }
        return side;
    }

    /** One transport. */
    static final class End implements Transport {
        private final Wire wire;
        private final String address;
        private final Queue<Letter> inbox = new ArrayDeque<>();
        private final List<Side> sides = new ArrayList<>();
        private String ended = "";

        private End(Wire wire, String address) {
            this.wire = wire;
            this.address = address;
        }

        @Override
        public String address() {
            return address;
        }

        @Override
        public Session connect(String address) {
            return wire.connect(this, address);
        }

        @Override
        public int poll(MessageHandler handler, int messagesMax) {
            int work = 0;
            while (work < messagesMax) {
                Letter letter = wire.next(this);
                if (letter == null) {
                    break;
                }
                work++;
                try {
                    handler.onMessage(letter.to, letter.memory, 0, letter.length);
                } finally {
                    wire.recycle(letter);
                }
            }
            return work;
        }

        /** The process at {@code address} has ended, as far as this end is told. */
        void hasSeenTheEndOf(String address) {
            ended = address;
        }

        @Override
        public boolean hasEnded(String address) {
            return address.equals(ended);
        }

        /** Closes the sessions that it made. */
        void breakSessions() {
            synchronized (wire) {
                sides.forEach(Side::close);
                sides.clear();
            }
        }

        @Override
        public void close() {
            breakSessions();
        }
    }

    private static final class Side implements Session {
        private final Wire wire;
        private final End owner;
        private final String peer;
        private Side twin;
        private State state = State.OPEN;

        private Side(Wire wire, End owner, String peer) {
            this.wire = wire;
            this.owner = owner;
            this.peer = peer;
        }

        @Override
        public State state() {
            synchronized (wire) {
                return state;
            }
        }

        @Override
        public String peer() {
            return peer;
        }

        @Override
        public int messageBytesMax() {
            return wire.messageBytesMax;
        }

        @Override
        public Sent send(MemorySegment memory, long offset, int length) {
            return wire.send(this, memory, offset, length);
        }

        @Override
        public void close() {
            synchronized (wire) {
                state = State.CLOSED;
                if (twin != null) {
                    twin.state = State.CLOSED;
                }
            }
        }
    }
}
