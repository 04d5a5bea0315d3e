package io.silkstone.store;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.TabletLoad;
import io.silkstone.store.index.HashTable;
import io.silkstone.store.log.Entry;
import io.silkstone.store.memory.Backoff;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/**
 * Looks what the tablets of a store hold and how much they are used, without a counter on the way
 * of any operation.
 *
 * <p><b>What they hold</b> is estimated from lines of the hash table that lie evenly all over it:
 * of all lines if there are few, so that little tables are counted. Each object that is met counts
 * for the tablet that its hash lies in, and the sum is brought in line with the number of objects,
 * which is known. <b>How much they are used</b> is what the sessions remember, see {@link
 * LoadSamples}, and so is where a cut would divide that: at the border of a hash slot next to the
 * median of the operations, for only there may every table be cut.
 *
 * <p>Threads: one.
 */
final class Census {
    /** Of one table. */
    private static final int LINES_MAX = 4_096;

    /** Others wait for memory that is looked at, so not for all of it at once. */
    private static final int LINES_AT_ONCE = 256;

    /** Of the operations on a tablet that is worth a cut, at least so many fall on each side. */
    private static final double SIDE_MIN = 1.0 / 8;

    private static final long SLOT_HASHES = 1L << Key.SLOT_SHIFT;

    private final Store store;
    private final StoreSession session;
    private final Backoff backoff;
    private final Map<Integer, Table> tables = new HashMap<>();

    /** What is known of one tablet so far. */
    private static final class Tablet {
        final TabletRange range;
        long objects;
        long bytes;
        double load;
        int samples;
        long[] hashes = new long[16];
        double[] loads = new double[16];

        Tablet(TabletRange range) {
            this.range = range;
        }

        void operated(long hash, double perSecond) {
            if (samples == hashes.length) {
                hashes = Arrays.copyOf(hashes, 2 * samples);
                loads = Arrays.copyOf(loads, 2 * samples);
            }
            hashes[samples] = hash;
            loads[samples] = perSecond;
            samples++;
            load += perSecond;
        }

        /** What is done in a second with hashes below {@code hash}. */
        double loadBelow(long hash) {
            double sum = 0;
            for (int index = 0; index < samples; index++) {
                sum += Long.compareUnsigned(hashes[index], hash) < 0 ? loads[index] : 0;
            }
            return sum;
        }

        /** Where a cut divides the load best, {@link TabletLoad#NO_CUT} where none is worth it. */
        long cut() {
            long median = median();
            long below = median & -SLOT_HASHES;
            long best = TabletLoad.NO_CUT;
            double bestSide = load * SIDE_MIN;
            for (long border : new long[] {below, below + SLOT_HASHES}) {
                boolean isInside =
                        border != 0
                                && Long.compareUnsigned(range.firstHash, border) < 0
                                && Long.compareUnsigned(border, range.lastHash) <= 0;
                double first = isInside ? loadBelow(border) : 0;
                double side = Math.min(first, load - first);
                if (side > bestSide) {
                    best = border;
                    bestSide = side;
                }
            }
            return best;
        }

        /** Half of the operations are about lower hashes. */
        private long median() {
            Integer[] order = new Integer[samples];
            Arrays.setAll(order, index -> index);
            Arrays.sort(order, (one, other) -> Long.compareUnsigned(hashes[one], hashes[other]));
            double sum = 0;
            for (int index : order) {
                sum += loads[index];
                if (sum >= load / 2) {
                    return hashes[index];
                }
            }
            return range.firstHash;
        }

        TabletLoad result(int table, double scale) {
            long cut = samples == 0 ? TabletLoad.NO_CUT : cut();
            return new TabletLoad(
                    table,
                    range.firstHash,
                    range.lastHash,
                    range.epoch,
                    Math.round(objects * scale),
                    Math.round(bytes * scale),
                    Math.round(load),
                    cut,
                    cut == TabletLoad.NO_CUT ? 0 : Math.round(loadBelow(cut)));
        }
    }

    /** A table's tablets as they were when it was looked at. */
    private static final class Table {
        final TabletRange[] ranges;
        final Map<TabletRange, Tablet> tablets = new HashMap<>();
        long met;
        double scale;

        Table(TabletRange[] ranges) {
            this.ranges = ranges;
            for (TabletRange each : ranges) {
                if (each.owned) {
                    tablets.put(each, new Tablet(each));
                }
            }
        }

        /** Null when it is not served here. */
        Tablet of(long hash) {
            return tablets.get(TableData.rangeOf(ranges, hash));
        }

        void met(long entry) {
            met++;
            Tablet tablet = of(Entry.keyHash(entry));
            if (tablet != null) {
                tablet.objects++;
                tablet.bytes += Entry.strideOf(Entry.header(entry));
            }
        }
    }

    /**
     * Of {@code store}, whose memory stays where it is in {@code session}.
     *
     * @param backoff lets others of this core run from time to time
     */
    Census(Store store, StoreSession session, Backoff backoff) {
        this.store = store;
        this.session = session;
        this.backoff = backoff;
    }

    /** Looks at {@code wanted} tables. */
    List<TabletLoad> take(IntPredicate wanted) {
        for (TableData each : store.tableList()) {
            if (!wanted.test(each.id())) {
                continue;
            }
            Table table = new Table(each.tablets());
            tables.put(each.id(), table);
            measure(each, table);
        }
        store.showLoad(
                (number, hash, perSecond) -> {
                    Table table = tables.get(number);
                    Tablet tablet = table == null ? null : table.of(hash);
                    if (tablet != null) {
                        tablet.operated(hash, perSecond);
                    }
                });
        List<TabletLoad> loads = new ArrayList<>();
        tables.forEach(
                (number, table) -> {
                    for (TabletRange range : table.ranges) {
                        if (range.owned) {
                            loads.add(table.tablets.get(range).result(number, table.scale));
                        }
                    }
                });
        return loads;
    }

    private void measure(TableData data, Table table) {
        int done = 0;
        int wanted = LINES_AT_ONCE;
        while (done < wanted) {
            // What is the table's hash table now stays until nobody is inside any more.
            session.enter();
            try {
                HashTable index = data.index();
                long lines = index == null ? 0 : index.lines();
                wanted = (int) Math.min(lines, LINES_MAX);
                int end = Math.min(wanted, done + LINES_AT_ONCE);
                for (; done < end; done++) {
                    index.scan(done * lines / wanted, table::met);
                }
                long objects = index == null ? 0 : index.count();
                table.scale = (double) objects / Math.max(1, table.met);
            } finally {
                session.exit();
            }
            // Whoever waits for this core is served first.
            backoff.idle(Backoff.SPINS);
        }
    }
}
