package io.silkstone.shell.scopes;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.RecoveryStatus;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandRefused;
import io.silkstone.shell.command.CommandScope;
import io.silkstone.shell.format.Answer;
import io.silkstone.shell.format.Table;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Shows what is read out of the logs of servers that are down. */
public final class RecoveryCommands implements CommandScope {
    private static final String SCOPE = "recovery";

    private final Supplier<Cluster> cluster;

    /** Works on what {@code cluster} gives at the time of each call; null without a membership. */
    public RecoveryCommands(Supplier<Cluster> cluster) {
        this.cluster = cluster;
    }

    @Override
    public List<Command> commands() {
        return List.of(
                Command.named(SCOPE, "list")
                        .says(
                                "Lists the tablets that this node recovers, from which logs, and"
                                        + " what that waits for.")
                        .example("recovery:list")
                        .example("recovery:list | grep waits")
                        .does(call -> list()));
    }

    private Answer list() throws CommandRefused {
        Cluster present = ClusterCommands.required(cluster);
        ClusterMap map = present.map();
        return Table.of(present.recoveries())
                .column("table", each -> ClusterCommands.tableName(map, each.table()))
                .column("first_hash", each -> TabletCommands.hexadecimal(each.firstHash()))
                .column("last_hash", each -> TabletCommands.hexadecimal(each.lastHash()))
                .column("logs", RecoveryCommands::logs)
                .column("seconds", each -> TimeUnit.NANOSECONDS.toSeconds(each.nanos()))
                .column("status", RecoveryStatus::status);
    }

    private static String logs(RecoveryStatus status) {
        return status.logs().stream().map(ServerId::toString).collect(Collectors.joining(", "));
    }
}
