package io.silkstone.gateway.cluster;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import java.util.ArrayList;
import java.util.List;

/**
 * Which keys of the default table this node serves, and where the others are, as one map of the
 * cluster says it. Immutable; when there is a newer map there is another one of these. Threads:
 * any.
 *
 * <p>Looking at the map before a request runs is for the client's sake, who is to learn where its
 * key is: what keeps a key from being served twice is the store, which knows what it owns, and the
 * lease, which {@link #mayTell} looks at after the request has run.
 */
public final class Routes {
    /** Of a node that belongs to a cluster, but to none that it knows. */
    public static final Routes NONE = new Routes(null, ClusterMap.NONE, ServerId.NONE);

    private static final long LOW_HASH_BITS = (1L << Key.SLOT_SHIFT) - 1;

    private final Cluster cluster;
    private final ClusterMap map;
    private final ServerId self;
    private final int table;
    private final long[] served = new long[Key.SLOTS / Long.SIZE];
    private final List<Span> spans;

    /**
     * Slots in a row that one server has.
     *
     * @param first lowest slot
     * @param last highest slot
     * @param owner who has them, or had them until they were lost
     * @param server what is known of the owner; null for one that is not in the map any more
     * @param served whether the owner serves them, as far as is known
     */
    public record Span(int first, int last, ServerId owner, Server server, boolean served) {
        int slots() {
            return last - first + 1;
        }
    }

    private Routes(Cluster cluster, ClusterMap map, ServerId self) {
        this.cluster = cluster;
        this.map = map;
        this.self = self;
        ClusterMap.Table data = map.table(KvStore.DEFAULT_TABLE);
        table = data == null ? 0 : data.id();
        List<Tablet> tablets =
                map.tablets().stream().filter(tablet -> tablet.table() == table).toList();
        spans = List.copyOf(spans(tablets));
        tablets.stream().filter(this::isMine).forEach(tablet -> mark(tablet, true));
        // A slot that is cut in two counts as served only when both parts are.
        tablets.stream().filter(tablet -> !isMine(tablet)).forEach(tablet -> mark(tablet, false));
    }

    /** As {@code cluster} has it now. */
    public static Routes of(Cluster cluster) {
        // Who this is comes first: a map from before that is no map of the new one's.
        ServerId self = cluster.self();
        return new Routes(cluster, cluster.map(), self);
    }

    /** Of a node that is all of its cluster. */
    public static Routes alone(String node, String host, int port) {
        ServerId self = new ServerId(1, 1);
        return new Routes(
                null,
                new ClusterMap(
                        1,
                        1,
                        List.of(new Server(self, true, node, "", host + ":" + port)),
                        List.of(new ClusterMap.Table(1, KvStore.DEFAULT_TABLE)),
                        List.of(new Tablet(1, 0, -1, self, 1, TabletState.NORMAL, ServerId.NONE))),
                self);
    }

    private boolean isMine(Tablet tablet) {
        return tablet.owner().equals(self) && tablet.isServed();
    }

    private void mark(Tablet tablet, boolean mine) {
        for (int slot = Key.slot(tablet.firstHash()); slot <= Key.slot(tablet.lastHash()); slot++) {
            long bit = 1L << slot;
            served[slot >>> 6] = mine ? served[slot >>> 6] | bit : served[slot >>> 6] & ~bit;
        }
    }

    private List<Span> spans(List<Tablet> tablets) {
        List<Span> found = new ArrayList<>();
        for (Tablet tablet : tablets) {
            boolean cut = (tablet.firstHash() & LOW_HASH_BITS) != 0;
            // Of a slot that is cut in two, the one that has its beginning is named.
            int first = Key.slot(tablet.firstHash()) + (cut ? 1 : 0);
            int last = Key.slot(tablet.lastHash());
            if (first > last) {
                continue;
            }
            boolean isServed = serving(tablet) != null;
            Span before = found.isEmpty() ? null : found.getLast();
            boolean goesOn =
                    before != null
                            && before.last() + 1 == first
                            && before.owner().equals(tablet.owner())
                            && before.served() == isServed;
            if (goesOn) {
                found.removeLast();
                first = before.first();
            }
            Server server = map.server(tablet.owner());
            found.add(new Span(first, last, tablet.owner(), server, isServed));
        }
        return found;
    }

    /** Whether they are still what {@code now} has. */
    public boolean isOf(Cluster now) {
        return cluster == now && map == now.map() && self.equals(now.self());
    }

    /** Whether this node serves every key of {@code slot}, as long as it has its lease. */
    public boolean serves(int slot) {
        return (served[slot >>> 6] & 1L << slot) != 0;
    }

    /**
     * Whether the node has its lease, and had none other since these routes were made: to be asked
     * after a request has run. False means that what it saw or did may be void.
     */
    public boolean mayTell() {
        return cluster == null ? this != NONE : cluster.isMember() && self.equals(cluster.self());
    }

    /**
     * The error for a client that wants a key of hash {@code hash}: where it is, or why nobody
     * serves it. Null when this node does.
     */
    public String refusal(long hash) {
        Tablet tablet = map.tablet(table, hash);
        if (tablet == null) {
            return "CLUSTERDOWN this node is no member of its cluster at present, and does not know"
                    + " who has which keys";
        }
        Server owner = serving(tablet);
        if (owner == null) {
            return "CLUSTERDOWN server "
                    + tablet.owner()
                    + ", which had hash slot "
                    + Key.slot(hash)
                    + ", is down";
        }
        if (owner.id().equals(self) || hasTaken(hash)) {
            return null;
        }
        if (owner.id().index() == self.index()) {
            return "CLUSTERDOWN this node is about to take its place in the cluster again";
        }
        Endpoint endpoint = Endpoint.of(owner.redisEndpoint());
        return endpoint.isNowhere()
                ? "CLUSTERDOWN server " + tablet.owner() + " has the key and no Redis clients"
                : "MOVED " + Key.slot(hash) + " " + endpoint;
    }

    /** Whether another server serves the keys of hash {@code hash}, as far as is known. */
    public boolean isElsewhere(long hash) {
        Tablet tablet = map.tablet(table, hash);
        Server owner = tablet == null ? null : serving(tablet);
        return owner != null && !owner.id().equals(self) && !hasTaken(hash);
    }

    /**
     * Whether this node has a key that its map says is elsewhere. If it sent clients there, and the
     * other node has heard that the key is here, they would go to and fro until they give up.
     */
    private boolean hasTaken(long hash) {
        return cluster != null && cluster.hasTaken(table, hash);
    }

    /** Whether objects of hash {@code hash} may still be on their way here. */
    public boolean isComing(long hash) {
        Tablet tablet = map.tablet(table, hash);
        return tablet != null
                && (isMine(tablet) ? tablet.state() == TabletState.MIGRATING : hasTaken(hash));
    }

    private Server serving(Tablet tablet) {
        Server owner = map.server(tablet.owner());
        boolean serves = tablet.isServed() && owner != null && owner.up();
        return serves ? owner : null;
    }

    /** The map that they were made of. */
    public ClusterMap map() {
        return map;
    }

    /** Who this node is. */
    public ServerId self() {
        return self;
    }

    /** Who has which slots of the default table, in their order; what nobody has is left out. */
    public List<Span> spans() {
        return spans;
    }
}
