package io.silkstone.benchmarks.migration;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.load.Objects;
import io.silkstone.benchmarks.load.TableContents;
import io.silkstone.javaclient.SilkstoneClient;

/** A table of one tablet, and who has it moved to and fro: the operator. One thread. */
final class MovingTable {
    private static final long LOOK_MILLIS = 2;
    private static final long REFUSED_MILLIS = 100;
    private static final long NEWS_NANOS_MAX = 20_000_000_000L;
    private static final long MOVE_NANOS_MAX = 300_000_000_000L;

    private final SilkstoneClient operator;
    private final String name;
    private final Objects objects;

    /** Makes the table and fills it. */
    MovingTable(SilkstoneClient operator, String name, Objects objects)
            throws StoreRefused, BenchmarkFailed {
        this.operator = operator;
        this.name = name;
        this.objects = objects;
        operator.store().createTable(name, 1);
        new TableContents(operator.table(name), name, objects).fill();
    }

    String name() {
        return name;
    }

    Objects objects() {
        return objects;
    }

    /**
     * Has the tablet move to the server that does not have it, and waits until all of it is there.
     *
     * @param others objects of all other tables
     * @return how long that took, in seconds
     */
    double move(long others) throws StoreRefused, BenchmarkFailed, InterruptedException {
        return await(begin(others));
    }

    /** A move under way. */
    record Move(ServerId target, long began) {}

    /** As {@link #move}, without waiting for its end. */
    Move begin(long others) throws StoreRefused, BenchmarkFailed, InterruptedException {
        awaitRest(others);
        ServerId target = other(tablet().owner());
        return new Move(target, begin(target));
    }

    /** Waits until all is there; returns how long that took, in seconds. */
    double await(Move move) throws StoreRefused, BenchmarkFailed, InterruptedException {
        ServerId target = move.target;
        long began = move.began;
        ClusterMap.Tablet now = tablet();
        while (!now.owner().equals(target) || now.state() != ClusterMap.TabletState.NORMAL) {
            if (System.nanoTime() - began > MOVE_NANOS_MAX) {
                throw new BenchmarkFailed("a tablet has not moved in time: " + now);
            }
            Thread.sleep(LOOK_MILLIS);
            now = tablet();
        }
        return (System.nanoTime() - began) / 1e9;
    }

    /** The server that had the tablet before may still be removing what it had. */
    private void awaitRest(long others) throws InterruptedException, BenchmarkFailed {
        long began = System.nanoTime();
        while (operator.store().usage().objects() > others + objects.count()) {
            if (System.nanoTime() - began > NEWS_NANOS_MAX) {
                throw new BenchmarkFailed("a tablet that has moved stays where it was");
            }
            Thread.sleep(REFUSED_MILLIS);
        }
    }

    /** A server may not have heard yet that the move before this one is over. */
    private long begin(ServerId target) throws StoreRefused, InterruptedException {
        long first = System.nanoTime();
        while (true) {
            long began = System.nanoTime();
            try {
                operator.store().migrateTablet(name, 0, target);
                return began;
            } catch (StoreRefused e) {
                if (began - first > NEWS_NANOS_MAX) {
                    throw e;
                }
                Thread.sleep(REFUSED_MILLIS);
            }
        }
    }

    /** Looks at every object there is. */
    void check() throws BenchmarkFailed {
        new TableContents(operator.table(name), name, objects).check();
    }

    private ClusterMap.Tablet tablet() throws BenchmarkFailed {
        ClusterMap map = operator.store().refreshMap();
        ClusterMap.Table table = map.table(name);
        if (table == null) {
            throw new BenchmarkFailed("the cluster lost the table " + name);
        }
        return map.tablet(table.id(), 0);
    }

    private ServerId other(ServerId owner) throws BenchmarkFailed {
        for (ClusterMap.Server each : operator.store().map().servers()) {
            if (each.up() && !each.id().equals(owner)) {
                return each.id();
            }
        }
        throw new BenchmarkFailed("there is no second server");
    }
}
