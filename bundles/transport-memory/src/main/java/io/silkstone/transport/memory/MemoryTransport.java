package io.silkstone.transport.memory;

import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Session.State;
import io.silkstone.api.transport.Transport;
import io.silkstone.transport.memory.Event.Kind;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A transport of a {@link MemoryNetwork}, one for each process. Besides what every transport does
 * it knows when it will have something to do, so that whoever polls it may wait until then, and it
 * can {@link #crash}.
 */
public final class MemoryTransport implements Transport {
    final Place place;

    private final Wire wire;
    private final String address;
    private final Queue<Event> inbox = new PriorityQueue<>();
    private final SortedMap<Long, MemorySession> sessions = new TreeMap<>();
    private Runnable hook = () -> {};
    private Message inHand;
    private boolean gone;

    MemoryTransport(Wire wire, Place place, String address) {
        this.wire = wire;
        this.place = place;
        this.address = address;
    }

    @Override
    public String address() {
        return address;
    }

    /** What this place is called in the network: its address, or a name made up for it. */
    public String name() {
        return place.name;
    }

    /** Whether it is open: neither closed nor crashed. */
    public boolean isOpen() {
        synchronized (wire) {
            return !gone;
        }
    }

    /** As every transport; when this one is closed or has crashed, the session is CLOSED. */
    @Override
    public Session connect(String to) {
        MemoryNetwork.requireAddress(to);
        MemorySession session;
        synchronized (wire) {
            Place there = wire.place(to);
            session = new MemorySession(wire, this, there, gone ? State.CLOSED : State.CONNECTING);
            if (!gone) {
                sessions.put(session.id, session);
                session.ask(there.present);
            }
        }
        wire.runHooks();
        return session;
    }

    @Override
    public int poll(MessageHandler handler, int messagesMax) {
        long now = wire.clock.nanoTime();
        int done = 0;
        int messages = 0;
        while (messages < messagesMax) {
            Event event;
            synchronized (wire) {
                event = next(now);
            }
            wire.runHooks();
            if (event == null) {
                break;
            }
            done++;
            if (event.message != null) {
                messages++;
                show(handler, event);
            } else if (event.isEnd) {
                handler.onClosed(event.session);
            }
        }
        return done;
    }

    private void show(MessageHandler handler, Event event) {
        Message message = event.message;
        try {
            handler.onMessage(event.session, message.memory, Message.OFFSET, message.length());
        } finally {
            synchronized (wire) {
                // A crash meanwhile has taken it away.
                if (inHand == message) {
                    inHand = null;
                    wire.memory.release(message);
                }
            }
        }
    }

    /**
     * How long it takes until {@link #poll} has something to do, as things are now: 0 when it has,
     * {@link Long#MAX_VALUE} when nothing is under way.
     */
    public long nanosToNext() {
        synchronized (wire) {
            Event first = inbox.peek();
            return first == null ? Long.MAX_VALUE : Math.max(0, first.due - wire.clock.nanoTime());
        }
    }

    /**
     * Has {@code sooner} run whenever {@link #nanosToNext} becomes less than it would be by the
     * passing of time: whoever waits for this transport waits too long. It is called by the thread
     * that sends, for instance, and holds it up.
     */
    public void onSooner(Runnable sooner) {
        synchronized (wire) {
            hook = sooner;
        }
    }

    /** What is due next, done but for what the handler has to be told; null when nothing is. */
    private Event next(long now) {
        Event event = inbox.peek();
        if (event == null || event.due - now > 0) {
            return null;
        }
        inbox.remove();
        MemorySession session = event.session;
        switch (event.kind) {
            case CONNECT -> accept(session);
            case ACCEPT -> {
                if (session.state() == State.CONNECTING && !session.peer.out.isCut()) {
                    session.open();
                    wire.counters.connected.increment();
                }
            }
            case TIMEOUT -> {
                if (session.state() == State.CONNECTING) {
                    wire.counters.unreached.increment();
                    session.closeLocked();
                }
            }
            case MESSAGE -> take(event);
            case CLOSED -> end(event);
            case CLOSED_THERE -> {
                if (session.peer.out.isCut()) {
                    post(session.event(Kind.CLOSED_THERE, session, now + wire.noticeNanos()));
                } else {
                    end(event);
                }
            }
        }
        return event;
    }

    private void accept(MemorySession asker) {
        if (asker.state() == State.CONNECTING && !asker.out.isCut()) {
            MemorySession session = new MemorySession(wire, this, asker.owner.place, State.OPEN);
            sessions.put(session.id, session);
            session.answer(asker);
        }
    }

    private void end(Event event) {
        MemorySession session = event.session;
        event.isEnd = sessions.remove(session.id) != null;
        session.end();
    }

    private void take(Event event) {
        MemorySession session = event.session;
        session.peer.underWay--;
        if (session.state() == State.CLOSED || !session.peer.arrives(event)) {
            lose(event);
            return;
        }
        wire.counters.delivered.increment();
        if (event.number > session.newestTaken) {
            session.newestTaken = event.number;
        } else if (!event.isCopy) {
            wire.counters.reordered.increment();
        }
        inHand = event.message;
    }

    private void lose(Event event) {
        wire.counters.lost.increment();
        wire.memory.release(event.message);
        event.message = null;
    }

    void post(Event event) {
        if (gone) {
            drop(event);
            return;
        }
        boolean isFirst = inbox.isEmpty() || event.compareTo(inbox.peek()) < 0;
        inbox.add(event);
        if (isFirst) {
            wire.later(hook);
        }
    }

    private void drop(Event event) {
        if (event.kind == Kind.MESSAGE) {
            event.session.peer.underWay--;
            lose(event);
        }
    }

    /** See {@link MemoryNetwork#showEnds}. */
    @Override
    public boolean hasEnded(String there) {
        synchronized (wire) {
            Place place = wire.places.get(there);
            return wire.endsAreShown && place != null && place.crashed;
        }
    }

    @Override
    public void close() {
        leave(MemorySession::closeLocked);
    }

    /**
     * Everything of this transport is gone at once, as when its process is killed: its own side is
     * never told, the other sides hear of it some time later, and of what it had sent only a part
     * arrives. Its address is free for another transport, which none of the sessions reaches.
     */
    public void crash() {
        synchronized (wire) {
            if (!gone) {
                wire.counters.crashed.increment();
                place.crashed = true;
            }
        }
        leave(MemorySession::vanish);
    }

    private void leave(Consumer<MemorySession> parting) {
        synchronized (wire) {
            if (!gone) {
                sessions.values().forEach(parting);
                gone = true;
                hook = () -> {};
                inbox.forEach(this::drop);
                inbox.clear();
                sessions.clear();
                if (inHand != null) {
                    wire.memory.release(inHand);
                    inHand = null;
                }
                place.present = null;
                if (address.isEmpty()) {
                    wire.forget(place);
                }
            }
        }
        wire.runHooks();
    }

    @Override
    public String toString() {
        return place.name;
    }
}
