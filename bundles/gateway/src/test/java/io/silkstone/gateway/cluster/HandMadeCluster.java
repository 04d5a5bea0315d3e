package io.silkstone.gateway.cluster;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.ClusterMap.Table;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ClusterRefused;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Key;
import java.util.ArrayList;
import java.util.List;

/** A cluster whose map is written by hand, and whose lease ends when a test says so. */
public final class HandMadeCluster implements Cluster {
    public static final ServerId ONE = new ServerId(1, 1);
    public static final ServerId TWO = new ServerId(2, 1);
    public static final int HALF = Key.SLOTS / 2;
    private static final int TABLE = 1;

    private volatile ClusterMap map = ClusterMap.NONE;
    private volatile ServerId self = ONE;
    private volatile int takenSlot = -1;

    /** How often the lease is found to hold from now on; below 0 for ever. */
    public volatile int leaseChecksLeft = -1;

    /** Parts of a map. */
    public static final class Draft {
        private final List<Server> servers = new ArrayList<>();
        private final List<Tablet> tablets = new ArrayList<>();
        private final long version;

        public Draft(long version) {
            this.version = version;
        }

        public Draft server(int index, int generation, boolean up, String endpoint) {
            servers.add(
                    new Server(
                            new ServerId(index, generation),
                            up,
                            node(index),
                            "a:" + index,
                            endpoint));
            return this;
        }

        /** Whole slots, both ends included. */
        public Draft slots(int first, int last, ServerId owner, TabletState state) {
            return hashes(
                    (long) first << Key.SLOT_SHIFT,
                    ((long) last + 1 << Key.SLOT_SHIFT) - 1,
                    owner,
                    state);
        }

        public Draft slots(int first, int last, ServerId owner) {
            return slots(first, last, owner, TabletState.NORMAL);
        }

        public Draft hashes(long first, long last, ServerId owner, TabletState state) {
            ServerId other = owner.equals(ONE) ? TWO : ONE;
            boolean moves = state == TabletState.LEAVING || state == TabletState.MIGRATING;
            ServerId peer = moves ? other : ServerId.NONE;
            tablets.add(new Tablet(TABLE, first, last, owner, tablets.size() + 1, state, peer));
            return this;
        }

        public ClusterMap map() {
            return new ClusterMap(
                    77, version, servers, List.of(new Table(TABLE, "default")), tablets);
        }
    }

    /** Two servers, the first with the lower half of the slots. */
    public static Draft halves(long version) {
        return pair(version).slots(0, HALF - 1, ONE).slots(HALF, Key.SLOTS - 1, TWO);
    }

    /** Two servers that are up. */
    public static Draft pair(long version) {
        return new Draft(version)
                .server(1, 1, true, "127.0.0.1:7600")
                .server(2, 1, true, "127.0.0.1:7601");
    }

    /** The name for ever of a server. */
    public static String node(int index) {
        return "%040x".formatted(0xabc00 + index);
    }

    public HandMadeCluster with(Draft draft) {
        map = draft.map();
        return this;
    }

    public HandMadeCluster as(ServerId id) {
        self = id;
        return this;
    }

    /** The node has {@code slot}, whatever the map says. */
    public void take(int slot) {
        takenSlot = slot;
    }

    public Routes routes() {
        return Routes.of(this);
    }

    @Override
    public ClusterMap map() {
        return map;
    }

    @Override
    public ServerId self() {
        return self;
    }

    @Override
    public boolean isMember() {
        if (leaseChecksLeft > 0) {
            leaseChecksLeft--;
            return true;
        }
        return leaseChecksLeft < 0;
    }

    @Override
    public boolean hasTaken(int table, long hash) {
        return table == TABLE && Key.slot(hash) == takenSlot;
    }

    @Override
    public String coordinator() {
        return "memory:coordinator";
    }

    @Override
    public String status() {
        return "made by hand";
    }

    @Override
    public void createTable(String name, int tablets, int replicas) throws ClusterRefused {
        throw new ClusterRefused(status());
    }

    @Override
    public void dropTable(String name) throws ClusterRefused {
        throw new ClusterRefused(status());
    }

    @Override
    public void splitTablet(String table, long hash) throws ClusterRefused {
        throw new ClusterRefused(status());
    }

    @Override
    public long migrateTablet(String table, long hash, ServerId server, long rate) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int acceptLoss(ServerId server) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void assignTablet(String table, long hash, ServerId server) throws ClusterRefused {
        throw new ClusterRefused(status());
    }
}
