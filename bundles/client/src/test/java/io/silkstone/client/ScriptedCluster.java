package io.silkstone.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.base.Metrics;
import io.silkstone.rpc.Patience;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.RpcOptions;
import io.silkstone.rpc.Waitable;
import io.silkstone.transport.memory.MemoryNetwork;
import io.silkstone.transport.memory.MemoryOptions;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Two scripted servers and a client, in one thread: whoever waits moves the time for all, a
 * millisecond at a time. The first server has the lower half of the hashes, the second the upper.
 */
final class ScriptedCluster {
    static final long MILLI = 1_000_000;

    /** Of the lower half and of the upper. */
    static final String LOW = keyIn(0);

    static final String HIGH = keyIn(-1);

    private static final int STEPS_MAX = 100_000;

    long now = 1;
    final Metrics metrics = new Metrics();
    final MemoryNetwork network =
            new MemoryNetwork(() -> now, new SplittableRandom(1), MemoryOptions.DEFAULTS, metrics);
    final List<ScriptedServer> servers = new ArrayList<>();
    final ScriptedServer first = server(1);
    final ScriptedServer second = server(2);
    final Rpc rpc;
    final ClusterStore store;
    final KvStore.Table table;
    final KvSession session;
    private final Key key = new Key();
    private long mapVersion;

    private final class Steps implements Patience {
        @Override
        public void await(Rpc ignored, Waitable result) {
            until(result);
        }

        @Override
        public void wake(Waitable result) {
            // There is one thread.
        }
    }

    ScriptedCluster() {
        rpc =
                new Rpc(
                        network.transport(""),
                        RpcOptions.DEFAULT,
                        () -> now,
                        null,
                        new Steps(),
                        new SplittableRandom(2),
                        metrics);
        first.leads = true;
        publish(first.id, 1, second.id, 1);
        store = newStore(List.of(first.address));
        table = store.table("default");
        session = store.openSession();
    }

    /** Another client of this process. */
    ClusterStore newStore(List<String> seeds) {
        return new ClusterStore(
                rpc, seeds, ClientOptions.DEFAULT, new SplittableRandom(3), metrics);
    }

    private ScriptedServer server(int number) {
        ScriptedServer server =
                new ScriptedServer(network.transport("memory:" + number), number, () -> now);
        servers.add(server);
        return server;
    }

    /** A key in the half of the hashes that {@code hash} lies in. */
    private static String keyIn(long hash) {
        for (int number = 0; ; number++) {
            String name = "key-" + number;
            if (hashOf(name) < 0 == hash < 0) {
                return name;
            }
        }
    }

    static long hashOf(String name) {
        return new Key().wrap(name.getBytes(UTF_8)).hash();
    }

    /** Makes a map of two tablets known to the servers. */
    void publish(ServerId low, long lowEpoch, ServerId high, long highEpoch) {
        publish(
                new ClusterMap.Tablet(1, 0, Long.MAX_VALUE, low, lowEpoch, normal(), ServerId.NONE),
                new ClusterMap.Tablet(
                        1, Long.MIN_VALUE, -1, high, highEpoch, normal(), ServerId.NONE));
    }

    void publish(ClusterMap.Tablet... tablets) {
        ClusterMap map =
                new ClusterMap(
                        1,
                        ++mapVersion,
                        servers.stream()
                                .map(
                                        each ->
                                                new ClusterMap.Server(
                                                        each.id, true, "", each.address, ""))
                                .toList(),
                        List.of(new ClusterMap.Table(1, "default")),
                        List.of(tablets));
        servers.forEach(each -> each.map = map);
    }

    static ClusterMap.TabletState normal() {
        return ClusterMap.TabletState.NORMAL;
    }

    void until(Waitable result) {
        for (int steps = 0; !result.isDone(); steps++) {
            assertThat(steps).as("steps until something ends").isLessThan(STEPS_MAX);
            step();
        }
    }

    void step() {
        now += MILLI;
        servers.forEach(each -> each.rpc.poll());
        rpc.poll();
    }

    Status read(String name) {
        return session.read(table, key.wrap(name.getBytes(UTF_8)));
    }

    String value() {
        return new String(
                session.object()
                        .memory()
                        .asSlice(session.object().valueOffset(), session.object().valueLength())
                        .toArray(java.lang.foreign.ValueLayout.JAVA_BYTE),
                UTF_8);
    }

    Status write(String name, String value) {
        byte[] bytes = value.getBytes(UTF_8);
        return session.write(
                table,
                key.wrap(name.getBytes(UTF_8)),
                MemorySegment.ofArray(bytes),
                0,
                bytes.length,
                new WriteOptions());
    }

    long count(ClientMetrics metric) {
        return metrics.counter(metric).get();
    }
}
