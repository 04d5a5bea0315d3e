package io.silkstone.api.migration;

import java.util.Objects;

/**
 * How fast a tablet comes, until the next answer.
 *
 * @param pullBytes about how much one pull brings, from {@link #PULL_BYTES_MIN} to {@link
 *     #PULL_BYTES_MAX}; the transport may bring less
 * @param busyPullBytes the same while clients wait for what has not come
 * @param pulls how many pulls of the bulk are under way at most, from 1 to {@link #PULLS_MAX};
 *     there are never more than two for each part of the tablet
 * @param bytesPerSecondMax how much the bulk may bring in a second; 0 for as much as it can
 * @param priorityPulls how what clients wait for is asked for
 * @param background whether the bulk comes too; without it a tablet that is owned stays incomplete,
 *     and one that is to be copied first is copied nevertheless
 * @param latenessNanosMax how late threads of this server may run, in the mean, while clients ask
 *     for something: beyond that the bulk comes more slowly; 0 for as late as it gets
 * @param intervalNanos when to ask again, from 1 ms to 1 s; what is outside of these bounds counts
 *     as the nearer one
 * @param reason one short sentence for operators
 */
public record MigrationPace(
        int pullBytes,
        int busyPullBytes,
        int pulls,
        long bytesPerSecondMax,
        PriorityPulls priorityPulls,
        boolean background,
        long latenessNanosMax,
        long intervalNanos,
        String reason) {
    /** The shortest pull. */
    public static final int PULL_BYTES_MIN = 1 << 10;

    /** The longest pull. */
    public static final int PULL_BYTES_MAX = 4 << 20;

    /** The most pulls at a time. */
    public static final int PULLS_MAX = 2 * MigrationPlan.PARTS_MAX;

    /** The lowest limit: what a source gives in the time that it waits for the next pull. */
    public static final long BYTES_PER_SECOND_MIN = 1 << 20;

    /** What was measured to be good between two servers of one host, see decision 0120. */
    public static final MigrationPace STANDARD =
            new MigrationPace(
                    56 << 10,
                    24 << 10,
                    PULLS_MAX,
                    0,
                    PriorityPulls.ASYNCHRONOUS,
                    true,
                    500_000,
                    100_000_000,
                    "as fast as clients leave it, and less at a time while they wait");

    /** How a server asks for objects that clients wait for. */
    public enum PriorityPulls {
        /** All that is wanted in one request, and the next one when that has been answered. */
        ASYNCHRONOUS,

        /** One hash in a request, and the next one when that has been answered. */
        SYNCHRONOUS,

        /** Not at all: clients wait until it comes with the bulk, or the bulk has ended. */
        NONE
    }

    /** With as many pulls at a time as the parts of the tablet allow. */
    public MigrationPace(
            int pullBytes,
            int busyPullBytes,
            long bytesPerSecondMax,
            PriorityPulls priorityPulls,
            boolean background,
            long latenessNanosMax,
            long intervalNanos,
            String reason) {
        this(
                pullBytes,
                busyPullBytes,
                PULLS_MAX,
                bytesPerSecondMax,
                priorityPulls,
                background,
                latenessNanosMax,
                intervalNanos,
                reason);
    }

    /** Checks each value. */
    public MigrationPace {
        requireBytes("pullBytes", pullBytes);
        requireBytes("busyPullBytes", busyPullBytes);
        if (pulls < 1 || pulls > PULLS_MAX) {
            throw new IllegalArgumentException(
                    "pulls must be from 1 to " + PULLS_MAX + ", was " + pulls);
        }
        Objects.requireNonNull(priorityPulls, "priorityPulls");
        Objects.requireNonNull(reason, "reason");
        if (bytesPerSecondMax != 0 && bytesPerSecondMax < BYTES_PER_SECOND_MIN) {
            throw new IllegalArgumentException(
                    "bytesPerSecondMax must be 0 or at least "
                            + BYTES_PER_SECOND_MIN
                            + ", was "
                            + bytesPerSecondMax);
        }
        if (latenessNanosMax < 0) {
            throw new IllegalArgumentException(
                    "latenessNanosMax must be 0 or more, was " + latenessNanosMax);
        }
        if (!background && priorityPulls == PriorityPulls.NONE) {
            throw new IllegalArgumentException(
                    "without background something must be asked for: priorityPulls was NONE");
        }
    }

    private static void requireBytes(String name, int bytes) {
        if (bytes < PULL_BYTES_MIN || bytes > PULL_BYTES_MAX) {
            throw new IllegalArgumentException(
                    name
                            + " must be from "
                            + PULL_BYTES_MIN
                            + " to "
                            + PULL_BYTES_MAX
                            + ", was "
                            + bytes);
        }
    }
}
