package io.silkstone.shell.scopes;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.shell.command.Call;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandRefused;
import io.silkstone.shell.command.CommandScope;
import io.silkstone.shell.format.Answer;
import io.silkstone.shell.format.Details;
import io.silkstone.shell.format.Table;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Shows the cluster as this node sees it, and has it go on without what is lost. */
public final class ClusterCommands implements CommandScope {
    private static final String SCOPE = "cluster";
    private static final String SERVER = "SERVER";
    private static final String FORCE = "--force";
    private static final int NODE_DIGITS = 8;

    /** So many tablets are named where there may be more. */
    private static final int NAMED_MAX = 4;

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
                        .does(call -> servers()),
                Command.named(SCOPE, "accept-loss")
                        .says(
                                "Recovers tablets from what is left of the log of a server that is"
                                        + " down; what is missing is lost.")
                        .takes(SERVER, before -> logs(cluster.get()))
                        .flag(FORCE, "does it; else says which tablets depend on that log")
                        .example("cluster:accept-loss 2.1")
                        .example("cluster:accept-loss 2.1 --force")
                        .does(this::acceptLoss));
    }

    /** Whose logs tablets depend on; nobody's without a cluster. */
    private static List<String> logs(Cluster present) {
        return present == null
                ? List.of()
                : present.map().logs().stream().map(log -> log.server().toString()).toList();
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

    private Answer acceptLoss(Call call) throws Exception {
        Cluster present = required(cluster);
        ServerId server = server(present, call.value(SERVER));
        if (!call.has(FORCE)) {
            throw new CommandRefused(
                    depending(present.map(), server)
                            + " on the log of server "
                            + server
                            + "; add "
                            + FORCE
                            + " to recover from what is left of it: objects and changes that are"
                            + " missing are lost, and what was removed may be there again.");
        }
        int tablets = present.acceptLoss(server);
        return Details.of()
                .with("server", server.toString())
                .with("tablets", tablets)
                .saying(
                        "%s from what is left of the log of server %s; `tablet:list` shows when"
                                        .formatted(
                                                tablets == 1
                                                        ? "1 tablet is recovered"
                                                        : tablets + " tablets are recovered",
                                                server)
                                + " that is done.");
    }

    /**
     * The server called {@code word} on whose log something depends, by its place if that will do.
     */
    private static ServerId server(Cluster present, String word) throws CommandRefused {
        List<ServerId> meant =
                present.map().logs().stream()
                        .map(ClusterMap.Log::server)
                        .filter(
                                each ->
                                        word.equals(each.toString())
                                                || word.equals(Integer.toString(each.index())))
                        .toList();
        if (meant.size() == 1) {
            return meant.getFirst();
        }
        if (meant.size() > 1) {
            throw new CommandRefused(
                    "Tablets depend on several logs of server %s; say which of %s."
                            .formatted(
                                    word,
                                    meant.stream()
                                            .map(ServerId::toString)
                                            .collect(Collectors.joining(", "))));
        }
        String logs = String.join(", ", logs(present));
        throw new CommandRefused(
                logs.isEmpty()
                        ? "No tablet depends on the log of a server that is down."
                        : "No tablet depends on a log of server %s; some depend on those of %s."
                                .formatted(word, logs));
    }

    /** Such as {@code 2 tablets depend (...)}. */
    private static String depending(ClusterMap map, ServerId server) {
        List<Tablet> tablets =
                map.tablets().stream().filter(each -> each.logs().contains(server)).toList();
        String named =
                tablets.stream()
                        .limit(NAMED_MAX)
                        .map(each -> place(map, each))
                        .collect(Collectors.joining(", "));
        int more = tablets.size() - NAMED_MAX;
        return "%d %s (%s%s)"
                .formatted(
                        tablets.size(),
                        tablets.size() == 1 ? "tablet depends" : "tablets depend",
                        named,
                        more > 0 ? " and " + more + " more" : "");
    }

    /** A tablet by its table and its first hash. */
    private static String place(ClusterMap map, Tablet tablet) {
        return tableName(map, tablet.table())
                + ' '
                + TabletCommands.hexadecimal(tablet.firstHash());
    }

    /** What the table with {@code number} is called: its number if nobody knows. */
    static String tableName(ClusterMap map, int number) {
        return map.tables().stream()
                .filter(each -> each.id() == number)
                .map(ClusterMap.Table::name)
                .findFirst()
                .orElse(Integer.toString(number));
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
