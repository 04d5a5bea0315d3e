package io.silkstone.simulation.cluster;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.client.ClusterStore;
import io.silkstone.simulation.settings.Settings;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Whoever operates the cluster, with a client of his own for each wish. What an event leaves open
 * is drawn. Each wish waits for its answer, in the thread that calls, and says whether it was
 * granted.
 */
final class Operator {
    private static final long MILLI = 1_000_000;
    private static final int ATTEMPTS_MAX = 20;
    private static final long ATTEMPT_NANOS = 20 * MILLI;

    private final Cast cast;
    private final World world;
    private final Settings settings;

    Operator(Cast cast) {
        this.cast = cast;
        world = cast.world;
        settings = world.settings();
    }

    private interface Wish {
        void make(ClusterStore store) throws StoreRefused;
    }

    private boolean operate(Wish wish) {
        boolean[] granted = new boolean[1];
        SimulatedClient operator =
                new SimulatedClient(world, "operator", List.of(SimulatedCoordinator.ADDRESS));
        long thread =
                operator.process()
                        .create(
                                ThreadRuntime.NORMAL,
                                () -> {
                                    try {
                                        wish.make(operator.store());
                                        granted[0] = true;
                                    } catch (StoreRefused e) {
                                        world.count("operator refused");
                                    }
                                });
        world.runtime().join(thread);
        operator.kill();
        return granted[0];
    }

    /** Cuts a tablet of some table in two. */
    boolean split(Optional<String> table, Optional<Integer> slot, RandomGenerator chance) {
        return operate(
                store -> {
                    long at = slot.orElseGet(() -> chance.nextInt(1, Key.SLOTS));
                    store.splitTablet(tableOr(table, chance), at << Key.SLOT_SHIFT);
                    world.befell("operator", "tablet split");
                });
    }

    private String tableOr(Optional<String> table, RandomGenerator chance) {
        return table.orElseGet(
                () ->
                        settings.get(ClusterSettings.PASSING_OPERATED).happens(chance)
                                ? Tables.PASSING
                                : KvStore.DEFAULT_TABLE);
    }

    /** As soon as there is a server that could have it, makes the table that comes and goes. */
    void makeTheTableAtLast() {
        int tablets = settings.get(ClusterSettings.PASSING_TABLETS_FIRST);
        boolean made = false;
        for (int turn = 0; turn < ATTEMPTS_MAX && !made && cast.clientsLeft() > 0; turn++) {
            world.runtime().sleep(ATTEMPT_NANOS);
            made = operate(store -> store.createTable(Tables.PASSING, tablets));
        }
    }

    /** Drops the table that comes and goes, if it is there, and makes it again. */
    boolean renewTheTable(RandomGenerator chance) {
        return operate(
                store -> {
                    drop(store);
                    if (chance.nextBoolean()) {
                        long absent = settings.get(ClusterSettings.PASSING_ABSENT).draw(chance);
                        world.runtime().sleep(absent);
                    }
                    make(store, Optional.empty(), chance);
                });
    }

    /** Drops it. */
    boolean dropTheTable() {
        return operate(this::drop);
    }

    /** Makes it. */
    boolean makeTheTable(Optional<Integer> tablets, RandomGenerator chance) {
        return operate(store -> make(store, tablets, chance));
    }

    private void drop(ClusterStore store) throws StoreRefused {
        store.dropTable(Tables.PASSING);
        world.befell("operator", "table dropped");
    }

    private void make(ClusterStore store, Optional<Integer> tablets, RandomGenerator chance)
            throws StoreRefused {
        int count =
                tablets.orElseGet(
                        () -> settings.get(ClusterSettings.PASSING_TABLETS).drawInt(chance));
        store.createTable(Tables.PASSING, count);
        world.befell("operator", "table made");
    }

    /** Gives some tablets away, to the server at {@code address} if there is one. */
    boolean assign(Optional<String> table, Optional<String> address, RandomGenerator chance) {
        boolean[] assigned = new boolean[1];
        operate(
                store -> {
                    List<ClusterMap.Server> all =
                            store.refreshMap().servers().stream()
                                    .filter(
                                            server ->
                                                    address.isEmpty()
                                                            || address.get()
                                                                    .equals(server.address()))
                                    .toList();
                    int tries = settings.get(ClusterSettings.ASSIGN_TRIES);
                    for (int turn = 0; turn < tries && !all.isEmpty(); turn++) {
                        ClusterMap.Server server = all.get(chance.nextInt(all.size()));
                        assigned[0] |= assign(store, table, server, chance);
                    }
                });
        return assigned[0];
    }

    /** Gives away a tablet that clients use, if there is nothing in it. */
    private boolean assign(
            ClusterStore store,
            Optional<String> table,
            ClusterMap.Server server,
            RandomGenerator chance) {
        String name = cast.tables.keys().get(chance.nextInt(cast.tables.keys().size()));
        try {
            store.assignTablet(tableOr(table, chance), Named.hashOf(name), server.id());
            world.befell("operator", "tablet assigned");
            return true;
        } catch (StoreRefused e) {
            world.count("assignment refused");
            return false;
        }
    }

    /** Has a server fetch a tablet that clients use: the one at {@code address} if there is one. */
    boolean migrate(Optional<String> table, Optional<String> address, RandomGenerator chance) {
        return operate(
                store -> {
                    List<String> keys = cast.tables.keys();
                    long hash = Named.hashOf(keys.get(chance.nextInt(keys.size())));
                    String of = tableOr(table, chance);
                    ClusterMap map = store.refreshMap();
                    List<ClusterMap.Server> all =
                            map.servers().stream()
                                    .filter(
                                            server ->
                                                    address.map(server.address()::equals)
                                                            .orElse(isOther(map, of, hash, server)))
                                    .filter(ClusterMap.Server::up)
                                    .toList();
                    if (all.isEmpty()) {
                        throw new StoreRefused("no other server is up");
                    }
                    ClusterMap.Server server = all.get(chance.nextInt(all.size()));
                    store.migrateTablet(of, hash, server.id());
                    world.befell("operator", "tablet migrated");
                });
    }

    /** Whether {@code server} has not the tablet of {@code hash}. */
    private static boolean isOther(
            ClusterMap map, String table, long hash, ClusterMap.Server server) {
        ClusterMap.Table known = map.table(table);
        ClusterMap.Tablet tablet = known == null ? null : map.tablet(known.id(), hash);
        return tablet == null || !tablet.owner().equals(server.id());
    }
}
