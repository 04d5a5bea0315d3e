package io.silkstone.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.silkstone.api.store.Status;

/**
 * What became of one operation.
 *
 * @param status how it ended; see {@link Status}, where UNKNOWN and UNAVAILABLE matter most
 * @param value the object's value: of a read, or the one before a change that asked for it; null
 *     where there is none
 * @param version the version that was read, written or removed, or that a condition met; 0 for none
 * @param number the sum, of an increment
 * @param expiryMillis when the object of {@code value} expires, since 1970; 0 for never
 */
public record Answer(Status status, byte[] value, long version, long number, long expiryMillis) {
    private static final Answer[] BARE = new Answer[Status.values().length];

    static {
        for (Status status : Status.values()) {
            BARE[status.ordinal()] = new Answer(status, null, 0, 0, 0);
        }
    }

    /** With nothing but a status. */
    static Answer of(Status status) {
        return BARE[status.ordinal()];
    }

    /** Whether it was done. */
    public boolean isOk() {
        return status == Status.OK;
    }

    /** The value as UTF-8; null where there is none. */
    public String text() {
        return value == null ? null : new String(value, UTF_8);
    }
}
