package io.silkstone.shell.scopes;

import io.silkstone.api.balance.BalancePlan;
import io.silkstone.api.balance.BalanceView;
import io.silkstone.api.balance.Balancer;
import io.silkstone.api.balance.ServerLoad;
import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.store.TabletLoad;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandScope;
import io.silkstone.shell.command.Required;
import io.silkstone.shell.format.Answer;
import io.silkstone.shell.format.Details;
import io.silkstone.shell.format.Table;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Shows how load is spread over the servers of a cluster, and has it spread. */
public final class BalanceCommands implements CommandScope {
    private static final String SCOPE = "balance";

    private final Required<Balancer> balancer;
    private final Supplier<Cluster> cluster;

    /** Works on what these give at the time of each call. */
    public BalanceCommands(Supplier<Balancer> balancer, Supplier<Cluster> cluster) {
        this.balancer = new Required<>("balancer", balancer);
        this.cluster = cluster;
    }

    @Override
    public List<Command> commands() {
        return List.of(
                Command.named(SCOPE, "show")
                        .says(
                                "Shows what each server holds and has to do, and what would be done"
                                        + " about it; in the node whose coordinator leads.")
                        .example("balance:show")
                        .does(call -> show()),
                Command.named(SCOPE, "on")
                        .says(
                                "Has tablets move from busy servers to idle ones, until balance:off"
                                        + " or another coordinator leads; in the node whose"
                                        + " coordinator does.")
                        .example("balance:on")
                        .does(call -> enable(true)),
                Command.named(SCOPE, "off")
                        .says("Begins no more of that; what is on its way arrives.")
                        .example("balance:off")
                        .does(call -> enable(false)));
    }

    private Answer show() throws Exception {
        BalanceView view = balancer.now().look();
        ClusterMap map = ClusterCommands.required(cluster).map();
        return Table.of(view.load().servers())
                .column("server", each -> each.id().toString())
                .column("tablets", each -> each.tablets().size())
                .column("resting", each -> resting(view, each))
                .column("objects", each -> sum(each, TabletLoad::objects))
                .column("bytes", each -> sum(each, TabletLoad::bytes))
                .column("memory", BalanceCommands::memory)
                .column("load", ServerLoad::operationsPerSecond)
                .column("would", each -> would(view.plan(), map, each))
                .note(state(view) + ' ' + view.plan().reason());
    }

    private static long sum(ServerLoad server, ToLongFunction<TabletLoad> figure) {
        return server.tablets().stream().mapToLong(figure).sum();
    }

    private static long resting(BalanceView view, ServerLoad server) {
        return server.tablets().stream().filter(view.load().resting()::contains).count();
    }

    private static String memory(ServerLoad server) {
        return server.bytesAllocated() * 100 / Math.max(1, server.bytesCapacity()) + "%";
    }

    /** What becomes of a server's tablets. */
    private static String would(BalancePlan plan, ClusterMap map, ServerLoad server) {
        Stream<String> moves =
                plan.moves().stream()
                        .filter(each -> each.source().equals(server.id()))
                        .map(
                                each ->
                                        "give %s to %s"
                                                .formatted(
                                                        place(map, each.tablet()), each.target()));
        Stream<String> cuts =
                plan.cuts().stream()
                        .filter(each -> server.tablets().contains(each.tablet()))
                        .map(
                                each ->
                                        "cut %s at %s"
                                                .formatted(
                                                        place(map, each.tablet()),
                                                        TabletCommands.hexadecimal(each.hash())));
        return Stream.concat(moves, cuts).collect(Collectors.joining(", "));
    }

    private static String place(ClusterMap map, TabletLoad tablet) {
        return ClusterCommands.tableName(map, tablet.table())
                + ' '
                + TabletCommands.hexadecimal(tablet.firstHash());
    }

    private static String state(BalanceView view) {
        String state = view.dryRun() ? "dry run" : "on";
        String moving =
                view.movesUnderWay() == 0 ? "" : ", " + view.movesUnderWay() + " on the way";
        return "%s, by %s%s.".formatted(view.enabled() ? state : "off", view.strategy(), moving);
    }

    private Answer enable(boolean enabled) throws Exception {
        balancer.now().enable(enabled);
        return Details.of()
                .with("enabled", enabled)
                .saying(
                        enabled
                                ? "Tablets move from busy servers to idle ones from now on."
                                : "No more tablets move because of load.");
    }
}
