package io.silkstone.simulation.check;

import io.silkstone.simulation.history.Reply;

/**
 * What a key may be like at some point of a sequential history.
 *
 * @param value its value, null when there is no object
 * @param version its version; {@link #UNKNOWN} after a write whose reply nobody heard, or told none
 * @param versionsBelow the highest version that the key is known to have had; others are higher
 * @param expiryMillis when it expires, {@link #NO_EXPIRY} for never
 * @param millis the earliest time that it can be
 */
record KeyState(String value, long version, long versionsBelow, long expiryMillis, long millis) {
    static final long UNKNOWN = Reply.UNTOLD;
    static final long NO_EXPIRY = Long.MAX_VALUE;
    static final KeyState ABSENT = new KeyState(null, 0, 0, NO_EXPIRY, 0);

    boolean exists() {
        return value != null;
    }

    /** Nothing there, with what is known of versions. */
    KeyState removed() {
        return new KeyState(null, 0, versionsBelow, NO_EXPIRY, millis);
    }

    /** The same at {@code later}, when the object may have expired. */
    KeyState at(long later) {
        KeyState then = new KeyState(value, version, versionsBelow, expiryMillis, later);
        return exists() && expiryMillis <= later ? then.removed() : then;
    }

    /** The object has {@code met} as version, if that was told; null when it cannot. */
    KeyState knowing(long met) {
        if (met == Reply.UNTOLD) {
            return this;
        }
        if (version == UNKNOWN && met > versionsBelow) {
            return new KeyState(value, met, met, expiryMillis, millis);
        }
        return version == met ? this : null;
    }

    /** A new object; null when {@code newVersion}, if it is known, is not a newer one. */
    KeyState written(String newValue, long newVersion, long newExpiryMillis) {
        if (newVersion == UNKNOWN) {
            return new KeyState(newValue, UNKNOWN, versionsBelow, newExpiryMillis, millis);
        }
        return newVersion > versionsBelow
                ? new KeyState(newValue, newVersion, newVersion, newExpiryMillis, millis)
                : null;
    }
}
