package io.silkstone.policies.migrationsourceretains;

import io.silkstone.api.migration.MigrationPace;
import io.silkstone.api.migration.MigrationPlan;
import io.silkstone.base.Checks;

/**
 * Settings of {@link SourceRetainsStrategy}, checked.
 *
 * @param partitions into how many parts a tablet is cut, each with a pull under way
 * @param pullBytes about how much a pull brings
 * @param rateBytes how much may come in a second; 0 for as much as can
 */
public record SourceRetainsOptions(int partitions, int pullBytes, long rateBytes) {
    /** Those of Rocksteady. */
    public static final SourceRetainsOptions DEFAULTS =
            new SourceRetainsOptions(8, MigrationPace.STANDARD.pullBytes(), 0);

    /** Checks each value. */
    public SourceRetainsOptions {
        Checks.inRange("partitions", partitions, 1, MigrationPlan.PARTS_MAX);
        Checks.require(
                Integer.bitCount(partitions) == 1,
                "partitions must be a power of two, was %d",
                partitions);
        Checks.inRange(
                "pull.bytes",
                pullBytes,
                MigrationPace.PULL_BYTES_MIN,
                MigrationPace.PULL_BYTES_MAX);
        Checks.require(
                rateBytes == 0 || rateBytes >= MigrationPace.BYTES_PER_SECOND_MIN,
                "rate.bytes must be 0 or at least %d, was %d",
                MigrationPace.BYTES_PER_SECOND_MIN,
                rateBytes);
    }
}
