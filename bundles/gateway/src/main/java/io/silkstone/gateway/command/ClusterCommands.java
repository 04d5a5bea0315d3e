package io.silkstone.gateway.command;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.ObjectView;
import io.silkstone.gateway.command.Command.Group;
import io.silkstone.gateway.resp.Memory;
import java.util.List;
import java.util.Locale;

/**
 * CLUSTER, as a cluster of one node that has all slots. Off unless the node is told that its
 * clients are cluster clients: they then ask for the map of slots first, and send each request to
 * the node that has it.
 */
final class ClusterCommands {
    private static final int SCAN_SLICE = 512;

    static final String DISABLED = "ERR This instance has cluster support disabled";

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
                                "myid",
                                "nodes",
                                "shards",
                                "slots")
                        .heavyWhen(x -> x.is(1, "COUNTKEYSINSLOT") || x.is(1, "GETKEYSINSLOT")));
    }

    private static void run(Exchange x) {
        ServerContext.Identity identity = x.server.identity();
        if (!identity.cluster()) {
            x.out.error(DISABLED);
            return;
        }
        switch (x.text(1).toUpperCase(Locale.ROOT)) {
            case "MYID" -> x.out.bulk(identity.nodeId());
            case "KEYSLOT" -> keyslot(x);
            case "INFO" -> x.out.verbatim(info());
            case "NODES" -> x.out.verbatim(nodes(identity));
            case "SLOTS" -> slots(x, identity);
            case "SHARDS" -> shards(x, identity);
            case "COUNTKEYSINSLOT" -> keysInSlot(x, 3, false);
            case "GETKEYSINSLOT" -> keysInSlot(x, 4, true);
            case "HELP" ->
                    Subcommands.help(
                            x,
                            "CLUSTER",
                            "COUNTKEYSINSLOT <slot>",
                            "GETKEYSINSLOT <slot> <count>",
                            "INFO",
                            "KEYSLOT <key>",
                            "MYID",
                            "NODES",
                            "SHARDS",
                            "SLOTS");
            default -> Subcommands.refuse(x);
        }
    }

    private static void keyslot(Exchange x) {
        if (x.count() == 3) {
            x.out.integer(Key.slot(Key.hash(Memory.ALL, x.address(2), x.length(2))));
        } else {
            Subcommands.refuse(x);
        }
    }

    private static String info() {
        return "cluster_enabled:1\r\ncluster_state:ok\r\ncluster_slots_assigned:"
                + Key.SLOTS
                + "\r\ncluster_slots_ok:"
                + Key.SLOTS
                + "\r\ncluster_slots_pfail:0\r\ncluster_slots_fail:0\r\ncluster_known_nodes:1"
                + "\r\ncluster_size:1\r\ncluster_current_epoch:1\r\ncluster_my_epoch:1\r\n";
    }

    private static String nodes(ServerContext.Identity identity) {
        return identity.nodeId()
                + " "
                + identity.host()
                + ":"
                + identity.port()
                + "@0"
                + " myself,master - 0 0 1 connected 0-"
                + (Key.SLOTS - 1)
                + "\n";
    }

    private static void slots(Exchange x, ServerContext.Identity identity) {
        x.out.array(1);
        x.out.array(3);
        x.out.integer(0);
        x.out.integer(Key.SLOTS - 1L);
        x.out.array(4);
        x.out.bulk(identity.host());
        x.out.integer(identity.port());
        x.out.bulk(identity.nodeId());
        x.out.array(0);
    }

    private static void shards(Exchange x, ServerContext.Identity identity) {
        x.out.array(1);
        x.out.map(2);
        x.out.bulk("slots");
        x.out.array(2);
        x.out.integer(0);
        x.out.integer(Key.SLOTS - 1L);
        x.out.bulk("nodes");
        x.out.array(1);
        x.out.map(7);
        x.out.bulk("id");
        x.out.bulk(identity.nodeId());
        x.out.bulk("port");
        x.out.integer(identity.port());
        x.out.bulk("ip");
        x.out.bulk(identity.host());
        x.out.bulk("endpoint");
        x.out.bulk(identity.host());
        x.out.bulk("role");
        x.out.bulk("master");
        x.out.bulk("replication-offset");
        x.out.integer(0);
        x.out.bulk("health");
        x.out.bulk("online");
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
