package io.silkstone.gateway;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.node.EndpointProvider;
import io.silkstone.api.node.Node;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.gateway.net.Tls;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** The gateway as a component: reads the configuration, starts and stops {@link RedisGateway}. */
@Component(name = "io.silkstone.gateway.redis", service = EndpointProvider.class, immediate = true)
@Designate(ocd = GatewayComponent.Config.class)
public final class GatewayComponent implements EndpointProvider {
    private static final int PORT_DEFAULT = 7600;
    private static final String PORT_BASE = "silkstone.port.base";
    private static final int ID_BYTES = 20;

    private final BundleContext context;
    private final boolean inCluster;
    private final RedisGateway gateway;
    private final Object joining = new Object();
    private Cluster cluster;
    private KvStore clusterStore;

    /** Settings of the Redis gateway. */
    @ObjectClassDefinition(name = "Silkstone gateway: Redis")
    @interface Config {
        /** Address to listen at. */
        @AttributeDefinition(
                description =
                        "address to listen at; others than 127.0.0.1 and ::1 need"
                                + " requirepass or users.file")
        String bind() default "127.0.0.1";

        /** Whether clients in clear are served. */
        @AttributeDefinition(description = "whether clients are served in clear")
        boolean plain_enabled() default true;

        /** Port for clients in clear. */
        @AttributeDefinition(
                description =
                        "port for clients in clear; -1 is the node's first port,"
                                + " 0 any free one",
                min = "-1",
                max = "" + GatewayOptions.PORT_MAX)
        int port() default -1;

        /** Port for clients over TLS. */
        @AttributeDefinition(
                description = "port for clients over TLS; -1 for none, 0 any free one",
                min = "-1",
                max = "" + GatewayOptions.PORT_MAX)
        int tls_port() default -1;

        /** Certificate chain in PEM. */
        @AttributeDefinition(description = "certificate chain in PEM")
        String tls_certificate_file() default "";

        /** Its key in PEM. */
        @AttributeDefinition(description = "the certificate's PKCS 8 key in PEM")
        String tls_key_file() default "";

        /** Certificate and key in PKCS 12. */
        @AttributeDefinition(description = "PKCS 12 file with certificate and key, instead of PEM")
        String tls_keystore_file() default "";

        /** Password of the key or of the keystore. */
        @AttributeDefinition(
                description = "password of the key or of the keystore",
                type = AttributeType.PASSWORD)
        String tls_password() default "";

        /** Whether clients present a certificate. */
        @AttributeDefinition(
                description = "client certificates: none, optional or required",
                options = {
                    @Option(label = "not asked for", value = "none"),
                    @Option(label = "taken", value = "optional"),
                    @Option(label = "demanded", value = "required")
                })
        String tls_clients() default "none";

        /** What client certificates must descend from. */
        @AttributeDefinition(
                description = "certificates that clients' ones must descend from, PEM" + " or .p12")
        String tls_trusted_file() default "";

        /** Password of the default user. */
        @AttributeDefinition(
                description = "password of the default user; empty for none",
                type = AttributeType.PASSWORD)
        String requirepass() default "";

        /** File of users. */
        @AttributeDefinition(
                description =
                        "file of ACL users, relative to the node's home; empty for none; applies at"
                                + " the next start")
        String users_file() default "";

        /** Work of a guess at a password. */
        @AttributeDefinition(
                description = "PBKDF2 iterations for new passwords; applies at the next start",
                min = "1",
                max = "" + GatewayOptions.ITERATIONS_MAX)
        int password_iterations() default 210_000;

        /** Most connections. */
        @AttributeDefinition(
                description = "most connections",
                min = "1",
                max = "" + GatewayOptions.CLIENTS_MOST)
        int clients_max() default 10_000;

        /** Most unread bytes. */
        @AttributeDefinition(
                description = "most bytes of replies that a client may leave unread",
                min = "" + GatewayOptions.LIMIT_BYTES_MIN,
                max = "" + GatewayOptions.LIMIT_BYTES_MAX)
        long output_limit_bytes() default 128L << 20;

        /** Most bytes of a request. */
        @AttributeDefinition(
                description =
                        "most bytes of a request, and of a transaction's requests; for a request it"
                                + " applies at the next start",
                min = "" + GatewayOptions.LIMIT_BYTES_MIN,
                max = "" + GatewayOptions.LIMIT_BYTES_MAX)
        long request_limit_bytes() default 64L << 20;

        /** Longest silence. */
        @AttributeDefinition(
                description =
                        "a client that says nothing for so long is disconnected;" + " 0 for never",
                min = "0")
        int idle_timeout_s() default 0;

        /** Longest wait for the disk. */
        @AttributeDefinition(
                description =
                        "a client whose replies are not settled for so long, since the store's disk"
                                + " or its backups do not answer, is disconnected",
                min = "" + GatewayOptions.SETTLE_MILLIS_MIN,
                max = "" + GatewayOptions.SETTLE_MILLIS_MAX)
        int replies_settle_max_ms() default 10_000;

        /** Waiting connections. */
        @AttributeDefinition(
                description = "connections that may wait to be taken",
                min = "1",
                max = "" + GatewayOptions.PORT_MAX)
        int backlog() default 511;

        /** Whether clients are told of a cluster. */
        @AttributeDefinition(description = "whether clients are told that this is a cluster")
        boolean cluster_enabled() default false;

        /** Address that clients are told to use. */
        @AttributeDefinition(
                description =
                        "address that cluster clients are told to use; empty for"
                                + " the one bound")
        String announce_host() default "";

        /** Whether requests for keys of other nodes are passed on. */
        @AttributeDefinition(
                description =
                        "whether requests for keys of other nodes of the cluster are passed on to"
                                + " them, for clients that know no cluster")
        boolean cluster_proxy() default false;
    }

    /** Starts the gateway. */
    @Activate
    public GatewayComponent(
            Config config,
            BundleContext context,
            @Reference(target = "(!(silkstone.scope=cluster))") KvStore store,
            @Reference ThreadRuntime threads,
            @Reference MetricRegistry metrics)
            throws GatewayRefused {
        this.context = context;
        // The cluster is bound later, and until then the port is open already.
        this.inCluster = store.isPart();
        this.gateway = RedisGateway.start(options(config), store, threads, metrics);
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindCluster(Cluster joined) {
        synchronized (joining) {
            cluster = joined;
            gateway.cluster(joined);
        }
    }

    void unbindCluster(Cluster left) {
        synchronized (joining) {
            // A successor was bound before.
            if (cluster == left) {
                cluster = null;
                gateway.cluster(null);
            }
        }
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY,
            target = "(silkstone.scope=cluster)")
    void bindClusterStore(KvStore tables) {
        synchronized (joining) {
            clusterStore = tables;
            gateway.clusterStore(tables);
        }
    }

    void unbindClusterStore(KvStore tables) {
        synchronized (joining) {
            if (clusterStore == tables) {
                clusterStore = null;
                gateway.clusterStore(null);
            }
        }
    }

    /** Takes new settings live. */
    @Modified
    void modified(Config config) throws GatewayRefused {
        gateway.change(options(config));
    }

    /** Stops the gateway. */
    @Deactivate
    void close() {
        gateway.close();
    }

    @Override
    public List<Node.Endpoint> endpoints() {
        return gateway.endpoints();
    }

    private GatewayOptions options(Config config) {
        int port = config.port() == -1 ? portBase() : config.port();
        String users = config.users_file();
        return GatewayOptions.builder()
                .bind(config.bind())
                .port(config.plain_enabled() ? port : -1)
                .tls(config.tls_port(), tls(config))
                .requirePass(config.requirepass())
                .usersFile(users.isEmpty() ? null : home(users))
                .passwordIterations(config.password_iterations())
                .clientsMax(config.clients_max())
                .outputLimitBytes(config.output_limit_bytes())
                .requestLimitBytes(config.request_limit_bytes())
                .idleTimeoutSeconds(config.idle_timeout_s())
                .repliesSettleMillisMax(config.replies_settle_max_ms())
                .backlog(config.backlog())
                .cluster(config.cluster_enabled())
                .identity(nodeId(), property("silkstone.version", "0"))
                .announceHost(config.announce_host())
                .clusterProxy(config.cluster_proxy())
                .clusterMember(inCluster)
                .build();
    }

    private String property(String name, String otherwise) {
        String value = context.getProperty(name);
        return value == null || value.isEmpty() ? otherwise : value;
    }

    private int portBase() {
        String base = property(PORT_BASE, Integer.toString(PORT_DEFAULT));
        try {
            return Integer.parseInt(base);
        } catch (NumberFormatException noNumber) {
            throw new IllegalArgumentException(PORT_BASE + " must be a port, was " + base);
        }
    }

    private String nodeId() {
        String id = property("silkstone.node.id", "");
        if (id.isEmpty()) {
            byte[] bytes = new byte[ID_BYTES];
            RandomGenerator.getDefault().nextBytes(bytes);
            id = HexFormat.of().formatHex(bytes);
        }
        return id;
    }

    private Path home(String file) {
        return Path.of(property("silkstone.home", "")).resolve(file);
    }

    private Path fileOrNull(String file) {
        return file.isEmpty() ? null : home(file);
    }

    private Tls tls(Config config) {
        if (config.tls_port() < 0) {
            return null;
        }
        return new Tls(
                fileOrNull(config.tls_certificate_file()),
                fileOrNull(config.tls_key_file()),
                fileOrNull(config.tls_keystore_file()),
                config.tls_password().isEmpty() ? null : config.tls_password(),
                fileOrNull(config.tls_trusted_file()),
                clients(config.tls_clients()));
    }

    private static Tls.Clients clients(String text) {
        for (Tls.Clients choice : Tls.Clients.values()) {
            if (choice.name().equalsIgnoreCase(text)) {
                return choice;
            }
        }
        throw new IllegalArgumentException(
                "tls.clients must be none, optional or required, was "
                        + text.toLowerCase(Locale.ROOT));
    }
}
