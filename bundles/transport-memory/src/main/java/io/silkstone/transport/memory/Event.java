package io.silkstone.transport.memory;

/**
 * Something that happens to a transport when it polls at {@link #due} or later: first what is due
 * first, and of two at the same moment what was made first.
 */
final class Event implements Comparable<Event> {
    enum Kind {
        /** Somebody asks for a session; {@link #session} is the side that asks. */
        CONNECT,
        /** The session that was asked for is there. */
        ACCEPT,
        /** The session was asked for so long ago that nobody will answer. */
        TIMEOUT,
        /** A message for the session. */
        MESSAGE,
        /** The session is closed here. */
        CLOSED,
        /** The session was closed over there, which is news if the link lets news through. */
        CLOSED_THERE
    }

    final Kind kind;
    final MemorySession session;
    final long due;

    private final long order;

    /** Of a message; null once it is lost. */
    Message message;

    /** Of a message: which one of its session. */
    long number;

    /** Of a message: came into being on the way. */
    boolean isCopy;

    /** The handler has to be told that the session is closed. */
    boolean isEnd;

    Event(Kind kind, MemorySession session, long due, long order) {
        this.kind = kind;
        this.session = session;
        this.due = due;
        this.order = order;
    }

    @Override
    public int compareTo(Event other) {
        // Times are compared by their difference, as those of System.nanoTime must be.
        long later = due - other.due;
        return later == 0 ? Long.compare(order, other.order) : Long.signum(later);
    }
}
