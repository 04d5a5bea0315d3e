package io.silkstone.policies.migrationrocksteady;

import io.silkstone.api.migration.MigratingTablet;
import io.silkstone.api.migration.MigrationPace;
import io.silkstone.api.migration.MigrationPace.PriorityPulls;
import io.silkstone.api.migration.MigrationPlan;
import io.silkstone.api.migration.MigrationSample;
import io.silkstone.api.migration.MigrationStrategy;
import java.util.Locale;

/**
 * Moves tablets after Rocksteady (SOSP 2017, section 3): this server owns the tablet from the
 * beginning, its objects follow in parts of the source's hash table or of its log, and what clients
 * ask for comes first, all of it in one request at a time.
 *
 * <p>What the paper leaves out by turns to see what it is good for is a setting here: priority
 * pulls that ask for one hash after the other, or for nothing, and no pulls of the bulk. In the
 * paper a synchronous priority pull also holds the thread that serves the client; here no thread
 * waits, and the client is told to come again.
 *
 * <p>How long pulls are and how many are under way follows what the last ones took, see {@link
 * Pulls}.
 *
 * <p>Threads: any.
 */
public class RocksteadyStrategy implements MigrationStrategy {
    private static final long INTERVAL_NANOS = 100_000_000;

    private volatile RocksteadyOptions options;

    /** A strategy that works at once. */
    public RocksteadyStrategy(RocksteadyOptions options) {
        this.options = options;
    }

    /** Takes other settings: the pace for what runs too, the rest from the next migration on. */
    public final void configure(RocksteadyOptions newOptions) {
        options = newOptions;
    }

    @Override
    public MigrationPlan plan(MigratingTablet tablet) {
        RocksteadyOptions now = options;
        return new MigrationPlan(
                MigrationPlan.Order.OWN_THEN_COPY,
                now.partitions(),
                now.pullOrder(),
                pace(now, Pulls.of(now)));
    }

    @Override
    public MigrationPace pace(MigrationSample sample) {
        RocksteadyOptions now = options;
        return pace(now, Pulls.of(now, sample));
    }

    private static MigrationPace pace(RocksteadyOptions now, Pulls pulls) {
        return new MigrationPace(
                pulls.bytes(),
                Math.min(pulls.bytes(), now.busyPullBytes()),
                pulls.atOnce(),
                now.rateBytes(),
                now.priorityPulls(),
                now.backgroundPulls(),
                now.latenessNanos(),
                INTERVAL_NANOS,
                reason(now));
    }

    private static String reason(RocksteadyOptions now) {
        if (!now.backgroundPulls()) {
            return "only what clients ask for comes, as background.pulls has it";
        }
        if (now.priorityPulls() != PriorityPulls.ASYNCHRONOUS) {
            return "priority.pulls is " + now.priorityPulls().name().toLowerCase(Locale.ROOT);
        }
        return now.rateBytes() == 0
                ? "as fast as clients leave it, and less at a time while they wait"
                : "as fast as rate.bytes permits";
    }
}
