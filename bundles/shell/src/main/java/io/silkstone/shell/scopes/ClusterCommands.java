package io.silkstone.shell.scopes;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandRefused;
import io.silkstone.shell.command.CommandScope;
import io.silkstone.shell.format.Answer;
import io.silkstone.shell.format.Details;
import io.silkstone.shell.format.Table;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Shows the cluster as this node sees it. */
public final class ClusterCommands implements CommandScope {
    private static final String SCOPE = "cluster";
    private static final int NODE_DIGITS = 8;

    private final Supplier<Cluster> cluster;

    /** Works on what {@code cluster} gives at the time of each call; null without a membership. */
    public ClusterCommands(Supplier<Cluster> cluster) {
        this.cluster = cluster;
    }

    @Override
    public List<Command> commands() {
        return List.of(
                Command.named(SCOPE, "status")
                        .says("Shows whether this node is a member, and how the cluster is.")
                        .example("cluster:status")
                        .does(call -> status()),
                Command.named(SCOPE, "servers")
                        .says("Lists the servers: who is up, where, and with how many tablets.")
                        .example("cluster:servers")
                        .example("cluster:servers | grep down")
                        .does(call -> servers()));
    }

    /** The cluster, or a sentence about the node that has none. */
    static Cluster required(Supplier<Cluster> cluster) throws CommandRefused {
        Cluster present = cluster.get();
        if (present == null) {
            throw new CommandRefused(
                    "This node has no membership at the moment: it is alone unless coordinators in"
                            + " etc/io.silkstone.rpc.cluster.cfg names some, and then `node:why`"
                            + " and the node's log may say why.");
        }
        return present;
    }

    private Answer status() throws CommandRefused {
        Cluster present = required(cluster);
        ClusterMap map = present.map();
        long up = map.servers().stream().filter(Server::up).count();
        return Details.of()
                .with("cluster", "%016x".formatted(map.cluster()))
                .with("member", present.isMember())
                .with("self", name(present.self()))
                .with("membership", present.status())
                .with("coordinator", present.coordinator())
                .with("map_version", map.version())
                .with("servers_up", up)
                .with("servers_down", map.servers().size() - up)
                .with("tables", map.tables().size())
                .with("tablets", map.tablets().size())
                .with("tablets_lost", count(map, each -> each.state() == TabletState.LOST))
                .with(
                        "tablets_recovering",
                        count(map, each -> each.state() == TabletState.RECOVERING));
    }

    private Answer servers() throws CommandRefused {
        Cluster present = required(cluster);
        ClusterMap map = present.map();
        ServerId self = present.self();
        Table<Server> table =
                Table.of(map.servers())
                        .column("id", server -> server.id().toString())
                        .column("state", server -> server.up() ? "up" : "down")
                        .column("tablets", server -> tabletsOf(map, server))
                        .column("redis", Server::redisEndpoint)
                        .column("address", server -> place(server.address()))
                        .column("node", server -> server.node().substring(0, NODE_DIGITS))
                        .column("self", server -> server.id().equals(self) ? "*" : "")
                        .data("node", Server::node)
                        .data("address", Server::address)
                        .data("self", server -> server.id().equals(self));
        return present.isMember()
                ? table
                : table.note("as this node saw it last; it is " + present.status());
    }

    private static long tabletsOf(ClusterMap map, Server server) {
        return count(map, each -> each.owner().equals(server.id()));
    }

    private static long count(ClusterMap map, Predicate<Tablet> wanted) {
        return map.tablets().stream().filter(wanted).count();
    }

    private static String name(ServerId server) {
        return server.equals(ServerId.NONE) ? "none" : server.toString();
    }

    /** What follows the place are hints for those on the same host. */
    private static String place(String address) {
        int hints = address.indexOf('?');
        return hints < 0 ? address : address.substring(0, hints);
    }
}
