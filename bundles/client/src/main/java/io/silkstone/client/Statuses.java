package io.silkstone.client;

import io.silkstone.api.store.Status;

/** What the wire's statuses are to who asked. */
final class Statuses {
    private Statuses() {}

    /** How {@code operation}, which is done, ended. */
    static Status of(Operation operation) {
        return switch (operation.status()) {
            case TIMED_OUT -> operation.isUnknown() ? Status.UNKNOWN : Status.UNAVAILABLE;
            default -> of(operation.status());
        };
    }

    /** What became of one of several in a reply. */
    static Status of(io.silkstone.rpc.messages.Status status) {
        return switch (status) {
            case OK -> Status.OK;
            case NOT_FOUND -> Status.NOT_FOUND;
            case EXISTS -> Status.EXISTS;
            case WRONG_VERSION -> Status.WRONG_VERSION;
            case OLD_VERSION -> Status.OLD_VERSION;
            case NOT_A_NUMBER -> Status.NOT_A_NUMBER;
            case OVERFLOW -> Status.OVERFLOW;
            case TOO_LARGE -> Status.TOO_LARGE;
            case SEVERAL_TABLETS -> Status.SEVERAL_TABLETS;
            case ABANDONED -> Status.ABANDONED;
            case OUT_OF_MEMORY -> Status.OUT_OF_MEMORY;
            case NO_SUCH_TABLE -> Status.NO_SUCH_TABLE;
            case MOVED -> Status.NOT_OWNER;
            case RETRY_LATER, BUSY -> Status.RETRY_LATER;
            // A client that says that it knows an answer asks for it again only by a fault of its
            // own; then nobody can say what the answer was.
            case STALE_REQUEST, LEASE_EXPIRED -> Status.UNKNOWN;
            case UNAVAILABLE,
                    NOT_A_MEMBER,
                    WRONG_SERVER,
                    WRONG_CLUSTER,
                    NOT_LEADER,
                    UNKNOWN_REQUEST,
                    MALFORMED,
                    REFUSED,
                    TIMED_OUT,
                    SBE_UNKNOWN,
                    NULL_VAL ->
                    Status.UNAVAILABLE;
        };
    }
}
