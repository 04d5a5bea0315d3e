package io.silkstone.gateway;

import io.silkstone.gateway.acl.AclUsers;
import io.silkstone.gateway.net.Tls;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * How a gateway is set. Immutable; made by {@link #builder}, which starts from the defaults.
 *
 * @param bind address to listen at
 * @param port for clients in clear: 0 for any free one, -1 for none
 * @param tlsPort for clients over TLS: 0 for any free one, -1 for none
 * @param tls certificates and keys, null without TLS
 * @param requirePass password of the default user, empty for none
 * @param usersFile file of ACL users, or null
 * @param passwordIterations of PBKDF2 for new passwords
 * @param clientsMax most connections
 * @param outputLimitBytes most bytes that wait for a client to read them
 * @param requestLimitBytes most bytes of one request or transaction
 * @param idleTimeoutSeconds a client that says nothing for so long is disconnected; 0 for never
 * @param repliesSettleMillisMax a client whose replies are not settled for so long is disconnected
 * @param backlog connections that may wait to be taken
 * @param cluster whether clients are told of a cluster, of one node
 * @param nodeId forty hexadecimal digits
 * @param version Silkstone's
 * @param announceHost address that clients are told to use; empty for the one that they used
 * @param clusterProxy whether requests for keys of other nodes are passed on to them
 * @param clusterMember whether the node belongs to a cluster, and so serves nothing before the
 *     gateway is given it; counts at the start
 */
public record GatewayOptions(
        String bind,
        int port,
        int tlsPort,
        Tls tls,
        String requirePass,
        Path usersFile,
        int passwordIterations,
        int clientsMax,
        long outputLimitBytes,
        long requestLimitBytes,
        int idleTimeoutSeconds,
        int repliesSettleMillisMax,
        int backlog,
        boolean cluster,
        String nodeId,
        String version,
        String announceHost,
        boolean clusterProxy,
        boolean clusterMember) {
    static final int PORT_MAX = 65_535;
    static final int ITERATIONS_MAX = 10_000_000;
    static final int CLIENTS_MOST = 1_000_000;
    static final long LIMIT_BYTES_MIN = 1 << 20;
    static final long LIMIT_BYTES_MAX = 1 << 30;

    /** A disk of its own may need a second now and then. */
    static final int SETTLE_MILLIS_MIN = 1_000;

    static final int SETTLE_MILLIS_MAX = 600_000;

    /** Checks every value; what is wrong is said in one sentence that names the key. */
    public GatewayOptions {
        inRange("port", port, -1, PORT_MAX);
        inRange("tls.port", tlsPort, -1, PORT_MAX);
        require(port >= 0 || tlsPort >= 0, "port and tls.port must not both be -1");
        require(
                tlsPort < 0 || tls != null,
                "tls.port needs tls.certificate.file and tls.key.file, or tls.keystore.file");
        require(
                tls == null
                        || tls.keystore() != null
                        || tls.certificate() != null && tls.key() != null,
                "tls.certificate.file and tls.key.file must be given together");
        require(
                tls == null || tls.clients() == Tls.Clients.NONE || tls.trusted() != null,
                "tls.clients needs tls.trusted.file");
        inRange("password.iterations", passwordIterations, 1, ITERATIONS_MAX);
        inRange("clients.max", clientsMax, 1, CLIENTS_MOST);
        inRange("output.limit.bytes", outputLimitBytes, LIMIT_BYTES_MIN, LIMIT_BYTES_MAX);
        inRange("request.limit.bytes", requestLimitBytes, LIMIT_BYTES_MIN, LIMIT_BYTES_MAX);
        inRange("idle.timeout.s", idleTimeoutSeconds, 0, Integer.MAX_VALUE);
        inRange(
                "replies.settle.max.ms",
                repliesSettleMillisMax,
                SETTLE_MILLIS_MIN,
                SETTLE_MILLIS_MAX);
        inRange("backlog", backlog, 1, PORT_MAX);
        require(nodeId.matches("[0-9a-f]{40}"), "the node id must be 40 hexadecimal digits");
        InetAddress address = resolve(bind);
        require(
                address.isLoopbackAddress() || !requirePass.isEmpty() || usersFile != null,
                "bind is "
                        + bind
                        + ", which other machines can reach: set requirepass or users.file, or bind"
                        + " 127.0.0.1");
    }

    private static void require(boolean holds, String sentence) {
        if (!holds) {
            throw new IllegalArgumentException(sentence);
        }
    }

    private static void inRange(String key, long value, long lowest, long highest) {
        require(
                lowest <= value && value <= highest,
                key + " must be between " + lowest + " and " + highest + ", was " + value);
    }

    private static InetAddress resolve(String host) {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException unknown) {
            throw new IllegalArgumentException("bind names no address: " + host, unknown);
        }
    }

    InetAddress bindAddress() {
        return resolve(bind);
    }

    boolean isOpenToOthers() {
        return !bindAddress().isLoopbackAddress();
    }

    boolean listensAs(GatewayOptions other) {
        return bind.equals(other.bind)
                && port == other.port
                && tlsPort == other.tlsPort
                && backlog == other.backlog
                && Objects.equals(tls, other.tls);
    }

    /**
     * Keys whose values are others than those that a gateway started with, and that it takes over
     * at its next start only.
     */
    List<String> waitingForAStart(GatewayOptions started) {
        List<String> keys = new ArrayList<>();
        if (!Objects.equals(usersFile, started.usersFile)) {
            keys.add("users.file");
        }
        if (passwordIterations != started.passwordIterations) {
            keys.add("password.iterations");
        }
        if (requestLimitBytes != started.requestLimitBytes) {
            keys.add("request.limit.bytes");
        }
        return keys;
    }

    /** The defaults: port 7600 of the loopback address, no password, no TLS. */
    public static Builder builder() {
        return new Builder();
    }

    /** Collects options. */
    public static final class Builder {
        private String bind = "127.0.0.1";
        private int port = 7600;
        private int tlsPort = -1;
        private Tls tls;
        private String requirePass = "";
        private Path usersFile;
        private int passwordIterations = AclUsers.ITERATIONS;
        private int clientsMax = 10_000;
        private long outputLimitBytes = 128L << 20;
        private long requestLimitBytes = 64L << 20;
        private int idleTimeoutSeconds;
        private int repliesSettleMillisMax = 10_000;
        private int backlog = 511;
        private boolean cluster;
        private String nodeId = "0".repeat(40);
        private String version = "0";
        private String announceHost = "";
        private boolean clusterProxy;
        private boolean clusterMember;

        private Builder() {}

        /** Address to listen at; anything but loopback needs a password or users. */
        public Builder bind(String address) {
            bind = address;
            return this;
        }

        /** Port for clients in clear: 0 for any free one, -1 for none. */
        public Builder port(int number) {
            port = number;
            return this;
        }

        /** Port for clients over TLS. */
        public Builder tls(int number, Tls files) {
            tlsPort = number;
            tls = files;
            return this;
        }

        /** Password of the default user. */
        public Builder requirePass(String password) {
            requirePass = password;
            return this;
        }

        /** File of ACL users, read at the start when it exists. */
        public Builder usersFile(Path file) {
            usersFile = file;
            return this;
        }

        /** Iterations of PBKDF2 for new passwords. */
        public Builder passwordIterations(int count) {
            passwordIterations = count;
            return this;
        }

        /** Most connections. */
        public Builder clientsMax(int count) {
            clientsMax = count;
            return this;
        }

        /** Most bytes that wait for a client to read them. */
        public Builder outputLimitBytes(long bytes) {
            outputLimitBytes = bytes;
            return this;
        }

        /** Most bytes of one request, or of the requests of a transaction. */
        public Builder requestLimitBytes(long bytes) {
            requestLimitBytes = bytes;
            return this;
        }

        /** Silence after which a client is disconnected; 0 for never. */
        public Builder idleTimeoutSeconds(int seconds) {
            idleTimeoutSeconds = seconds;
            return this;
        }

        /** Time for which replies may wait until they are settled. */
        public Builder repliesSettleMillisMax(int millis) {
            repliesSettleMillisMax = millis;
            return this;
        }

        /** Connections that may wait to be taken. */
        public Builder backlog(int count) {
            backlog = count;
            return this;
        }

        /** Whether clients are told that they talk to a cluster. */
        public Builder cluster(boolean enabled) {
            cluster = enabled;
            return this;
        }

        /** The node's id and Silkstone's version, for those who ask. */
        public Builder identity(String id, String silkstoneVersion) {
            nodeId = id;
            version = silkstoneVersion;
            return this;
        }

        /** Address that clients are told to use. */
        public Builder announceHost(String host) {
            announceHost = host;
            return this;
        }

        /** Whether requests for keys of other nodes are passed on to them, not redirected. */
        public Builder clusterProxy(boolean passesOn) {
            clusterProxy = passesOn;
            return this;
        }

        /** Whether the node belongs to a cluster, which the gateway is given later. */
        public Builder clusterMember(boolean belongs) {
            clusterMember = belongs;
            return this;
        }

        /**
         * The options.
         *
         * @throws IllegalArgumentException with a sentence that says what to change
         */
        public GatewayOptions build() {
            return new GatewayOptions(
                    bind,
                    port,
                    tlsPort,
                    tls,
                    requirePass,
                    usersFile,
                    passwordIterations,
                    clientsMax,
                    outputLimitBytes,
                    requestLimitBytes,
                    idleTimeoutSeconds,
                    repliesSettleMillisMax,
                    backlog,
                    cluster,
                    nodeId,
                    version,
                    announceHost,
                    clusterProxy,
                    clusterMember);
        }
    }
}
