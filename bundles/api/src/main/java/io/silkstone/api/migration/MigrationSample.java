package io.silkstone.api.migration;

/**
 * How far a migration is, and what happened in the interval that is over.
 *
 * @param tablet which one
 * @param nanos how long the migration has gone on
 * @param objects how many have come
 * @param bytes what they take in the log
 * @param intervalNanos how long the interval was
 * @param intervalPulls pulls of the bulk that were answered in it
 * @param intervalBytes what they brought
 * @param intervalWaitNanos how long threads waited for those answers, all together
 * @param intervalWanted hashes for which clients waited and that were asked for in it
 * @param intervalSourceNanos how long a core of the source was busy with those pulls, as it says; 0
 *     when it does not say
 * @param roundTripNanos how long the fastest of them took from question to answer; 0 when there was
 *     none
 */
public record MigrationSample(
        MigratingTablet tablet,
        long nanos,
        long objects,
        long bytes,
        long intervalNanos,
        long intervalPulls,
        long intervalBytes,
        long intervalWaitNanos,
        long intervalWanted,
        long intervalSourceNanos,
        long roundTripNanos) {}
