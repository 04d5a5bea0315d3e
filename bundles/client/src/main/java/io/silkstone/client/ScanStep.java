package io.silkstone.client;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.KvStore.Table;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.ObjectVisitor;
import io.silkstone.api.store.Status;
import io.silkstone.rpc.Hashes;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One step of a scan of which nothing is remembered but a cursor, while tablets move and are split.
 *
 * <p>The cursor is a place in the order in which every server's hash table is scanned, that of the
 * hashes with their bits reversed ({@link Hashes#isBefore}). It is the same place on all servers,
 * whatever tablets they have, so an object does not come behind it by moving. A step asks every
 * server of the table for what it has from the cursor on, and goes as far as the one that came
 * least far. What others have beyond that comes with the next step, and is left out here; so is
 * what comes before the cursor, since a server of few lines shows more than was asked for.
 *
 * <p>A tablet that moves between two of the questions could be missed by both. So each server says
 * which hashes it served while it looked, and the step counts only if that is what the map says of
 * all of them; else the map is fetched and the step made again.
 *
 * <p><b>Why not server by server</b>, which would be one message a step: the cursor would have to
 * say which tablets are done, and there are thousands. Tablet by tablet it could, but a server
 * finds the objects of a tablet only by going through its whole table. So a step costs a message a
 * server; a whole scan costs no more than that, for a message brings a line of objects at least.
 *
 * <p>Not thread-safe, as its session.
 */
final class ScanStep {
    /** The first line of any table, as 0, and not the end. */
    private static final long BEGINNING = Long.MIN_VALUE;

    private static final long PAUSE_NANOS = 5_000_000;

    private final ClusterStore store;
    private final ClusterSession session;
    private final ReplyView view = new ReplyView();
    private final List<Found> found = new ArrayList<>();

    /** Who came least far in the last step: asked first, he keeps the others from going further. */
    private ServerId slowest = ServerId.NONE;

    /** How far all servers have come; 0 for the end. */
    private long end;

    /** An object, with its key and its value in {@code bytes}. */
    private record Found(
            byte[] bytes, int keyLength, long hash, long version, long expiryMillis, int type) {}

    ScanStep(ClusterStore store, ClusterSession session) {
        this.store = store;
        this.session = session;
    }

    /** See {@link io.silkstone.api.store.KvSession#scan}. */
    long run(Table table, long cursor, int count, ObjectVisitor visitor) {
        long deadline = store.rpc().now() + store.options().timeoutNanos();
        boolean begins = cursor == 0;
        ClusterMap map = begins ? store.refreshMap() : store.routes().map();
        while (map.tablet(table.id(), 0) != null) {
            // What is lost has nothing in it, but may be somebody's again by now, and have: that
            // only the coordinator knows for certain.
            ClusterMap certain =
                    isServed(map, table) ? map : store.leadersMap(store.options().timeoutNanos());
            boolean isKnown = certain != null && !certain.isRecovering(table.id());
            if (isKnown && isWhole(certain, table, cursor, count)) {
                show(visitor);
                return end;
            }
            found.clear();
            if (store.rpc().now() - deadline >= 0 || store.rpc().isClosed()) {
                return begins ? BEGINNING : cursor;
            }
            store.pause(PAUSE_NANOS);
            map = store.refreshMap();
        }
        return 0;
    }

    private static boolean isServed(ClusterMap map, Table table) {
        return map.tablets().stream()
                .noneMatch(each -> each.table() == table.id() && !each.isServed());
    }

    /** Asks all servers, and returns whether what they answered is all that there is. */
    private boolean isWhole(ClusterMap map, Table table, long cursor, int count) {
        found.clear();
        end = 0;
        Map<ServerId, List<Long>> owners = owners(map, table);
        List<ServerId> order = new ArrayList<>(owners.keySet());
        if (order.remove(slowest)) {
            order.addFirst(slowest);
        }
        for (ServerId server : order) {
            long next =
                    session.scan(table, server, cursor, end, count, object -> take(object, cursor));
            long served = session.scanServed();
            long[] expected = owners.get(server).stream().mapToLong(Long::longValue).toArray();
            if (session.scanStatus() != Status.OK
                    || served != Hashes.UNTOLD && served != Hashes.number(expected)) {
                return false;
            }
            if (next != 0 && Hashes.isBefore(next, end)) {
                end = next;
                slowest = server;
            }
        }
        return true;
    }

    /** The servers of {@code table}, each with the borders of what it has, neighbours as one. */
    private static Map<ServerId, List<Long>> owners(ClusterMap map, Table table) {
        Map<ServerId, List<Long>> owners = new LinkedHashMap<>();
        for (ClusterMap.Tablet each : map.tablets()) {
            if (each.table() != table.id() || !each.isServed()) {
                continue;
            }
            List<Long> borders = owners.computeIfAbsent(each.owner(), key -> new ArrayList<>());
            boolean follows = !borders.isEmpty() && borders.getLast() + 1 == each.firstHash();
            if (follows) {
                borders.removeLast();
            } else {
                borders.add(each.firstHash());
            }
            borders.add(each.lastHash());
        }
        return owners;
    }

    /** A server shows its whole line of objects, of which the last step may have shown some. */
    private void take(ObjectView object, long cursor) {
        boolean isBegun = cursor != 0 && cursor != BEGINNING;
        if (isBegun && Hashes.isBefore(object.keyHash(), cursor)) {
            return;
        }
        byte[] bytes = new byte[object.keyLength() + object.valueLength()];
        MemorySegment copy = MemorySegment.ofArray(bytes);
        MemorySegment.copy(object.memory(), object.keyOffset(), copy, 0, object.keyLength());
        MemorySegment.copy(
                object.memory(),
                object.valueOffset(),
                copy,
                object.keyLength(),
                object.valueLength());
        found.add(
                new Found(
                        bytes,
                        object.keyLength(),
                        object.keyHash(),
                        object.version(),
                        object.expiryMillis(),
                        object.type()));
    }

    private void show(ObjectVisitor visitor) {
        for (Found each : found) {
            if (Hashes.isBefore(each.hash, end)) {
                view.in(MemorySegment.ofArray(each.bytes))
                        .key(each.hash, 0, each.keyLength)
                        .value(each.keyLength, each.bytes.length - each.keyLength)
                        .meta(each.version, each.expiryMillis, each.type);
                visitor.visit(view);
            }
        }
        view.clear();
        found.clear();
    }
}
