package io.silkstone.api.migration;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Decides how tablets move to a server: in which order, in how many parts, how much at a time and
 * how fast. Publish it as a service with {@code silkstone.kind=migration} and {@code
 * silkstone.name}; {@link io.silkstone.api.policy.Policy} does both.
 *
 * <p>A server asks the strategy in its slot when it is told to fetch a tablet, and from then on
 * once in the interval of the pace it got last. No request and no pull waits for a strategy: what
 * it said last is what holds. So it has no hand in what makes a migration safe, such as who serves
 * the tablet, what is replayed and who is told of it; and nothing it does can lose an object.
 *
 * <p>All calls are made one at a time, on a thread that belongs to this strategy. A method that
 * throws, answers null or takes longer than 2 s makes the server return to the strategy before, or
 * to its built-in one; migrations that the strategy had begun end in the order of their plan, at
 * the built-in pace. When another strategy takes over, migrations under way end in the order of
 * their plan too, and at the pace they were given last, except that the bulk comes in any case.
 */
@ConsumerType
public interface MigrationStrategy {
    /** How {@code tablet} is to move; asked before anything is done that others could notice. */
    MigrationPlan plan(MigratingTablet tablet);

    /** How a migration is to go on, after what {@code sample} says of the interval that is over. */
    MigrationPace pace(MigrationSample sample);
}
