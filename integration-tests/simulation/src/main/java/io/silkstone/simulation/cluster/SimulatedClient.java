package io.silkstone.simulation.cluster;

import io.silkstone.api.store.Status;
import io.silkstone.client.ClientOptions;
import io.silkstone.client.ClientPolling;
import io.silkstone.client.ClusterStore;
import io.silkstone.client.KvClient;
import io.silkstone.client.StoredObject;
import io.silkstone.rpc.Patience;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.RpcOptions;
import io.silkstone.threads.simulation.SimulatedProcess;
import io.silkstone.transport.memory.MemoryTransport;
import java.util.List;
import java.util.function.Consumer;

/** A process that asks the cluster. */
final class SimulatedClient {
    private static final int VALUE_BYTES_MAX = 1 << 20;

    private final World world;
    private final List<String> seeds;
    private final Rpc rpc;
    private final SimulatedProcess process;
    private final MemoryTransport transport;
    private ClusterStore store;
    private KvClient applications;

    SimulatedClient(World world, String name, List<String> seeds) {
        this.world = world;
        this.seeds = seeds;
        process = world.process(name);
        transport = world.network().transport("");
        rpc =
                new Rpc(
                        new WatchedTransport(world, transport),
                        RpcOptions.DEFAULT,
                        process.clock(),
                        process,
                        Patience.of(process),
                        world.random().split(),
                        world.metrics());
        openStore();
        process.attach(core -> new SimulatedPoller(process, transport, rpc, () -> {}));
    }

    /** Begins as a client that nobody has heard of. */
    void openStore() {
        ClientOptions options =
                new ClientOptions(
                        world.settings().get(ClusterSettings.CLIENT_TIMEOUT),
                        world.settings().get(ClusterSettings.CLIENT_ATTEMPT),
                        VALUE_BYTES_MAX);
        store = new ClusterStore(rpc, seeds, options, world.random().split(), world.metrics());
        // Its polling is not started: this process has a poller.
        applications = new KvClient(store, new ClientPolling(), 1);
    }

    /** Gives the lease back. */
    void closeStore() {
        applications.close();
    }

    SimulatedProcess process() {
        return process;
    }

    /** Whether it has a place in the network: until it is killed. */
    boolean isThere() {
        return transport.isOpen();
    }

    /** What its place is called in the network. */
    String place() {
        return transport.name();
    }

    ClusterStore store() {
        return store;
    }

    /** Shows {@code table}, which is there, to {@code visitor}; see {@code TableClient}. */
    Status scan(String table, Consumer<StoredObject> visitor) {
        return applications.table(table).scan(visitor);
    }

    /** As kill -9. */
    void kill() {
        process.kill();
        transport.crash();
    }
}
