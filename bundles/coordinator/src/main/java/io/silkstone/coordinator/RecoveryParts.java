package io.silkstone.coordinator;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Key;
import io.silkstone.base.Checks;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Into which parts the tablets of a server that goes down are cut, so that many servers recover
 * what one server had: RAMCloud's partitions (TOCS 2015, section 7).
 *
 * <p><b>Where it differs.</b> RAMCloud's coordinator puts tablets and parts of tablets together to
 * partitions of at most 500 MB, each for a recovery master that is idle. Here a part is a tablet
 * like any other from then on, and no tablet is cut that would not make an heir's work less: not
 * where there are tablets enough for all heirs already, and not into more parts than there are
 * heirs. Cuts are at borders of hash slots in all tables: keys with a common {@code {tag}} stay
 * together, and Redis clients can be told who has a slot.
 *
 * <p>The leader decides, by what servers have told it of their tablets, and its command says where
 * the cuts are. It knows nothing of a server that it has not heard since it began to lead, and of
 * the small tablets of one that has many; what it does not know is not cut.
 *
 * @param bytes about what a part has, if that is not less than an heir's share of all
 * @param max into how many parts a tablet is cut at most; 1 for never
 */
public record RecoveryParts(long bytes, int max) {
    /** For servers whose recovery reads some hundred megabytes in a second. */
    public static final RecoveryParts DEFAULT = new RecoveryParts(64L << 20, 16);

    /** So that a server's tablets are recovered as they are. */
    public static final RecoveryParts NEVER = new RecoveryParts(DEFAULT.bytes, 1);

    static final int PARTS_MAX = 64;

    /** In one command: what is longer than the log takes would never be decided. */
    private static final int CUTS_MAX = 1_024;

    /** Checks every value. */
    public RecoveryParts {
        Checks.inRange("recovery.part.bytes", bytes, 1, Long.MAX_VALUE);
        Checks.inRange("recovery.parts.max", max, 1, PARTS_MAX);
    }

    /** Whether any tablet is ever cut. */
    boolean cutsAny() {
        return max > 1;
    }

    /** A range of a table. */
    private record Place(int table, long firstHash, long lastHash) {}

    /**
     * Where the tablets of {@code server} are to be cut.
     *
     * @param map in which it is up still
     * @param sizes what it said last of its tablets
     * @param heirs how many servers there are to recover them
     */
    List<Cut> cuts(ClusterMap map, ServerId server, List<TabletSize> sizes, int heirs) {
        List<Cut> cuts = new ArrayList<>();
        if (heirs < 2 || !cutsAny() || sizes.isEmpty()) {
            return cuts;
        }
        Map<Place, Long> told = new HashMap<>();
        sizes.forEach(
                each ->
                        told.put(
                                new Place(each.table(), each.firstHash(), each.lastHash()),
                                Math.max(0, each.bytes())));
        Set<Integer> replicated =
                map.tables().stream()
                        .filter(table -> table.replicas() > 0)
                        .map(ClusterMap.Table::id)
                        .collect(Collectors.toSet());
        Map<Tablet, Long> known = new LinkedHashMap<>();
        for (Tablet tablet : map.tablets()) {
            // One that is on its way is in the memory of somebody who goes on with it.
            boolean isToBeCut =
                    tablet.owner().equals(server)
                            && tablet.state() == TabletState.NORMAL
                            && replicated.contains(tablet.table());
            if (isToBeCut) {
                Place place = new Place(tablet.table(), tablet.firstHash(), tablet.lastHash());
                known.put(tablet, told.getOrDefault(place, 0L));
            }
        }
        long share = known.values().stream().mapToLong(Long::longValue).sum() / heirs + 1;
        known.forEach(
                (tablet, size) -> {
                    // To the nearest number: to cut a little off is not worth another tablet.
                    long count = Math.round((double) size / Math.max(bytes, share));
                    cut(tablet, (int) Math.min(count, Math.min(heirs, max)), cuts);
                });
        return cuts;
    }

    /** Into equal shares of its slots. */
    private static void cut(Tablet tablet, int parts, List<Cut> cuts) {
        long first = tablet.firstHash() >>> Key.SLOT_SHIFT;
        long slots = (tablet.lastHash() >>> Key.SLOT_SHIFT) - first + 1;
        long count = Math.min(parts, slots);
        for (long part = 1; part < count && cuts.size() < CUTS_MAX; part++) {
            long slot = first + part * slots / count;
            cuts.add(new Cut(tablet.table(), slot << Key.SLOT_SHIFT));
        }
    }
}
