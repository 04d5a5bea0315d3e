package io.silkstone.coordinator.balance;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Since when each tablet is where it is, as far as one process has seen: who sees a cluster for the
 * first time does not know, and takes all for new. The parts of a tablet that was cut have been
 * where it was.
 *
 * <p>Threads: one at a time.
 */
final class Residence {
    private List<Stay> stays = List.of();
    private Map<Place, Long> since = Map.of();
    private long changedAt;

    private record Place(int table, long firstHash) {}

    /** A range of hashes that has had one owner, and served it, since then. */
    private record Stay(int table, long firstHash, long lastHash, ServerId owner, long since) {
        boolean covers(Tablet tablet) {
            return table == tablet.table()
                    && owner.equals(tablet.owner())
                    && Long.compareUnsigned(firstHash, tablet.firstHash()) <= 0
                    && Long.compareUnsigned(tablet.lastHash(), lastHash) <= 0;
        }
    }

    /** Looks at {@code map}; often enough that nothing moves there and back in between. */
    void observe(ClusterMap map, long now) {
        List<Stay> seen = new ArrayList<>(map.tablets().size());
        Map<Place, Long> places = new HashMap<>();
        int from = 0;
        for (Tablet tablet : map.tablets()) {
            // Both are in the same order, and what begins too late does not cover what follows.
            while (from < stays.size() && isOver(stays.get(from), tablet)) {
                from++;
            }
            Stay before = from < stays.size() ? stays.get(from) : null;
            boolean stayed =
                    before != null && before.covers(tablet) && tablet.state() == TabletState.NORMAL;
            long began = stayed ? before.since : now;
            if (!stayed) {
                changedAt = now;
            }
            seen.add(
                    new Stay(
                            tablet.table(),
                            tablet.firstHash(),
                            tablet.lastHash(),
                            tablet.owner(),
                            began));
            places.put(new Place(tablet.table(), tablet.firstHash()), began);
        }
        stays = seen;
        since = places;
    }

    private static boolean isOver(Stay stay, Tablet tablet) {
        return stay.table < tablet.table()
                || stay.table == tablet.table()
                        && Long.compareUnsigned(stay.lastHash, tablet.firstHash()) < 0;
    }

    /** When anything was seen last that was not served where it was before. */
    long changedAt() {
        return changedAt;
    }

    /** Since when a tablet has been where it is; {@code otherwise} if it was never seen. */
    long since(int table, long firstHash, long otherwise) {
        return since.getOrDefault(new Place(table, firstHash), otherwise);
    }

    /** Knows nothing any more. */
    void forget() {
        stays = List.of();
        since = Map.of();
    }
}
