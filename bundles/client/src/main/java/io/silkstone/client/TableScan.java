package io.silkstone.client;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.KvStore.Table;
import io.silkstone.api.store.ObjectVisitor;
import io.silkstone.api.store.Status;
import io.silkstone.rpc.Hashes;
import java.util.ArrayList;
import java.util.List;

/**
 * A scan of a whole table that follows its tablets. Servers are scanned one after the other, all
 * that they have of the table at once. Hashes are covered by such a scan if the same server had
 * them under the same epoch before and after it; those that are not are scanned where they are now,
 * until all are covered. Both maps may be old, where nobody leads: so a scan counts only if the
 * server says that it served, meanwhile, what the map says of it.
 */
final class TableScan {
    private static final int COUNT = 256;
    private static final long PAUSE_NANOS = 5_000_000;

    private final ClusterStore store;
    private final ClusterSession session;
    private final Table table;

    /** What is still to be scanned, by first hash, unsigned. */
    private List<Range> uncovered = new ArrayList<>(List.of(new Range(0, -1)));

    /** Hashes, unsigned, both ends included. */
    private record Range(long first, long last) {
        boolean contains(long hash) {
            return Long.compareUnsigned(first, hash) <= 0 && Long.compareUnsigned(hash, last) <= 0;
        }

        /** Adds what is left of this without {@code other}. */
        void addRest(Range other, List<Range> rest) {
            if (!contains(other.first) && !other.contains(first)) {
                rest.add(this);
                return;
            }
            if (Long.compareUnsigned(first, other.first) < 0) {
                rest.add(new Range(first, other.first - 1));
            }
            if (Long.compareUnsigned(other.last, last) < 0) {
                rest.add(new Range(other.last + 1, last));
            }
        }
    }

    TableScan(ClusterStore store, ClusterSession session, Table table) {
        this.store = store;
        this.session = session;
        this.table = table;
    }

    /** See {@link TableClient#scan}. */
    Status run(ObjectVisitor visitor) {
        long deadline = store.rpc().now() + store.options().timeoutNanos();
        ClusterMap before = store.refreshMap();
        while (!uncovered.isEmpty()) {
            ClusterMap.Tablet next = before.tablet(table.id(), uncovered.getFirst().first);
            if (next == null) {
                return Status.NO_SUCH_TABLE;
            }
            if (next.state() == ClusterMap.TabletState.LOST) {
                return Status.UNAVAILABLE;
            }
            long expected = Hashes.number(before.served(table.id(), next.owner()));
            // What is being recovered is there when that has ended.
            Status status =
                    next.isServed() ? scan(next.owner(), expected, visitor) : Status.RETRY_LATER;
            if (status == Status.RETRY_LATER) {
                store.pause(PAUSE_NANOS);
            }
            ClusterMap after = store.refreshMap();
            if (status == Status.OK) {
                int wanted = uncovered.size();
                long first = uncovered.getFirst().first;
                cover(next.owner(), before, after);
                boolean progress =
                        uncovered.size() != wanted || uncovered.getFirst().first != first;
                deadline = progress ? store.rpc().now() + store.options().timeoutNanos() : deadline;
            }
            if (status == Status.NO_SUCH_TABLE || store.rpc().now() - deadline >= 0) {
                boolean isLate = status == Status.OK || status == Status.RETRY_LATER;
                return isLate ? Status.UNAVAILABLE : status;
            }
            before = after;
        }
        return Status.OK;
    }

    /** RETRY_LATER when the server has something else than was {@code expected}. */
    private Status scan(ServerId server, long expected, ObjectVisitor visitor) {
        long cursor = 0;
        boolean isExpected;
        do {
            cursor =
                    session.scan(
                            table,
                            server,
                            cursor,
                            0,
                            COUNT,
                            object -> {
                                if (isWanted(object.keyHash())) {
                                    visitor.visit(object);
                                }
                            });
            long served = session.scanServed();
            isExpected = served == Hashes.UNTOLD || served == expected;
        } while (cursor != 0 && isExpected && session.scanStatus() == Status.OK);
        boolean isDone = session.scanStatus() == Status.OK;
        return isDone && !isExpected ? Status.RETRY_LATER : session.scanStatus();
    }

    private boolean isWanted(long hash) {
        for (Range each : uncovered) {
            if (each.contains(hash)) {
                return true;
            }
        }
        return false;
    }

    /** Takes out what {@code server} served in both maps under one epoch. */
    private void cover(ServerId server, ClusterMap before, ClusterMap after) {
        for (ClusterMap.Tablet now : after.tablets()) {
            if (now.table() != table.id() || !now.owner().equals(server)) {
                continue;
            }
            for (ClusterMap.Tablet then : before.tablets()) {
                if (then.table() == table.id()
                        && then.isServed()
                        && then.owner().equals(server)
                        && then.epoch() == now.epoch()) {
                    coverBoth(now, then);
                }
            }
        }
    }

    private void coverBoth(ClusterMap.Tablet one, ClusterMap.Tablet other) {
        long first =
                Long.compareUnsigned(one.firstHash(), other.firstHash()) > 0
                        ? one.firstHash()
                        : other.firstHash();
        long last =
                Long.compareUnsigned(one.lastHash(), other.lastHash()) < 0
                        ? one.lastHash()
                        : other.lastHash();
        if (Long.compareUnsigned(first, last) > 0) {
            return;
        }
        List<Range> rest = new ArrayList<>();
        uncovered.forEach(each -> each.addRest(new Range(first, last), rest));
        uncovered = rest;
    }
}
