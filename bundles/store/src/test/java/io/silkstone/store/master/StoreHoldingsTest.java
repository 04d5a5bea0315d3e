package io.silkstone.store.master;

import static io.silkstone.api.cluster.ClusterMap.TabletState.LOST;
import static io.silkstone.api.cluster.ClusterMap.TabletState.MIGRATING;
import static io.silkstone.api.cluster.ClusterMap.TabletState.NORMAL;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.ClusterMap.Table;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.store.Agent;
import io.silkstone.store.Filling;
import io.silkstone.store.Store;
import io.silkstone.store.StoreOptions;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StoreHoldingsTest {
    private static final ServerId SELF = new ServerId(1, 1);
    private static final ServerId PEER = new ServerId(2, 1);
    private static final ServerId OTHER = new ServerId(3, 1);
    private static final long HALF = 1L << 63;
    private static final long CUT = 1L << 62;
    private static final String NAME = KvStore.DEFAULT_TABLE;
    private static final int ID = 1;

    private final Store store =
            Store.open(
                    StoreOptions.DEFAULTS
                            .withMemoryBytes(32 << 20)
                            .withMemoryPrefaultBytes(0)
                            .withTablets(0),
                    NanoClock.SYSTEM,
                    () -> 1,
                    new SplittableRandom(1),
                    new Metrics());
    private final StoreHoldings holdings = new StoreHoldings(store, threads());
    private final KvSession session = store.openSession();
    private final Key key = new Key().wrap("a".getBytes(UTF_8));
    private final long first = key.hash() & HALF;
    private final long last = first + HALF - 1;
    private long version;

    @AfterEach
    void close() {
        session.close();
        store.close();
    }

    /** Who sleeps lets the agents work. */
    private ThreadRuntime threads() {
        return (ThreadRuntime)
                Proxy.newProxyInstance(
                        ThreadRuntime.class.getClassLoader(),
                        new Class<?>[] {ThreadRuntime.class},
                        (proxy, method, arguments) -> {
                            assertThat(method.getName()).isEqualTo("sleep");
                            drain();
                            return null;
                        });
    }

    private void drain() {
        int work = 1;
        for (int cycle = 0; work > 0 && cycle < 1_000_000; cycle++) {
            work = 0;
            for (Agent agent : store.agents()) {
                work += agent.doWork();
            }
        }
    }

    private void apply(Tablet... tablets) {
        version++;
        List<Server> servers =
                List.of(
                        new Server(SELF, true, "one", "memory:one", ""),
                        new Server(PEER, true, "two", "memory:two", ""),
                        new Server(OTHER, true, "three", "memory:three", ""));
        List<Table> tables = List.of(new Table(ID, NAME));
        holdings.apply(new ClusterMap(1, version, servers, tables, List.of(tablets)), SELF);
    }

    /** The half of the table that the key is in. */
    private Tablet half(ServerId owner, long epoch, TabletState state, ServerId peer) {
        return new Tablet(ID, first, last, owner, epoch, state, peer).withSince(1);
    }

    private Tablet mine(long epoch) {
        return half(SELF, epoch, NORMAL, ServerId.NONE);
    }

    private Status write() {
        session.enter();
        try {
            MemorySegment value = MemorySegment.ofArray(new byte[1]);
            return session.write(store.table(NAME), key, value, 0, 1, new WriteOptions());
        } finally {
            session.exit();
        }
    }

    private Status read() {
        session.enter();
        try {
            return session.read(store.table(NAME), key);
        } finally {
            session.exit();
        }
    }

    /** A tablet with an object, which was frozen for somebody. */
    private void beSource() throws StoreRefused {
        apply(mine(5));
        assertThat(write()).isEqualTo(Status.OK);
        store.freezeTablet(ID, first, last, 5);
    }

    private Filling beTarget(long epoch) throws StoreRefused {
        return store.reserveTablet(ID, first, last).fill(epoch, () -> {});
    }

    private List<Long> epochs() {
        return store.tablets().stream().map(KvStore.Tablet::epoch).toList();
    }

    @Test
    void apply_frozenAndNotTaken_staysFrozen() throws StoreRefused {
        beSource();
        apply(mine(5));
        assertThat(store.frozenTablets()).hasSize(1);
        assertThat(store.tablets()).isEmpty();
        assertThat(read()).isEqualTo(Status.NOT_OWNER);
    }

    @Test
    void apply_frozenAndOnItsWay_isKeptUntilItHasArrived() throws StoreRefused {
        beSource();
        apply(half(PEER, 6, MIGRATING, SELF));
        drain();
        assertThat(store.frozenTablets()).hasSize(1);
        apply(half(PEER, 6, MIGRATING, SELF));
        assertThat(store.frozenTablets()).hasSize(1);
        apply(half(PEER, 6, NORMAL, ServerId.NONE));
        assertThat(store.frozenTablets()).isEmpty();
        drain();
        assertThat(store.isVacant(ID, first, last)).isTrue();
        assertThat(store.table(NAME).objects()).isZero();
    }

    @Test
    void apply_frozenAndTheTargetIsLost_isDropped() throws StoreRefused {
        beSource();
        apply(half(PEER, 6, MIGRATING, SELF));
        apply(half(PEER, 6, LOST, ServerId.NONE));
        assertThat(store.frozenTablets()).isEmpty();
    }

    @Test
    void apply_frozenAndOnItsWayFromAnother_isDropped() throws StoreRefused {
        beSource();
        apply(half(PEER, 7, MIGRATING, OTHER));
        assertThat(store.frozenTablets()).isEmpty();
    }

    @Test
    void apply_frozenAndRecalled_servesAgain() throws StoreRefused {
        beSource();
        apply(mine(6));
        assertThat(store.frozenTablets()).isEmpty();
        assertThat(epochs()).containsExactly(6L);
        assertThat(read()).isEqualTo(Status.OK);
    }

    @Test
    void apply_frozenAndBegunEmptySince_showsNothingOfBefore() throws StoreRefused {
        beSource();
        apply(mine(7).withSince(7));
        assertThat(store.frozenTablets()).isEmpty();
        drain();
        apply(mine(7).withSince(7));
        assertThat(epochs()).containsExactly(7L);
        assertThat(read()).isEqualTo(Status.NOT_FOUND);
    }

    @Test
    void apply_frozenAndRecalledAndCutMeanwhile_losesNothing() throws StoreRefused {
        beSource();
        long middle = first + CUT;
        apply(
                new Tablet(ID, first, middle - 1, SELF, 6, NORMAL, ServerId.NONE).withSince(1),
                new Tablet(ID, middle, last, SELF, 6, NORMAL, ServerId.NONE).withSince(1));
        assertThat(store.frozenTablets()).isEmpty();
        assertThat(epochs()).containsExactly(6L, 6L);
        assertThat(read()).isEqualTo(Status.OK);
    }

    @Test
    void apply_frozenAndCutUnderItsOldEpoch_staysFrozen() throws StoreRefused {
        beSource();
        long middle = first + CUT;
        apply(
                new Tablet(ID, first, middle - 1, SELF, 5, NORMAL, ServerId.NONE),
                new Tablet(ID, middle, last, SELF, 5, NORMAL, ServerId.NONE));
        assertThat(read()).isEqualTo(Status.NOT_OWNER);
        apply(
                new Tablet(ID, first, middle - 1, SELF, 6, NORMAL, ServerId.NONE).withSince(1),
                new Tablet(ID, middle, last, SELF, 6, NORMAL, ServerId.NONE).withSince(1));
        assertThat(read()).isEqualTo(Status.OK);
    }

    @Test
    void apply_comingHere_isNotTakenBeforeItIsFetched() throws StoreRefused {
        apply(half(PEER, 5, NORMAL, ServerId.NONE));
        apply(half(SELF, 6, MIGRATING, PEER));
        assertThat(store.tablets()).isEmpty();
        Filling filling = beTarget(6);
        apply(half(SELF, 6, MIGRATING, PEER));
        assertThat(epochs()).containsExactly(6L);
        assertThat(read()).isEqualTo(Status.RETRY_LATER);
        assertThat(filling.hasEnded()).isFalse();
    }

    @Test
    void apply_anOlderMap_keepsWhatCameSince() throws StoreRefused {
        apply(half(PEER, 5, NORMAL, ServerId.NONE));
        Filling filling = beTarget(6);
        apply(half(PEER, 5, NORMAL, ServerId.NONE));
        assertThat(epochs()).containsExactly(6L);
        assertThat(filling.hasEnded()).isFalse();
        apply(half(PEER, 7, NORMAL, ServerId.NONE));
        assertThat(store.tablets()).isEmpty();
        assertThat(filling.hasEnded()).isTrue();
    }

    @Test
    void apply_allHasCome_endsNothingThatIsThere() throws StoreRefused {
        apply(half(PEER, 5, NORMAL, ServerId.NONE));
        Filling filling = beTarget(6);
        write();
        filling.end();
        apply(half(SELF, 6, MIGRATING, PEER));
        apply(mine(6));
        assertThat(epochs()).containsExactly(6L);
        assertThat(read()).isEqualTo(Status.OK);
    }

    @Test
    void apply_theSourceIsLost_servesWhatHasCome() throws StoreRefused {
        apply(half(PEER, 5, NORMAL, ServerId.NONE));
        Filling filling = beTarget(6);
        assertThat(read()).isEqualTo(Status.RETRY_LATER);
        apply(mine(6));
        assertThat(filling.hasEnded()).isTrue();
        assertThat(store.isMoving(ID)).isFalse();
        assertThat(read()).isEqualTo(Status.NOT_FOUND);
    }

    @Test
    void apply_theSourceIsLostBeforeTheFirstObject_takesTheTabletEmpty() {
        apply(half(PEER, 5, NORMAL, ServerId.NONE));
        apply(mine(6));
        assertThat(epochs()).containsExactly(6L);
        assertThat(read()).isEqualTo(Status.NOT_FOUND);
    }

    @Test
    void drop_whatIsFrozenFillingOrReserved_goesToo() throws StoreRefused {
        beSource();
        store.reserveTablet(ID, first ^ HALF, last ^ HALF);
        holdings.drop();
        drain();
        assertThat(store.frozenTablets()).isEmpty();
        assertThat(store.isVacant(ID, 0, -1)).isTrue();
        Filling filling = beTarget(6);
        holdings.drop();
        drain();
        assertThat(filling.hasEnded()).isTrue();
        assertThat(store.isVacant(ID, 0, -1)).isTrue();
    }
}
