package io.silkstone.gateway;

import io.netty.util.concurrent.Ticker;
import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.LatencyHistogram;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.node.EndpointProvider;
import io.silkstone.api.node.Node;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.gateway.acl.AclRefused;
import io.silkstone.gateway.acl.AclUsers;
import io.silkstone.gateway.command.CommandTable;
import io.silkstone.gateway.command.ServerContext;
import io.silkstone.gateway.command.Settings;
import io.silkstone.gateway.net.Certificates;
import io.silkstone.gateway.net.ConnectionMetrics;
import io.silkstone.gateway.net.Listener;
import io.silkstone.gateway.net.Pollers;
import io.silkstone.gateway.net.Tls;
import io.silkstone.gateway.net.Transport;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * A Redis server over a store: {@link #start} it, and clients can connect until {@link #close}.
 * Sockets are served on the cores of the thread runtime; the gateway has no thread of its own.
 *
 * <p>Threads: any; {@link #start}, {@link #change} and {@link #close} may block, and must not be
 * called from a core's poller.
 */
public final class RedisGateway implements EndpointProvider, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(RedisGateway.class.getName());
    private static final long START_SECONDS_MAX = 60;

    private final ServerContext server;
    private final ThreadRuntime threads;
    private final Transport transport;
    private final Pollers pollers;
    private final Meter meter;
    private final AutoCloseable attachment;
    private final GatewayOptions started;
    private GatewayOptions options;
    private volatile List<Listener> listeners = List.of();

    /** Time and chance, as the gateway knows them. */
    public record Environment(InstantSource clock, LongSupplier nanoTime, RandomGenerator random) {
        /** The machine's own. */
        public static Environment system() {
            return new Environment(
                    InstantSource.system(), Ticker.systemTicker()::nanoTime, new SecureRandom());
        }
    }

    /**
     * Starts a gateway; it listens when this returns.
     *
     * @throws GatewayRefused with a sentence, when a port is taken, a file cannot be used, or the
     *     runtime gives no core
     */
    public static RedisGateway start(
            GatewayOptions options, KvStore store, ThreadRuntime threads, MetricRegistry metrics)
            throws GatewayRefused {
        return start(options, store, threads, metrics, Environment.system(), Transport.best());
    }

    /** As the other, with time, chance and transport of the caller's choice. */
    public static RedisGateway start(
            GatewayOptions options,
            KvStore store,
            ThreadRuntime threads,
            MetricRegistry metrics,
            Environment environment,
            Transport transport)
            throws GatewayRefused {
        RedisGateway gateway =
                new RedisGateway(options, store, threads, metrics, environment, transport);
        try {
            gateway.await();
            gateway.listen(options);
            return gateway;
        } catch (GatewayRefused refused) {
            gateway.close();
            throw refused;
        }
    }

    private RedisGateway(
            GatewayOptions options,
            KvStore store,
            ThreadRuntime threads,
            MetricRegistry metrics,
            Environment environment,
            Transport transport)
            throws GatewayRefused {
        this.started = options;
        this.options = options;
        this.threads = threads;
        this.transport = transport;
        CommandTable commands = new CommandTable();
        AclUsers users =
                new AclUsers(
                        commands,
                        environment.random(),
                        options.passwordIterations(),
                        options.usersFile(),
                        threads::yield);
        Settings settings =
                new Settings(
                        options.clientsMax(),
                        options.outputLimitBytes(),
                        options.requestLimitBytes(),
                        options.idleTimeoutSeconds(),
                        options.repliesSettleMillisMax(),
                        store.valueBytesMax(),
                        () -> store.usage().capacity());
        load(options, users);
        protect(options, "", users);
        settings.password(password -> setPassword(users, password));
        server =
                new ServerContext(
                        store,
                        threads,
                        commands,
                        users,
                        settings,
                        identity(options, options.bind(), 0),
                        environment.clock(),
                        environment.nanoTime(),
                        environment.random());
        server.proxy(options.clusterProxy());
        if (options.clusterMember()) {
            server.awaitCluster();
        }
        meter = new Meter(metrics, server);
        pollers = new Pollers(server, transport);
        attachment = threads.attach(pollers);
    }

    private static ServerContext.Identity identity(GatewayOptions options, String host, int port) {
        return new ServerContext.Identity(
                options.version(),
                options.nodeId(),
                options.cluster(),
                options.announceHost().isEmpty() ? host : options.announceHost(),
                port);
    }

    /** Loads the users file. */
    private static void load(GatewayOptions options, AclUsers users) throws GatewayRefused {
        if (options.usersFile() == null || !Files.exists(options.usersFile())) {
            return;
        }
        try {
            users.load();
        } catch (AclRefused refused) {
            throw new GatewayRefused(refused.getMessage(), refused);
        } catch (IOException failure) {
            throw new GatewayRefused(
                    "users.file " + options.usersFile() + " cannot be read: " + failure, failure);
        }
    }

    /**
     * Gives the default user the wanted password, and keeps strangers out if others can reach the
     * node.
     */
    private static void protect(GatewayOptions wanted, String passwordBefore, AclUsers users)
            throws GatewayRefused {
        boolean open = wanted.isOpenToOthers();
        try {
            if (!open) {
                users.guard(false);
            }
            // Setting a password takes long, and undoes what clients set; so only when it changes.
            if (!wanted.requirePass().equals(passwordBefore)) {
                users.require(wanted.requirePass());
            }
            if (open) {
                users.guard(true);
            }
        } catch (AclRefused refused) {
            throw new GatewayRefused(
                    "bind is "
                            + wanted.bind()
                            + ", which other machines can reach, and the default user has no"
                            + " password: set requirepass, or give it one in users.file, which is"
                            + " read when the node starts and by ACL LOAD",
                    refused);
        }
    }

    private static String setPassword(AclUsers users, String password) {
        try {
            users.require(password);
            return null;
        } catch (AclRefused refused) {
            return refused.getMessage();
        }
    }

    private void await() throws GatewayRefused {
        try {
            pollers.first().get(START_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (TimeoutException noCore) {
            throw new GatewayRefused("the thread runtime gave the gateway no core", noCore);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new GatewayRefused("the start was interrupted", stopped);
        } catch (ExecutionException failure) {
            throw new GatewayRefused("the gateway has no core: " + failure.getCause(), failure);
        }
    }

    private void listen(GatewayOptions wanted) throws GatewayRefused {
        List<Listener> opened = new ArrayList<>();
        try {
            if (wanted.port() >= 0) {
                opened.add(open(wanted, wanted.port(), null));
            }
            if (wanted.tlsPort() >= 0) {
                opened.add(open(wanted, wanted.tlsPort(), certificates(wanted.tls())));
            }
        } catch (GatewayRefused refused) {
            opened.forEach(Listener::close);
            throw refused;
        }
        listeners = List.copyOf(opened);
        identify(wanted);
        opened.forEach(listener -> LOG.log(System.Logger.Level.INFO, "Listening: {0}", listener));
    }

    /** Tells clients what the node is called, from now on. */
    private void identify(GatewayOptions wanted) {
        InetSocketAddress address = listeners.getFirst().address();
        server.identity(identity(wanted, address.getAddress().getHostAddress(), address.getPort()));
    }

    private Certificates certificates(Tls tls) throws GatewayRefused {
        try {
            return new Certificates(tls, this::runElsewhere, server.nowMillis());
        } catch (IOException failure) {
            throw new GatewayRefused(failure.getMessage(), failure);
        }
    }

    private boolean runElsewhere(Runnable task) {
        return threads.create(ThreadRuntime.NORMAL, task) != ThreadRuntime.NONE;
    }

    private Listener open(GatewayOptions wanted, int port, Certificates tls) throws GatewayRefused {
        InetSocketAddress address = new InetSocketAddress(wanted.bindAddress(), port);
        try {
            return Listener.open(address, wanted.backlog(), transport, pollers, server, meter, tls)
                    .get(START_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException failure) {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            throw new GatewayRefused(
                    "cannot listen at " + wanted.bind() + ":" + port + ": " + cause.getMessage(),
                    cause);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new GatewayRefused("the start was interrupted", stopped);
        }
    }

    /**
     * Changes options while clients are served. Connections stay, also when the gateway listens
     * elsewhere from now on.
     *
     * @throws GatewayRefused with a sentence; everything is as before then
     */
    public synchronized void change(GatewayOptions wanted) throws GatewayRefused {
        AclUsers users = server.users();
        AclUsers.Access before = users.access();
        // Nobody is served before the password is there, and it does not go while others are.
        boolean protectFirst = wanted.isOpenToOthers() || !wanted.requirePass().isEmpty();
        try {
            if (protectFirst) {
                protect(wanted, options.requirePass(), users);
            }
            if (!wanted.listensAs(options)) {
                listenElsewhere(wanted);
            }
            if (!protectFirst) {
                protect(wanted, options.requirePass(), users);
            }
        } catch (GatewayRefused refused) {
            users.access(before);
            throw refused;
        }
        server.settings()
                .limits(
                        wanted.clientsMax(),
                        wanted.outputLimitBytes(),
                        wanted.requestLimitBytes(),
                        wanted.idleTimeoutSeconds(),
                        wanted.repliesSettleMillisMax());
        server.proxy(wanted.clusterProxy());
        identify(wanted);
        sayWhatWaits(wanted);
        options = wanted;
    }

    private void sayWhatWaits(GatewayOptions wanted) {
        List<String> waiting = wanted.waitingForAStart(started);
        if (!waiting.isEmpty() && !waiting.equals(options.waitingForAStart(started))) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "The new value of {0} will be taken at the node''s next start",
                    String.join(", ", waiting));
        }
    }

    private void listenElsewhere(GatewayOptions wanted) throws GatewayRefused {
        List<Listener> before = listeners;
        // A port that stays the same is free again only after the old socket is closed.
        boolean samePort =
                wanted.port() > 0 && wanted.port() == options.port()
                        || wanted.tlsPort() > 0 && wanted.tlsPort() == options.tlsPort();
        if (samePort) {
            before.forEach(listener -> listener.close().syncUninterruptibly());
        }
        try {
            listen(wanted);
        } catch (GatewayRefused refused) {
            if (samePort) {
                listen(options);
            }
            throw refused;
        }
        if (!samePort) {
            before.forEach(listener -> listener.close().syncUninterruptibly());
        }
    }

    /**
     * Makes the node's clients those of a cluster, or of another one; null when the node has left
     * it, and then they are refused until there is one again.
     */
    public void cluster(Cluster cluster) {
        server.cluster(cluster);
    }

    /**
     * Sets where requests for keys of other nodes are passed on, if the options want that.
     *
     * @param tables the tables of the whole cluster, or null when they cannot be reached
     */
    public void clusterStore(KvStore tables) {
        server.clusterStore(tables);
    }

    /** The port for clients in clear, -1 for none. */
    public int boundPort() {
        return port(false);
    }

    /** The port for clients over TLS, -1 for none. */
    public int boundTlsPort() {
        return port(true);
    }

    private int port(boolean encrypted) {
        for (Listener listener : listeners) {
            if (listener.encrypted() == encrypted) {
                return listener.address().getPort();
            }
        }
        return -1;
    }

    @Override
    public List<Node.Endpoint> endpoints() {
        return listeners.stream()
                .map(
                        listener ->
                                new Node.Endpoint(
                                        listener.encrypted() ? "redis+tls" : "redis",
                                        listener.address().getAddress().getHostAddress()
                                                + ":"
                                                + listener.address().getPort()))
                .toList();
    }

    /** Takes no more connections, ends those there are, and gives the cores back. */
    @Override
    public synchronized void close() {
        listeners.forEach(Listener::close);
        listeners = List.of();
        try {
            attachment.close();
        } catch (Exception failure) {
            LOG.log(System.Logger.Level.WARNING, "The cores could not be given back", failure);
        }
        meter.close();
    }

    /** Counts what connections report. */
    private static final class Meter implements ConnectionMetrics, AutoCloseable {
        private final Counter connected;
        private final Counter refused;
        private final Counter idle;
        private final Counter outputLimit;
        private final Counter unsettled;
        private final Counter handedOver;
        private final LatencyHistogram batch;
        private final List<AutoCloseable> gauges;

        Meter(MetricRegistry metrics, ServerContext server) {
            connected = metrics.counter(GatewayMetrics.CONNECTED);
            refused = metrics.counter(GatewayMetrics.REFUSED);
            idle = metrics.counter(GatewayMetrics.IDLE);
            outputLimit = metrics.counter(GatewayMetrics.OUTPUT_LIMIT);
            unsettled = metrics.counter(GatewayMetrics.UNSETTLED);
            handedOver = metrics.counter(GatewayMetrics.HANDED_OVER);
            batch = metrics.histogram(GatewayMetrics.BATCH_LATENCY);
            gauges =
                    List.of(
                            metrics.gauge(
                                    GatewayMetrics.COMMANDS, () -> server.statistics().requests()),
                            metrics.gauge(GatewayMetrics.BUGS, server::bugs),
                            metrics.gauge(
                                    GatewayMetrics.MEMORY_HELD, () -> server.memory().taken()),
                            metrics.gauge(
                                    GatewayMetrics.CONNECTIONS, () -> server.clients().size()));
        }

        @Override
        public void connected() {
            connected.increment();
        }

        @Override
        public void refused() {
            refused.increment();
        }

        @Override
        public void handedOver() {
            handedOver.increment();
        }

        @Override
        public void outputLimit() {
            outputLimit.increment();
        }

        @Override
        public void unsettled() {
            unsettled.increment();
        }

        @Override
        public void idle() {
            idle.increment();
        }

        @Override
        public void batch(long nanos) {
            batch.record(nanos);
        }

        @Override
        public void close() {
            for (AutoCloseable gauge : gauges) {
                try {
                    gauge.close();
                } catch (Exception failure) {
                    LOG.log(System.Logger.Level.WARNING, "A gauge could not be closed", failure);
                }
            }
        }
    }
}
