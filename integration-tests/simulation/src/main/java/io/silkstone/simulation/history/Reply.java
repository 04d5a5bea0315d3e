package io.silkstone.simulation.history;

/**
 * What a client was told.
 *
 * @param outcome how the operation ended
 * @param value what a read saw; empty otherwise
 * @param version the version that was given, removed or met; 0 for none, {@link #UNTOLD} when who
 *     answers tells no versions
 * @param number the sum after an increment
 */
public record Reply(Outcome outcome, String value, long version, long number) {
    /** The version in replies of a protocol that has none. */
    public static final long UNTOLD = -1;

    /** How operations end. */
    public enum Outcome {
        /** Refused for want of something; it certainly had no effect. */
        NO_EFFECT,
        /** There is no such table any more; it certainly had no effect. */
        NO_TABLE,
        /** Nobody answered in time: it may have had its effect, may have it yet, or never. */
        LOST,
        OK,
        NOT_FOUND,
        EXISTS,
        WRONG_VERSION,
        NOT_A_NUMBER
    }

    /** Refused for want of something. */
    public static Reply noEffect() {
        return new Reply(Outcome.NO_EFFECT, "", 0, 0);
    }

    /** The table is gone. */
    public static Reply noTable() {
        return new Reply(Outcome.NO_TABLE, "", 0, 0);
    }

    /** Nobody answered. */
    public static Reply lost() {
        return new Reply(Outcome.LOST, "", 0, 0);
    }

    /** Success with a version. */
    public static Reply ok(long version) {
        return new Reply(Outcome.OK, "", version, 0);
    }

    /** A read that saw {@code value}. */
    public static Reply saw(String value, long version) {
        return new Reply(Outcome.OK, value, version, 0);
    }

    /** An increment that came to {@code number}. */
    public static Reply sum(long number, long version) {
        return new Reply(Outcome.OK, "", version, number);
    }

    /** There was nothing. */
    public static Reply notFound() {
        return new Reply(Outcome.NOT_FOUND, "", 0, 0);
    }

    /** Refused, where {@code version} was met. */
    public static Reply refused(Outcome outcome, long version) {
        return new Reply(outcome, "", version, 0);
    }
}
