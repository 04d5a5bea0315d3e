package io.silkstone.benchmarks.recovery;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.load.Objects;
import io.silkstone.benchmarks.load.TableContents;
import io.silkstone.client.Answer;
import io.silkstone.client.TableClient;
import io.silkstone.javaclient.SilkstoneClient;
import java.util.List;

/** A table that one server has, and that others are to have when that one is killed. One thread. */
final class RecoveredTable {
    private static final long LOOK_MILLIS = 2;
    private static final long WAIT_NANOS_MAX = 60_000_000_000L;

    private final SilkstoneClient client;
    private final String name;
    private final int tablets;
    private final Objects objects;
    private ServerId owner = ServerId.NONE;
    private String refusal = "";

    /** What kills its owner. */
    interface Killing {
        void kill() throws Exception;
    }

    /**
     * How long it took.
     *
     * @param noticedSeconds from the kill until the cluster knew of it
     * @param recoverySeconds from then until all was served
     */
    record Times(double noticedSeconds, double recoverySeconds) {}

    private interface Condition {
        boolean holds() throws StoreRefused;
    }

    /** Of a table that is there, and empty. */
    RecoveredTable(SilkstoneClient client, String name, int tablets, Objects objects) {
        this.client = client;
        this.name = name;
        this.tablets = tablets;
        this.objects = objects;
    }

    private void await(String what, Condition condition)
            throws StoreRefused, BenchmarkFailed, InterruptedException {
        long deadline = System.nanoTime() + WAIT_NANOS_MAX;
        while (!condition.holds()) {
            if (System.nanoTime() - deadline > 0) {
                throw new BenchmarkFailed("after a minute " + what + " is still to come" + refusal);
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    private List<Tablet> all() {
        ClusterMap map = client.store().refreshMap();
        int id = map.table(name).id();
        return map.tablets().stream().filter(each -> each.table() == id).toList();
    }

    /** Has all of it move to the server at {@code address}. */
    void bringTo(String address) throws StoreRefused, BenchmarkFailed, InterruptedException {
        await("the server", () -> isUp(address));
        for (Tablet tablet : all()) {
            if (!tablet.owner().equals(owner)) {
                await("a move", () -> isMoved(tablet.firstHash()));
            }
        }
        await("the table", () -> all().stream().allMatch(this::isHere));
    }

    private boolean isUp(String address) {
        for (ClusterMap.Server each : client.store().refreshMap().servers()) {
            if (each.up() && each.address().startsWith(address + "?")) {
                owner = each.id();
                return true;
            }
        }
        return false;
    }

    private boolean isHere(Tablet tablet) {
        return tablet.owner().equals(owner) && tablet.state() == TabletState.NORMAL;
    }

    /** A server may not have heard yet of the table, or the target's being up. */
    private boolean isMoved(long hash) {
        try {
            client.store().migrateTablet(name, hash, owner);
            return true;
        } catch (StoreRefused e) {
            refusal = ": " + e.getMessage();
            return false;
        }
    }

    /** Writes every object, and returns how many seconds that took. */
    double fill() throws BenchmarkFailed {
        long began = System.nanoTime();
        contents().fill();
        return (System.nanoTime() - began) / 1e9;
    }

    /** Kills its owner, and waits until every tablet of it is served again. */
    Times recover(Killing killing) throws Exception {
        long began = System.nanoTime();
        killing.kill();
        await("the owner's end", () -> !client.store().refreshMap().server(owner).up());
        long noticed = System.nanoTime();
        await(
                "the recovery",
                () -> all().stream().allMatch(each -> each.state() == TabletState.NORMAL));
        awaitOneOfEachTablet();
        long served = System.nanoTime();
        return new Times((noticed - began) / 1e9, (served - noticed) / 1e9);
    }

    /** Whoever has it may not have heard yet that it may serve it. */
    private void awaitOneOfEachTablet() throws BenchmarkFailed {
        TableClient table = client.table(name);
        // So many that no tablet is likely to have none of them.
        for (int number = 0; number < Math.min(objects.count(), 32 * tablets); number++) {
            Answer answer = table.read(objects.key(number));
            if (!answer.isOk()) {
                throw new BenchmarkFailed("a read was answered " + answer.status());
            }
        }
    }

    /** Looks at every object there is. */
    void check() throws BenchmarkFailed {
        contents().check();
    }

    private TableContents contents() {
        return new TableContents(client.table(name), name, objects);
    }
}
