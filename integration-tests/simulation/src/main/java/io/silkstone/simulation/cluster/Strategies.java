package io.silkstone.simulation.cluster;

import io.silkstone.api.migration.MigratingTablet;
import io.silkstone.api.migration.MigrationPace;
import io.silkstone.api.migration.MigrationPace.PriorityPulls;
import io.silkstone.api.migration.MigrationPlan;
import io.silkstone.api.migration.MigrationPlan.PullOrder;
import io.silkstone.api.migration.MigrationSample;
import io.silkstone.api.migration.MigrationStrategy;
import io.silkstone.policies.migrationrocksteady.RocksteadyOptions;
import io.silkstone.policies.migrationrocksteady.RocksteadyStrategy;
import io.silkstone.policies.migrationsourceretains.SourceRetainsOptions;
import io.silkstone.policies.migrationsourceretains.SourceRetainsStrategy;
import io.silkstone.policies.migrationstopandcopy.StopAndCopyOptions;
import io.silkstone.policies.migrationstopandcopy.StopAndCopyStrategy;
import io.silkstone.simulation.settings.Weights;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** How tablets move: the strategies that are shipped, as they are set most differently. */
enum Strategies {
    /** As it is shipped. */
    ROCKSTEADY(() -> new RocksteadyStrategy(RocksteadyOptions.DEFAULTS)),

    /** In the order of the source's log. */
    LOG_ORDER(
            () -> new RocksteadyStrategy(RocksteadyOptions.DEFAULTS.withPullOrder(PullOrder.LOG))),

    /** The same in pulls of few objects, one after the other, which clients wait for. */
    LOG_ORDER_SLOWLY(
            () ->
                    new RocksteadyStrategy(
                            RocksteadyOptions.DEFAULTS
                                    .withPullOrder(PullOrder.LOG)
                                    .withPulls(2, MigrationPace.PULL_BYTES_MIN, 1)
                                    .withPriorityPulls(PriorityPulls.NONE))),

    /** A client's object at a time, in many pulls of few objects. */
    SYNCHRONOUS(
            () ->
                    new RocksteadyStrategy(
                            RocksteadyOptions.DEFAULTS
                                    .withPulls(2, MigrationPace.PULL_BYTES_MIN, 1)
                                    .withPriorityPulls(PriorityPulls.SYNCHRONOUS))),

    /** Clients wait for the bulk. */
    UNASKED(
            () ->
                    new RocksteadyStrategy(
                            RocksteadyOptions.DEFAULTS
                                    .withPulls(1, MigrationPace.PULL_BYTES_MIN, 0)
                                    .withPriorityPulls(PriorityPulls.NONE))),

    /** In pulls of few objects. */
    STOP_AND_COPY(
            () ->
                    new StopAndCopyStrategy(
                            new StopAndCopyOptions(2, MigrationPace.PULL_BYTES_MIN, 0))),

    /** In pulls of few objects. */
    SOURCE_RETAINS(
            () ->
                    new SourceRetainsStrategy(
                            new SourceRetainsOptions(2, MigrationPace.PULL_BYTES_MIN, 0)));

    private final Supplier<MigrationStrategy> maker;

    Strategies(Supplier<MigrationStrategy> maker) {
        this.maker = maker;
    }

    MigrationStrategy strategy() {
        return maker.get();
    }

    /** One that has each migration planned by one of {@code weights}. */
    static MigrationStrategy drawn(
            Weights<Strategies> weights, RandomGenerator random, Consumer<String> count) {
        return new MigrationStrategy() {
            @Override
            public MigrationPlan plan(MigratingTablet tablet) {
                Strategies drawn = weights.draw(random);
                count.accept("migration by " + drawn.name().toLowerCase(Locale.ROOT));
                return drawn.strategy().plan(tablet);
            }

            @Override
            public MigrationPace pace(MigrationSample sample) {
                return weights.draw(random).strategy().plan(sample.tablet()).pace();
            }
        };
    }
}
