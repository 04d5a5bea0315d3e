package io.silkstone.transport.memory;

import io.silkstone.base.Checks;

/**
 * How messages fare on their way from one place to another. Shares are probabilities from 0 to 1,
 * drawn for each message.
 *
 * @param delayNanos how long each message takes at least
 * @param tailNanos mean of what it takes besides, which is distributed exponentially
 * @param loss share of messages that vanish, of those too that open sessions
 * @param duplication share of messages that come twice
 * @param reordering share of messages that leave the order of their session: they take up to {@code
 *     reorderingNanosMax} longer and others overtake them, or they overtake others. All the rest
 *     keep the order in which they were sent
 * @param reorderingNanosMax how much longer those take at most
 * @param refusal share of messages that are refused as FULL although there is room
 * @param breakage share of messages at which their session breaks: it closes on both sides, not at
 *     the same time, and what was under way arrives up to some moment that the seed chooses
 */
public record Faults(
        long delayNanos,
        long tailNanos,
        double loss,
        double duplication,
        double reordering,
        long reorderingNanosMax,
        double refusal,
        double breakage) {
    /** Every message arrives, once, in order, at once. */
    public static final Faults NONE = new Faults(0, 0, 0, 0, 0, 0, 0, 0);

    private static final long HOUR_NANOS = 3_600_000_000_000L;

    /** Checks what was set. */
    public Faults {
        Checks.inRange("delayNanos", delayNanos, 0, HOUR_NANOS);
        Checks.inRange("tailNanos", tailNanos, 0, HOUR_NANOS);
        Checks.inRange("reorderingNanosMax", reorderingNanosMax, 0, HOUR_NANOS);
        requireShare("loss", loss);
        requireShare("duplication", duplication);
        requireShare("reordering", reordering);
        requireShare("refusal", refusal);
        requireShare("breakage", breakage);
    }

    private static void requireShare(String name, double share) {
        Checks.require(0 <= share && share <= 1, "%s must be from 0 to 1, was %s", name, share);
    }

    /** Messages take {@code nanos}, and {@code tailNanos} more on average. */
    public Faults withDelay(long nanos, long meanTailNanos) {
        return new Faults(
                nanos,
                meanTailNanos,
                loss,
                duplication,
                reordering,
                reorderingNanosMax,
                refusal,
                breakage);
    }

    /** This share vanishes. */
    public Faults withLoss(double share) {
        return new Faults(
                delayNanos,
                tailNanos,
                share,
                duplication,
                reordering,
                reorderingNanosMax,
                refusal,
                breakage);
    }

    /** This share comes twice. */
    public Faults withDuplication(double share) {
        return new Faults(
                delayNanos,
                tailNanos,
                loss,
                share,
                reordering,
                reorderingNanosMax,
                refusal,
                breakage);
    }

    /** This share leaves the order, by up to {@code nanosMax}. */
    public Faults withReordering(double share, long nanosMax) {
        return new Faults(
                delayNanos, tailNanos, loss, duplication, share, nanosMax, refusal, breakage);
    }

    /** This share is refused. */
    public Faults withRefusal(double share) {
        return new Faults(
                delayNanos,
                tailNanos,
                loss,
                duplication,
                reordering,
                reorderingNanosMax,
                share,
                breakage);
    }

    /** At this share of the messages the session breaks. */
    public Faults withBreakage(double share) {
        return new Faults(
                delayNanos,
                tailNanos,
                loss,
                duplication,
                reordering,
                reorderingNanosMax,
                refusal,
                share);
    }
}
