package io.silkstone.policies.migrationrocksteady;

import io.silkstone.api.migration.MigrationPace;
import io.silkstone.api.migration.MigrationPace.PriorityPulls;
import io.silkstone.api.migration.MigrationPlan;
import io.silkstone.api.migration.MigrationPlan.PullOrder;
import io.silkstone.base.Checks;
import java.util.Locale;
import java.util.Objects;

/**
 * Settings of {@link RocksteadyStrategy}, checked.
 *
 * @param partitions into how many parts a tablet is cut, each with a pull under way
 * @param pullOrder in which order of the source's memory objects come
 * @param pullBytes about how much a pull brings; 0 for what the source reads in {@code holdNanos}
 * @param busyPullBytes the same while clients wait, unless {@code pullBytes} is less; never 0
 * @param pulls how many pulls are under way at most; 0 for as many as keep the source busy
 * @param holdNanos for how long a pull may hold a core of the source
 * @param rateBytes how much the bulk may bring in a second; 0 for as much as it can
 * @param priorityPulls how what clients wait for is asked for
 * @param backgroundPulls whether the bulk comes
 * @param latenessNanos how late this server's threads may run while clients ask for something,
 *     before the bulk comes more slowly; 0 for as late as it gets
 */
public record RocksteadyOptions(
        int partitions,
        PullOrder pullOrder,
        int pullBytes,
        int busyPullBytes,
        int pulls,
        long holdNanos,
        long rateBytes,
        PriorityPulls priorityPulls,
        boolean backgroundPulls,
        long latenessNanos) {
    /** So late nobody wants to be. */
    private static final long LATE_MICROS_MAX = 1_000_000;

    /** Longer a client's request never waits behind a pull. */
    private static final long HOLD_MICROS_MAX = 10_000;

    /** What was measured to be best. */
    public static final RocksteadyOptions DEFAULTS =
            new RocksteadyOptions(
                    8,
                    PullOrder.HASH,
                    0,
                    MigrationPace.STANDARD.busyPullBytes(),
                    0,
                    100_000,
                    0,
                    PriorityPulls.ASYNCHRONOUS,
                    true,
                    MigrationPace.STANDARD.latenessNanosMax());

    /** Checks each value. */
    public RocksteadyOptions {
        Checks.inRange("partitions", partitions, 1, MigrationPlan.PARTS_MAX);
        Checks.require(
                Integer.bitCount(partitions) == 1,
                "partitions must be a power of two, was %d",
                partitions);
        if (pullBytes != 0) {
            inBounds("pull.bytes", pullBytes);
        }
        Objects.requireNonNull(pullOrder, "pullOrder");
        inBounds("pull.busy.bytes", busyPullBytes);
        Checks.inRange("pulls", pulls, 0, MigrationPace.PULLS_MAX);
        Checks.inRange("pull.hold.micros", holdNanos / 1_000, 1, HOLD_MICROS_MAX);
        Checks.require(
                rateBytes == 0 || rateBytes >= MigrationPace.BYTES_PER_SECOND_MIN,
                "rate.bytes must be 0 or at least %d, was %d",
                MigrationPace.BYTES_PER_SECOND_MIN,
                rateBytes);
        Checks.inRange("late.micros", latenessNanos / 1_000, 0, LATE_MICROS_MAX);
        Checks.require(
                backgroundPulls || priorityPulls != PriorityPulls.NONE,
                "with priority.pulls = none and background.pulls = false nothing would come");
    }

    private static void inBounds(String key, int bytes) {
        Checks.inRange(key, bytes, MigrationPace.PULL_BYTES_MIN, MigrationPace.PULL_BYTES_MAX);
    }

    /** What {@code word}, as operators write it, says of priority pulls. */
    public static PriorityPulls priorityPulls(String word) {
        for (PriorityPulls each : PriorityPulls.values()) {
            if (each.name().toLowerCase(Locale.ROOT).equals(word.strip())) {
                return each;
            }
        }
        throw new IllegalArgumentException(
                "priority.pulls must be one of asynchronous, synchronous, none, was " + word);
    }

    /** What {@code word}, as operators write it, says of the order of pulls. */
    public static PullOrder pullOrder(String word) {
        for (PullOrder each : PullOrder.values()) {
            if (each.name().toLowerCase(Locale.ROOT).equals(word.strip())) {
                return each;
            }
        }
        throw new IllegalArgumentException("pull.order must be one of hash, log, was " + word);
    }

    /** With pulls in {@code order}. */
    public RocksteadyOptions withPullOrder(PullOrder order) {
        return new RocksteadyOptions(
                partitions,
                order,
                pullBytes,
                busyPullBytes,
                pulls,
                holdNanos,
                rateBytes,
                priorityPulls,
                backgroundPulls,
                latenessNanos);
    }

    /** With {@code priority} pulls of what clients wait for. */
    public RocksteadyOptions withPriorityPulls(PriorityPulls priority) {
        return new RocksteadyOptions(
                partitions,
                pullOrder,
                pullBytes,
                busyPullBytes,
                pulls,
                holdNanos,
                rateBytes,
                priority,
                backgroundPulls,
                latenessNanos);
    }

    /**
     * With {@code bytes} to a pull, whether clients wait or not, so many {@code parts}, and {@code
     * atOnce} pulls at a time.
     */
    public RocksteadyOptions withPulls(int parts, int bytes, int atOnce) {
        return new RocksteadyOptions(
                parts,
                pullOrder,
                bytes,
                bytes,
                atOnce,
                holdNanos,
                rateBytes,
                priorityPulls,
                backgroundPulls,
                latenessNanos);
    }
}
