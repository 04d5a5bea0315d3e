package io.silkstone.gateway.command;

import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.ObjectView;
import io.silkstone.gateway.cluster.ClusterReport;
import io.silkstone.gateway.cluster.Endpoint;
import io.silkstone.gateway.cluster.Routes.Span;
import io.silkstone.gateway.command.Command.Group;
import io.silkstone.gateway.resp.Memory;
import java.util.List;
import java.util.Locale;

/**
 * CLUSTER: the map of the cluster as Redis's clients read it. They ask for it first, and then send
 * each request to the node that has its keys. What changes the map is refused: that is decided by
 * the coordinator, and asked of the node's own shell.
 *
 * <p>A node that belongs to no cluster refuses all of this, unless it is told to appear as a
 * cluster of itself.
 */
final class ClusterCommands {
    private static final int SCAN_SLICE = 512;

    static final String DISABLED = "ERR This instance has cluster support disabled";

    private static final String DECIDED_ELSEWHERE =
            "ERR the coordinator decides who has which slots; see cluster:servers, tablet:assign"
                    + " and migration:start in the node's shell";

    private static final String NO_REPLICATION =
            "ERR servers here have no replicas, and no slots that change by hand";

    private ClusterCommands() {}

    static void declare(List<Command> all) {
        all.add(
                new Command(
                                "cluster",
                                Group.CLUSTER,
                                "Tells about the cluster.",
                                -2,
                                ClusterCommands::run)
                        .subcommands(
                                "countkeysinslot",
                                "getkeysinslot",
                                "help",
                                "info",
                                "keyslot",
                                "links",
                                "myid",
                                "myshardid",
                                "nodes",
                                "replicas",
                                "shards",
                                "slaves",
                                "slots")
                        .heavyWhen(x -> x.is(1, "COUNTKEYSINSLOT") || x.is(1, "GETKEYSINSLOT"))
                        .onDataWhereHeavy());
    }

    private static void run(Exchange x) {
        if (!x.server.isClustered()) {
            x.out.error(DISABLED);
            return;
        }
        switch (x.text(1).toUpperCase(Locale.ROOT)) {
            // Each server is a shard of its own.
            case "MYID", "MYSHARDID" -> exactly(x, 2, () -> x.out.bulk(report(x).self()));
            case "KEYSLOT" -> exactly(x, 3, () -> keyslot(x));
            case "INFO" -> exactly(x, 2, () -> x.out.verbatim(report(x).info()));
            case "NODES" -> exactly(x, 2, () -> x.out.verbatim(report(x).nodes()));
            case "SLOTS" -> exactly(x, 2, () -> slots(x));
            case "SHARDS" -> exactly(x, 2, () -> shards(x));
            case "LINKS" -> exactly(x, 2, () -> x.out.array(0));
            case "REPLICAS", "SLAVES" -> exactly(x, 3, () -> replicas(x));
            case "COUNTKEYSINSLOT" -> keysInSlot(x, 3, false);
            case "GETKEYSINSLOT" -> keysInSlot(x, 4, true);
            case "MEET",
                    "FORGET",
                    "RESET",
                    "ADDSLOTS",
                    "ADDSLOTSRANGE",
                    "DELSLOTS",
                    "DELSLOTSRANGE",
                    "FLUSHSLOTS",
                    "SETSLOT",
                    "BUMPEPOCH",
                    "SET-CONFIG-EPOCH",
                    "SAVECONFIG" ->
                    x.out.error(DECIDED_ELSEWHERE);
            case "FAILOVER", "REPLICATE" -> x.out.error(NO_REPLICATION);
            case "HELP" ->
                    Subcommands.help(
                            x,
                            "CLUSTER",
                            "COUNTKEYSINSLOT <slot>",
                            "GETKEYSINSLOT <slot> <count>",
                            "INFO",
                            "KEYSLOT <key>",
                            "LINKS",
                            "MYID",
                            "MYSHARDID",
                            "NODES",
                            "REPLICAS <node-id>",
                            "SHARDS",
                            "SLOTS");
            default -> Subcommands.refuse(x);
        }
    }

    private static ClusterReport report(Exchange x) {
        return x.server.clusterReport();
    }

    private static void exactly(Exchange x, int count, Runnable action) {
        if (x.count() == count) {
            action.run();
        } else {
            Subcommands.refuse(x);
        }
    }

    private static void keyslot(Exchange x) {
        x.out.integer(Key.slot(Key.hash(Memory.ALL, x.address(2), x.length(2))));
    }

    private static void replicas(Exchange x) {
        boolean known =
                report(x).servers().stream().anyMatch(server -> server.node().equals(x.text(2)));
        if (known) {
            x.out.array(0);
        } else {
            x.out.error("ERR Unknown node " + Errors.shown(x.text(2)));
        }
    }

    /**
     * Slots that nobody serves are left out, so that clients come here for them and are told why.
     */
    private static void slots(Exchange x) {
        List<Span> spans = report(x).served();
        x.out.array(spans.size());
        for (Span span : spans) {
            x.out.array(3);
            x.out.integer(span.first());
            x.out.integer(span.last());
            x.out.array(4);
            Endpoint endpoint = Endpoint.of(span.server().redisEndpoint());
            host(x, endpoint);
            x.out.integer(endpoint.port());
            x.out.bulk(span.server().node());
            x.out.map(0);
        }
    }

    private static void host(Exchange x, Endpoint endpoint) {
        if (endpoint.isNowhere()) {
            x.out.nothing();
        } else {
            x.out.bulk(endpoint.host());
        }
    }

    private static void shards(Exchange x) {
        ClusterReport report = report(x);
        x.out.array(report.servers().size());
        for (Server server : report.servers()) {
            List<Span> spans = report.spans(server.id());
            x.out.map(2);
            x.out.bulk("slots");
            x.out.array(2L * spans.size());
            for (Span span : spans) {
                x.out.integer(span.first());
                x.out.integer(span.last());
            }
            x.out.bulk("nodes");
            x.out.array(1);
            shard(x, server);
        }
    }

    private static void shard(Exchange x, Server server) {
        Endpoint endpoint = Endpoint.of(server.redisEndpoint());
        x.out.map(7);
        x.out.bulk("id");
        x.out.bulk(server.node());
        x.out.bulk("port");
        x.out.integer(endpoint.port());
        x.out.bulk("ip");
        x.out.bulk(endpoint.host());
        x.out.bulk("endpoint");
        host(x, endpoint);
        x.out.bulk("role");
        x.out.bulk("master");
        x.out.bulk("replication-offset");
        x.out.integer(0);
        x.out.bulk("health");
        x.out.bulk(server.up() ? "online" : "fail");
    }

    private static void keysInSlot(Exchange x, int arguments, boolean names) {
        if (x.count() != arguments) {
            Subcommands.refuse(x);
            return;
        }
        if (!x.isLong(2) || x.parsed() < 0 || x.parsed() >= Key.SLOTS) {
            x.out.error("ERR Invalid slot");
            return;
        }
        int slot = (int) x.parsed();
        long most = Long.MAX_VALUE;
        if (names) {
            if (!x.isLong(3) || x.parsed() < 0) {
                x.out.error("ERR Invalid number of keys");
                return;
            }
            most = x.parsed();
        }
        Slot found = new Slot(x, slot, names, most);
        long cursor = 0;
        do {
            cursor = x.session.scan(x.table, cursor, SCAN_SLICE, found::visit);
            x.breatheNow();
        } while (cursor != 0 && found.count < most);
        if (names) {
            x.out.array(x.collected.size());
            x.collected.writeTo(x.out);
        } else {
            x.out.integer(found.count);
        }
    }

    /** The keys of one slot, met in a scan. */
    private static final class Slot {
        private final Exchange x;
        private final int slot;
        private final boolean names;
        private final long most;
        private long count;

        Slot(Exchange x, int slot, boolean names, long most) {
            this.x = x;
            this.slot = slot;
            this.names = names;
            this.most = most;
            x.collected.clear();
        }

        void visit(ObjectView object) {
            if (Key.slot(object.keyHash()) != slot || count == most) {
                return;
            }
            count++;
            if (names) {
                x.collected.add(object.memory(), object.keyOffset(), object.keyLength());
            }
        }
    }
}
