package io.silkstone.api.cluster;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Servers, tables and tablets of a cluster at one moment. Immutable.
 *
 * <p>Every key hash of a table lies in exactly one of its tablets. Maps of one cluster are ordered
 * by their version; and of two tablets that overlap the one with the higher epoch is newer, also
 * when nothing else is known.
 */
public final class ClusterMap {
    private static final Comparator<Tablet> BY_RANGE =
            Comparator.comparingInt(Tablet::table)
                    .thenComparing(Tablet::firstHash, Long::compareUnsigned);

    /** Of no cluster, with nothing in it. */
    public static final ClusterMap NONE = new ClusterMap(0, 0, List.of(), List.of(), List.of());

    private final long cluster;
    private final long version;
    private final List<Server> servers;
    private final List<Table> tables;
    private final List<Tablet> tablets;
    private final List<Log> logs;
    private final Map<ServerId, Server> serversById = new HashMap<>();
    private final Map<Integer, Tablet[]> tabletsByTable = new HashMap<>();

    /**
     * A server.
     *
     * @param id who it is
     * @param up whether it has a lease, as far as the coordinator knows
     * @param node the node's name for ever, 40 hexadecimal digits
     * @param address where its transport is reached
     * @param redisEndpoint where its Redis clients are to come, as {@code host:port}; empty for
     *     nowhere
     */
    public record Server(
            ServerId id, boolean up, String node, String address, String redisEndpoint) {}

    /**
     * A table.
     *
     * @param id unique for ever, from 1
     * @param name 1 to 255 characters
     * @param replicas how many other servers keep what is written to it, so that it outlives the
     *     server that has it; 0 for none
     */
    public record Table(int id, String name, int replicas) {
        /** Without replicas. */
        public Table(int id, String name) {
            this(id, name, 0);
        }
    }

    /** What is being done to a tablet. */
    public enum TabletState {
        /** Its owner serves it. */
        NORMAL,
        /** Its owner is to let go of it for its peer, if it has no objects. */
        LEAVING,
        /** Its owner is down: nobody serves it. */
        LOST,
        /**
         * Its owner serves it, and its objects are still coming: from the server that had it, or,
         * when that is down, from its log.
         */
        MIGRATING,
        /** Its owner reads it out of the logs of servers that are down: nobody serves it yet. */
        RECOVERING
    }

    /**
     * A range of a table's key hashes, unsigned, both ends included.
     *
     * @param table whose
     * @param firstHash lowest hash
     * @param lastHash highest hash
     * @param owner who serves it, or will, or did until it was lost
     * @param epoch grows whenever the owner changes, and when a move is taken back
     * @param state what is being done to it
     * @param peer with LEAVING, who is to have it; with MIGRATING, who had it and still has what
     *     has not come; with RECOVERING, its owner itself if that had it before and still has all
     *     that it had then, so that what the logs say comes on top; else NONE
     * @param logs its lineage: servers that are down and whose logs hold something of it that its
     *     owner has not, ascending; with RECOVERING only
     * @param since the lowest epoch of whose changes its owner knows that they were made; what an
     *     owner before that epoch was asked, nobody can say
     */
    public record Tablet(
            int table,
            long firstHash,
            long lastHash,
            ServerId owner,
            long epoch,
            TabletState state,
            ServerId peer,
            List<ServerId> logs,
            long since) {
        /** Keeps a list of its own. */
        public Tablet {
            logs = List.copyOf(logs);
        }

        /** One that begins empty in this epoch. */
        public Tablet(
                int table,
                long firstHash,
                long lastHash,
                ServerId owner,
                long epoch,
                TabletState state,
                ServerId peer) {
            this(table, firstHash, lastHash, owner, epoch, state, peer, List.of(), epoch);
        }

        /** The same, but dependent on these logs. */
        public Tablet withLogs(List<ServerId> logs) {
            return new Tablet(table, firstHash, lastHash, owner, epoch, state, peer, logs, since);
        }

        /** The same, but with an owner that knows of changes since another epoch. */
        public Tablet withSince(long since) {
            return new Tablet(table, firstHash, lastHash, owner, epoch, state, peer, logs, since);
        }

        /** The same objects, in another epoch, dependent on no logs. */
        public Tablet in(long epoch, ServerId owner, TabletState state, ServerId peer) {
            return new Tablet(
                    table, firstHash, lastHash, owner, epoch, state, peer, List.of(), since);
        }

        /** Whether its owner serves it, unless that is down and nobody knows yet. */
        public boolean isServed() {
            return state != TabletState.LOST && state != TabletState.RECOVERING;
        }

        /** Whether {@code hash} lies in it. */
        public boolean contains(long hash) {
            return Long.compareUnsigned(firstHash, hash) <= 0
                    && Long.compareUnsigned(hash, lastHash) <= 0;
        }
    }

    /**
     * The log of a server that is down, on which tablets depend. Its replicas are kept as long as
     * it is in the map.
     *
     * @param server whose
     * @param epoch a replica that has not ended counts only if its incarnation is not below this
     * @param lossAccepted whether what is left of it has to do, as an operator has said, so that
     *     any replica counts; else it is read when all of it is there
     */
    public record Log(ServerId server, long epoch, boolean lossAccepted) {
        /** Of which all is wanted. */
        public Log(ServerId server, long epoch) {
            this(server, epoch, false);
        }
    }

    /** Of these parts, in whatever order, without logs. */
    public ClusterMap(
            long cluster,
            long version,
            List<Server> servers,
            List<Table> tables,
            List<Tablet> tablets) {
        this(cluster, version, servers, tables, tablets, List.of());
    }

    /** Of these parts, in whatever order. */
    public ClusterMap(
            long cluster,
            long version,
            List<Server> servers,
            List<Table> tables,
            List<Tablet> tablets,
            List<Log> logs) {
        this.cluster = cluster;
        this.version = version;
        this.servers = sorted(servers, Comparator.comparing(Server::id));
        this.tables = sorted(tables, Comparator.comparing(Table::name));
        this.tablets = sorted(tablets, BY_RANGE);
        this.logs = sorted(logs, Comparator.comparing(Log::server));
        servers.forEach(server -> serversById.put(server.id(), server));
        Map<Integer, List<Tablet>> byTable = new HashMap<>();
        for (Tablet tablet : this.tablets) {
            byTable.computeIfAbsent(tablet.table(), table -> new ArrayList<>()).add(tablet);
        }
        byTable.forEach((table, list) -> tabletsByTable.put(table, list.toArray(new Tablet[0])));
    }

    private static <T> List<T> sorted(List<T> list, Comparator<? super T> order) {
        return list.stream().sorted(order).toList();
    }

    /** Unique number of the cluster; 0 for none. */
    public long cluster() {
        return cluster;
    }

    /** Grows with every change of the map. */
    public long version() {
        return version;
    }

    /** Every server that there is or was and was not replaced, by its id. */
    public List<Server> servers() {
        return servers;
    }

    /** Every table, by its name. */
    public List<Table> tables() {
        return tables;
    }

    /** Every tablet, by table and first hash. */
    public List<Tablet> tablets() {
        return tablets;
    }

    /** The logs of servers that are down on which any tablet depends, by server; no others. */
    public List<Log> logs() {
        return logs;
    }

    /** The server called {@code id}; null when it is not in the map. */
    public Server server(ServerId id) {
        return serversById.get(id);
    }

    /** The table called {@code name}, or null. */
    public Table table(String name) {
        for (Table table : tables) {
            if (table.name().equals(name)) {
                return table;
            }
        }
        return null;
    }

    /** The tablet of {@code table} in which {@code hash} lies; null when there is no such table. */
    public Tablet tablet(int table, long hash) {
        Tablet[] all = tabletsByTable.get(table);
        if (all == null) {
            return null;
        }
        int low = 0;
        int high = all.length - 1;
        while (low < high) {
            int middle = low + high + 1 >>> 1;
            if (Long.compareUnsigned(all[middle].firstHash(), hash) <= 0) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return all[low].contains(hash) ? all[low] : null;
    }

    /** Whether anything of {@code table} is being recovered, and nobody has it for the moment. */
    public boolean isRecovering(int table) {
        for (Tablet each : tabletsByTable.getOrDefault(table, new Tablet[0])) {
            if (each.state() == TabletState.RECOVERING) {
                return true;
            }
        }
        return false;
    }

    /**
     * The hashes of {@code table} that {@code server} serves: pairs of a first and a last one,
     * unsigned and ascending, neighbours as one.
     */
    public long[] served(int table, ServerId server) {
        Tablet[] all = tabletsByTable.getOrDefault(table, new Tablet[0]);
        long[] served = new long[2 * all.length];
        int length = 0;
        for (Tablet each : all) {
            boolean isServed = each.owner().equals(server) && each.isServed();
            boolean follows = length > 0 && served[length - 1] + 1 == each.firstHash();
            if (isServed && !follows) {
                served[length++] = each.firstHash();
                served[length++] = each.lastHash();
            } else if (isServed) {
                served[length - 1] = each.lastHash();
            }
        }
        return Arrays.copyOf(served, length);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ClusterMap map
                && cluster == map.cluster
                && version == map.version
                && servers.equals(map.servers)
                && tables.equals(map.tables)
                && tablets.equals(map.tablets)
                && logs.equals(map.logs);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(31 * cluster + version);
    }

    @Override
    public String toString() {
        return "cluster %016x, version %d, %d servers, %d tables, %d tablets"
                .formatted(cluster, version, servers.size(), tables.size(), tablets.size());
    }
}
