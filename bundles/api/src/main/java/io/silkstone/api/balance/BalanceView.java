package io.silkstone.api.balance;

/**
 * How load is spread, and what would be done about it.
 *
 * @param enabled whether anything is done at all
 * @param dryRun whether what would be done is only logged
 * @param strategy its name and version
 * @param load what was seen
 * @param plan what the strategy wants, without what may not be
 * @param movesUnderWay how many tablets are on their way, whoever has had them move
 */
public record BalanceView(
        boolean enabled,
        boolean dryRun,
        String strategy,
        ClusterLoad load,
        BalancePlan plan,
        int movesUnderWay) {}
