package io.silkstone.simulation.history;

/**
 * What was asked of one key.
 *
 * @param kind the operation
 * @param value what a write writes; values of different writes differ, so that a read tells whose
 *     value it saw
 * @param delta what an increment adds
 * @param rule when to refuse
 * @param requiredVersion for {@link Rule#REQUIRE_VERSION}
 * @param expiry what becomes of the time of expiry
 * @param expiryMillis for {@link Expiry#AT}, milliseconds of the clock that the store reads
 */
public record Call(
        Kind kind,
        String value,
        long delta,
        Rule rule,
        long requiredVersion,
        Expiry expiry,
        long expiryMillis) {
    /** Operations on one key. */
    public enum Kind {
        READ,
        WRITE,
        REMOVE,
        INCREMENT,
        /** Changes the time of expiry only. */
        EXPIRE,
        /** A part of the removal of everything in a table. */
        CLEAR,
        /** Nobody's: the server that had the key was lost with all that it held. */
        LOSS
    }

    /** Reject rules. */
    public enum Rule {
        NONE,
        REJECT_MISSING,
        REJECT_EXISTING,
        REQUIRE_VERSION
    }

    /** What becomes of the time of expiry; an increment keeps it unless it is AT. */
    public enum Expiry {
        NONE,
        KEEP,
        AT
    }

    /** A read. */
    public static Call read() {
        return new Call(Kind.READ, "", 0, Rule.NONE, 0, Expiry.NONE, 0);
    }

    /** A write without rules. */
    public static Call write(String value) {
        return new Call(Kind.WRITE, value, 0, Rule.NONE, 0, Expiry.NONE, 0);
    }

    /** A removal without rules. */
    public static Call remove() {
        return new Call(Kind.REMOVE, "", 0, Rule.NONE, 0, Expiry.NONE, 0);
    }

    /** An increment. */
    public static Call increment(long delta) {
        return new Call(Kind.INCREMENT, "", delta, Rule.NONE, 0, Expiry.KEEP, 0);
    }

    /** A change of the time of expiry. */
    public static Call expire(long millis) {
        return new Call(Kind.EXPIRE, "", 0, Rule.NONE, 0, Expiry.AT, millis);
    }

    /** The loss of whatever there is. */
    public static Call loss() {
        return new Call(Kind.LOSS, "", 0, Rule.NONE, 0, Expiry.NONE, 0);
    }

    /** The removal of whatever there is, which is not told what that was. */
    public static Call clear() {
        return new Call(Kind.CLEAR, "", 0, Rule.NONE, 0, Expiry.NONE, 0);
    }

    /** This call under {@code newRule}. */
    public Call under(Rule newRule, long version) {
        return new Call(kind, value, delta, newRule, version, expiry, expiryMillis);
    }

    /** This call with another effect on the time of expiry. */
    public Call expiring(Expiry newExpiry, long millis) {
        return new Call(kind, value, delta, rule, requiredVersion, newExpiry, millis);
    }
}
