package io.silkstone.store.master;

import io.silkstone.api.store.Status;

/** The store's statuses on the wire. */
final class WireStatus {
    private WireStatus() {}

    static io.silkstone.rpc.messages.Status of(Status status) {
        return switch (status) {
            case OK -> io.silkstone.rpc.messages.Status.OK;
            case NOT_FOUND -> io.silkstone.rpc.messages.Status.NOT_FOUND;
            case EXISTS -> io.silkstone.rpc.messages.Status.EXISTS;
            case WRONG_VERSION -> io.silkstone.rpc.messages.Status.WRONG_VERSION;
            case OLD_VERSION -> io.silkstone.rpc.messages.Status.OLD_VERSION;
            case NOT_A_NUMBER -> io.silkstone.rpc.messages.Status.NOT_A_NUMBER;
            case OVERFLOW -> io.silkstone.rpc.messages.Status.OVERFLOW;
            case TOO_LARGE -> io.silkstone.rpc.messages.Status.TOO_LARGE;
            case SEVERAL_TABLETS -> io.silkstone.rpc.messages.Status.SEVERAL_TABLETS;
            case ABANDONED -> io.silkstone.rpc.messages.Status.ABANDONED;
            case STALE_REQUEST -> io.silkstone.rpc.messages.Status.STALE_REQUEST;
            case OUT_OF_MEMORY -> io.silkstone.rpc.messages.Status.OUT_OF_MEMORY;
            case NO_SUCH_TABLE -> io.silkstone.rpc.messages.Status.NO_SUCH_TABLE;
            case NOT_OWNER -> io.silkstone.rpc.messages.Status.MOVED;
            case UNAVAILABLE -> io.silkstone.rpc.messages.Status.UNAVAILABLE;
            case RETRY_LATER, DISK_FAILED, UNKNOWN -> io.silkstone.rpc.messages.Status.RETRY_LATER;
        };
    }

    /** Whether {@code status} is a result, which has its own reply, and not a refusal. */
    static boolean isAnswer(Status status) {
        return switch (status) {
            case OK,
                    NOT_FOUND,
                    EXISTS,
                    WRONG_VERSION,
                    OLD_VERSION,
                    NOT_A_NUMBER,
                    OVERFLOW,
                    TOO_LARGE,
                    SEVERAL_TABLETS,
                    ABANDONED,
                    STALE_REQUEST ->
                    true;
            case OUT_OF_MEMORY,
                    NO_SUCH_TABLE,
                    NOT_OWNER,
                    RETRY_LATER,
                    UNAVAILABLE,
                    DISK_FAILED,
                    UNKNOWN ->
                    false;
        };
    }
}
