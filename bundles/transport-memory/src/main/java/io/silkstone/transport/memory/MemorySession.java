package io.silkstone.transport.memory;

import io.silkstone.api.transport.Session;
import io.silkstone.base.Checks;
import io.silkstone.transport.memory.Event.Kind;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * One side of a session. All but {@link #state} is guarded by the wire.
 *
 * <p>A message's time of arrival is drawn when it is sent, and messages keep their order because
 * none is due before the one that was sent before it, unless it was drawn to leave the order.
 */
final class MemorySession implements Session {
    final long id;
    final MemoryTransport owner;

    /** From here to there. */
    final Link out;

    /** Null until somebody has answered. */
    MemorySession peer;

    /** Highest number of those that came from the other side. */
    long newestTaken;

    /** Messages from here that the other side has not taken. */
    int underWay;

    private final Wire wire;
    private final String peerName;
    private volatile State state;
    private long numberSent;

    /** When the last one of those that keep the order is due. */
    private long lastDue;

    /** What is sent vanishes, and of what is under way, all that is due after {@link #lastDue}. */
    private boolean severed;

    MemorySession(Wire wire, MemoryTransport owner, Place there, State state) {
        this.wire = wire;
        this.owner = owner;
        this.state = state;
        id = wire.nextOrder();
        out = wire.link(owner.place, there);
        peerName = there.name;
        lastDue = wire.clock.nanoTime();
    }

    @Override
    public State state() {
        return state;
    }

    @Override
    public String peer() {
        return peerName;
    }

    @Override
    public int messageBytesMax() {
        return wire.options.messageBytesMax();
    }

    @Override
    public Sent send(MemorySegment memory, long offset, int length) {
        Objects.checkFromIndexSize(offset, length, memory.byteSize());
        Checks.require(
                length <= messageBytesMax(),
                "a message may have %d bytes, not %d",
                messageBytesMax(),
                length);
        Sent sent;
        synchronized (wire) {
            sent = sendLocked(memory, offset, length);
        }
        wire.runHooks();
        return sent;
    }

    private Sent sendLocked(MemorySegment memory, long offset, int length) {
        if (state != State.OPEN) {
            return state == State.CLOSED ? Sent.CLOSED : Sent.FULL;
        }
        Faults faults = out.faults();
        if (underWay >= wire.options.sessionMessagesMax() || wire.happens(faults.refusal())) {
            wire.counters.full.increment();
            return Sent.FULL;
        }
        wire.counters.sent.increment();
        numberSent++;
        if (!severed && wire.happens(faults.breakage())) {
            breakDown();
        }
        if (severed || out.isCut() || wire.happens(faults.loss())) {
            wire.counters.lost.increment();
            return Sent.SENT;
        }
        long now = wire.clock.nanoTime();
        Event event = message(dueOfNext(now, faults), length);
        event.message.fill(memory, offset, length);
        peer.owner.post(event);
        if (wire.happens(faults.duplication())) {
            Event copy = message(event.due + wire.delayNanos(out), length);
            copy.isCopy = true;
            copy.message.fill(memory, offset, length);
            wire.counters.duplicated.increment();
            peer.owner.post(copy);
        }
        return Sent.SENT;
    }

    private Event message(long due, int length) {
        Event event = new Event(Kind.MESSAGE, peer, due, wire.nextOrder());
        event.message = wire.memory.take(length);
        event.number = numberSent;
        underWay++;
        return event;
    }

    private long dueOfNext(long now, Faults faults) {
        long due = now + wire.delayNanos(out);
        if (wire.happens(faults.reordering())) {
            return due + wire.upTo(faults.reorderingNanosMax());
        }
        return inOrder(due);
    }

    /** {@code due}, but not before what was sent before. */
    private long inOrder(long due) {
        if (due - lastDue > 0) {
            lastDue = due;
        }
        return lastDue;
    }

    /** The request for a session, on its way to {@code target}. */
    void ask(MemoryTransport target) {
        long now = wire.clock.nanoTime();
        long patience = wire.options.connectNanos();
        if (target == null) {
            patience = 1 + wire.upTo(patience - 1);
        } else if (!out.isCut() && !wire.happens(out.faults().loss())) {
            target.post(event(Kind.CONNECT, this, inOrder(now + wire.delayNanos(out))));
        }
        owner.post(event(Kind.TIMEOUT, this, now + patience));
    }

    /** The other side exists, and says so. */
    void answer(MemorySession asker) {
        peer = asker;
        asker.peer = this;
        if (!out.isCut() && !wire.happens(out.faults().loss())) {
            long due = inOrder(wire.clock.nanoTime() + wire.delayNanos(out));
            asker.owner.post(event(Kind.ACCEPT, asker, due));
        }
    }

    void open() {
        state = State.OPEN;
    }

    /** Whether the message of {@code event}, which was sent from here, is still there to arrive. */
    boolean arrives(Event event) {
        return !(out.isCut() || severed && event.due - lastDue > 0);
    }

    @Override
    public void close() {
        synchronized (wire) {
            closeLocked();
        }
        wire.runHooks();
    }

    void closeLocked() {
        if (state == State.CLOSED) {
            return;
        }
        state = State.CLOSED;
        long now = wire.clock.nanoTime();
        owner.post(event(Kind.CLOSED, this, now));
        if (peer != null && !severed) {
            long due = inOrder(now + wire.delayNanos(out));
            peer.owner.post(event(Kind.CLOSED_THERE, peer, due));
        }
    }

    /** This side is gone as if it had never been, and the other one does not know yet. */
    void vanish() {
        boolean wasClosed = state == State.CLOSED;
        state = State.CLOSED;
        if (peer != null && !severed && !wasClosed) {
            sever();
            long due = wire.clock.nanoTime() + wire.crashNoticeNanos();
            peer.owner.post(event(Kind.CLOSED_THERE, peer, due));
        }
    }

    void end() {
        state = State.CLOSED;
    }

    private void breakDown() {
        wire.counters.broken.increment();
        long now = wire.clock.nanoTime();
        for (MemorySession side : new MemorySession[] {this, peer}) {
            side.sever();
            side.owner.post(event(Kind.CLOSED, side, now + wire.noticeNanos()));
        }
    }

    private void sever() {
        long now = wire.clock.nanoTime();
        long span = lastDue - now;
        lastDue = span > 0 ? now + wire.upTo(span) : now;
        severed = true;
    }

    Event event(Kind kind, MemorySession session, long due) {
        return new Event(kind, session, due, wire.nextOrder());
    }

    @Override
    public String toString() {
        return out + " (" + state + ")";
    }
}
