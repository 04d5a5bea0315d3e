package io.silkstone.gateway;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.EpochClock;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.gateway.net.Transport;
import io.silkstone.store.Agent;
import io.silkstone.store.Store;
import io.silkstone.store.StoreOptions;
import io.silkstone.threads.ArachneOptions;
import io.silkstone.threads.ArachneRuntime;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;

/** A store, threads and a gateway, wired as in a node. */
public final class TestNode implements AutoCloseable {
    private static final long IDLE_NANOS = 5_000_000;

    public final Store store;
    public final RedisGateway gateway;
    public final MetricRegistry metrics;
    private final ThreadRuntime runtime;
    private final Thread agents;
    private volatile boolean stopped;

    private TestNode(
            Store store, RedisGateway gateway, MetricRegistry metrics, ThreadRuntime runtime) {
        this.store = store;
        this.gateway = gateway;
        this.metrics = metrics;
        this.runtime = runtime;
        agents = new Thread(this::runAgents, "test-store-agents");
        agents.setDaemon(true);
        agents.start();
    }

    private void runAgents() {
        while (!stopped) {
            int work = 0;
            for (Agent agent : store.agents()) {
                work += agent.doWork();
            }
            if (work == 0) {
                LockSupport.parkNanos(IDLE_NANOS);
            }
        }
    }

    public static TestNode start(GatewayOptions.Builder options) throws GatewayRefused {
        return start(options, new TestRuntime(1), Transport.best());
    }

    public static TestNode start(
            GatewayOptions.Builder options, ThreadRuntime runtime, Transport transport)
            throws GatewayRefused {
        return start(
                options.build(),
                runtime,
                transport,
                StoreOptions.DEFAULTS.withMemoryBytes(64 << 20));
    }

    public static TestNode start(
            GatewayOptions options, ThreadRuntime runtime, Transport transport, StoreOptions memory)
            throws GatewayRefused {
        return start(options, runtime, transport, memory, RedisGateway.Environment.system());
    }

    public static TestNode start(
            GatewayOptions options,
            ThreadRuntime runtime,
            Transport transport,
            StoreOptions memory,
            RedisGateway.Environment environment)
            throws GatewayRefused {
        return start(options, runtime, transport, memory, environment, UnaryOperator.identity());
    }

    /** With what {@code served} makes of the store. */
    static TestNode start(
            GatewayOptions options,
            ThreadRuntime runtime,
            Transport transport,
            StoreOptions memory,
            RedisGateway.Environment environment,
            UnaryOperator<KvStore> served)
            throws GatewayRefused {
        Metrics metrics = new Metrics();
        Store store =
                Store.open(
                        memory,
                        NanoClock.SYSTEM,
                        EpochClock.SYSTEM,
                        new SplittableRandom(1),
                        metrics);
        RedisGateway gateway =
                RedisGateway.start(
                        options, served.apply(store), runtime, metrics, environment, transport);
        return new TestNode(store, gateway, metrics, runtime);
    }

    public int port() {
        return gateway.boundPort();
    }

    @Override
    public void close() {
        gateway.close();
        stopped = true;
        try {
            agents.join();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
        switch (runtime) {
            case TestRuntime plain -> plain.close();
            case ArachneRuntime real -> real.close();
            default -> throw new AssertionError(runtime);
        }
        store.close();
    }

    /** For experiments by hand: {@code TestNode <port> <memory MiB> [cores [plain]]}. */
    public static void main(String[] arguments) throws GatewayRefused, InterruptedException {
        int cores = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 1;
        boolean plain = arguments.length > 3;
        ThreadRuntime runtime =
                plain
                        ? new TestRuntime(cores)
                        : ArachneRuntime.start(
                                ArachneOptions.defaults().withCores(cores, cores),
                                NanoClock.SYSTEM,
                                new SplittableRandom(2),
                                new Metrics());
        TestNode node =
                start(
                        GatewayOptions.builder().port(Integer.parseInt(arguments[0])).build(),
                        runtime,
                        Transport.best(),
                        StoreOptions.DEFAULTS.withMemoryBytes(Long.parseLong(arguments[1]) << 20));
        Runtime.getRuntime().addShutdownHook(new Thread(node.gateway::close));
        Thread.currentThread().join();
    }
}
