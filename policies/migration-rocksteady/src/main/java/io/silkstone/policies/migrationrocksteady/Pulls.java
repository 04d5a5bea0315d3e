package io.silkstone.policies.migrationrocksteady;

import io.silkstone.api.migration.MigrationPace;
import io.silkstone.api.migration.MigrationSample;

/**
 * How long pulls are, and how many are under way.
 *
 * <p>A pull is as long as the source reads in the time that one may hold a core there: the source
 * says how long it took for the last ones. What is under way covers the round trip: while an answer
 * travels, is taken note of and asked anew, the source has others to work on. That is the round
 * trip of the fastest pull, divided by what a pull takes at the source; twice as many, since pulls
 * do not come evenly. More would only queue up in front of clients' requests.
 *
 * @param bytes about how much a pull brings
 * @param atOnce how many are under way at most
 */
record Pulls(int bytes, int atOnce) {
    /** Fewer say nothing about the next ones. */
    private static final int PULLS_MIN = 4;

    private static final int AT_ONCE_MIN = 2;

    /** Lengths are multiples of it, so that they do not change all the time. */
    private static final int STEP_BYTES = 4 << 10;

    /** Before anything is known. */
    static Pulls of(RocksteadyOptions options) {
        return new Pulls(
                options.pullBytes() == 0 ? MigrationPace.STANDARD.pullBytes() : options.pullBytes(),
                options.pulls() == 0 ? MigrationPace.PULLS_MAX : options.pulls());
    }

    /** After what {@code last} says of the pulls before. */
    static Pulls of(RocksteadyOptions options, MigrationSample last) {
        Pulls start = of(options);
        if (last.intervalPulls() < PULLS_MIN || last.intervalSourceNanos() <= 0) {
            return start;
        }
        double bytesPerNano = (double) last.intervalBytes() / last.intervalSourceNanos();
        double pullNanos = (double) last.intervalSourceNanos() / last.intervalPulls();
        long steps = (long) (bytesPerNano * options.holdNanos() / STEP_BYTES);
        long bytes = Math.clamp(steps * STEP_BYTES, STEP_BYTES, MigrationPace.PULL_BYTES_MAX);
        double covering = Math.ceil(2 * last.roundTripNanos() / pullNanos);
        long atOnce = Math.clamp((long) covering, AT_ONCE_MIN, MigrationPace.PULLS_MAX);
        return new Pulls(
                options.pullBytes() == 0 ? (int) bytes : start.bytes(),
                options.pulls() == 0 ? (int) atOnce : start.atOnce());
    }
}
