package io.silkstone.transport.aeron;

import static io.silkstone.base.Checks.inRange;
import static io.silkstone.base.Checks.isPowerOfTwo;
import static io.silkstone.base.Checks.require;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How an Aeron transport is set, checked. Immutable; {@link #defaults} calls others only, {@link
 * #toBuilder} changes what matters.
 *
 * @param directory where driver and streams have their files; memory, not disk, if it shall be fast
 * @param host address of this machine at which other hosts reach this transport
 * @param port for UDP: 0 for any free one, -1 for a transport that only calls others
 * @param path which way sessions go that this side opens
 * @param driverMode who runs the media driver
 * @param mtuBytes longest datagram over UDP; 0: as long as goes over loopback, {@link
 *     #MTU_BYTES_NETWORK} elsewhere
 * @param termBytes length of a stream's buffer, of which it has three; half of one may be under way
 * @param socketBytes of the sockets' buffers, at most; the system may allow less
 * @param messageBytesMax longest message
 * @param sessionsMax most sessions
 * @param connectTimeoutNanos a session that has no answer after so long is closed
 * @param livenessTimeoutNanos a peer, or this transport itself, is dead when it shows no life for
 *     so long
 */
public record AeronOptions(
        Path directory,
        String host,
        int port,
        Route path,
        DriverMode driverMode,
        int mtuBytes,
        int termBytes,
        int socketBytes,
        int messageBytesMax,
        int sessionsMax,
        long connectTimeoutNanos,
        long livenessTimeoutNanos) {
    static final int PORT_NONE = -1;
    static final int PORT_MAX = 65_535;
    static final int MTU_BYTES_MIN = 1_408;
    static final int MTU_BYTES_MAX = 65_504;
    static final int MTU_BYTES_NETWORK = 8_192;
    static final int MTU_ALIGNMENT = 32;

    /** Aeron wants a term to hold eight of the longest frames. */
    static final int TERM_BYTES_MIN = 1 << 19;

    static final int TERM_BYTES_MAX = 1 << 30;
    static final int SOCKET_BYTES_MIN = 1 << 17;
    static final int SOCKET_BYTES_MAX = 1 << 28;
    static final int MESSAGE_BYTES_MIN = 1 << 10;
    static final int MESSAGE_BYTES_MOST = 1 << 28;
    static final int SESSIONS_MOST = 1 << 14;
    static final int NANOS_PER_MILLI = 1_000_000;
    static final int TIMEOUT_MS_MIN = 200;
    static final int TIMEOUT_MS_MAX = 3_600_000;

    /** An address has 255 characters; host, port and token take less than half. */
    private static final int DIRECTORY_LENGTH_MAX = 120;

    /** Which way a session goes. */
    public enum Route {
        /** Shared memory where the peer is on this host, UDP otherwise. */
        AUTO,
        /** Shared memory, or not at all. */
        IPC,
        /** UDP, also on this host. */
        UDP
    }

    /** Who runs the media driver. */
    public enum DriverMode {
        /** The caller of poll on a machine with few processors, else one thread. */
        AUTO,
        /** The caller of poll. */
        INVOKER,
        /** One thread. */
        SHARED,
        /** One thread for the network, one for the rest. */
        SHARED_NETWORK,
        /** One thread each for sending, receiving and the rest. */
        DEDICATED
    }

    /** Checks every value; what is wrong is said in one sentence that names the key. */
    public AeronOptions {
        require(
                directory.isAbsolute() && Files.isDirectory(directory),
                "directory must be the absolute path of a directory, was %s",
                directory);
        String name = directory.toString();
        require(
                name.matches("[\\w./-]+") && name.length() <= DIRECTORY_LENGTH_MAX,
                "directory becomes part of the address: it must have at most %d characters, and"
                        + " only letters, digits and . _ - /, was %s",
                DIRECTORY_LENGTH_MAX,
                directory);
        InetAddress address = literal(host);
        require(
                !address.isAnyLocalAddress() && !address.isMulticastAddress(),
                "host must be the address at which others reach this machine, was %s",
                host);
        inRange("port", port, PORT_NONE, PORT_MAX);
        require(
                mtuBytes == 0
                        || mtuBytes >= MTU_BYTES_MIN
                                && mtuBytes <= MTU_BYTES_MAX
                                && mtuBytes % MTU_ALIGNMENT == 0,
                "mtu.bytes must be 0, or a multiple of %d between %d and %d, was %d",
                MTU_ALIGNMENT,
                MTU_BYTES_MIN,
                MTU_BYTES_MAX,
                mtuBytes);
        inRange("term.bytes", termBytes, TERM_BYTES_MIN, TERM_BYTES_MAX);
        require(isPowerOfTwo(termBytes), "term.bytes must be a power of two, was %d", termBytes);
        inRange("socket.bytes", socketBytes, SOCKET_BYTES_MIN, SOCKET_BYTES_MAX);
        inRange("message.bytes.max", messageBytesMax, MESSAGE_BYTES_MIN, MESSAGE_BYTES_MOST);
        inRange("sessions.max", sessionsMax, 1, SESSIONS_MOST);
        inRange(
                "connect.timeout.ms",
                connectTimeoutNanos / NANOS_PER_MILLI,
                TIMEOUT_MS_MIN,
                TIMEOUT_MS_MAX);
        inRange(
                "liveness.timeout.ms",
                livenessTimeoutNanos / NANOS_PER_MILLI,
                TIMEOUT_MS_MIN,
                TIMEOUT_MS_MAX);
    }

    /** Calls others, at loopback; files in memory; half a minute's patience with stalls. */
    public static AeronOptions defaults() {
        Path memory = Path.of("/dev/shm");
        return new AeronOptions(
                Files.isDirectory(memory) ? memory : Path.of(System.getProperty("java.io.tmpdir")),
                "127.0.0.1",
                PORT_NONE,
                Route.AUTO,
                DriverMode.AUTO,
                0,
                8 << 20,
                4 << 20,
                (8 << 20) + (64 << 10),
                1_024,
                5_000L * NANOS_PER_MILLI,
                30_000L * NANOS_PER_MILLI);
    }

    /** Starts from these options. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Longest datagram to {@code peer}. */
    int mtuBytes(InetAddress peer) {
        if (mtuBytes != 0) {
            return mtuBytes;
        }
        return peer.isLoopbackAddress() ? MTU_BYTES_MAX : MTU_BYTES_NETWORK;
    }

    /** Whether others can call. */
    boolean listens() {
        return port != PORT_NONE;
    }

    /** What {@code host} says, which must need no look-up: a look-up could block. */
    static InetAddress literal(String host) {
        try {
            return InetAddress.ofLiteral(host);
        } catch (IllegalArgumentException noLiteral) {
            throw new IllegalArgumentException(
                    "host must be an IP address such as 127.0.0.1, was " + host);
        }
    }

    /** Changes single options. */
    public static final class Builder {
        private Path directory;
        private String host;
        private int port;
        private Route path;
        private DriverMode driverMode;
        private int mtuBytes;
        private int termBytes;
        private int socketBytes;
        private int messageBytesMax;
        private int sessionsMax;
        private long connectTimeoutNanos;
        private long livenessTimeoutNanos;

        private Builder(AeronOptions from) {
            directory = from.directory;
            host = from.host;
            port = from.port;
            path = from.path;
            driverMode = from.driverMode;
            mtuBytes = from.mtuBytes;
            termBytes = from.termBytes;
            socketBytes = from.socketBytes;
            messageBytesMax = from.messageBytesMax;
            sessionsMax = from.sessionsMax;
            connectTimeoutNanos = from.connectTimeoutNanos;
            livenessTimeoutNanos = from.livenessTimeoutNanos;
        }

        /** Sets {@link AeronOptions#directory}. */
        public Builder directory(Path value) {
            directory = value;
            return this;
        }

        /** Sets {@link AeronOptions#host}. */
        public Builder host(String value) {
            host = value;
            return this;
        }

        /** Sets {@link AeronOptions#port}. */
        public Builder port(int value) {
            port = value;
            return this;
        }

        /** Sets {@link AeronOptions#path}. */
        public Builder path(Route value) {
            path = value;
            return this;
        }

        /** Sets {@link AeronOptions#driverMode}. */
        public Builder driverMode(DriverMode value) {
            driverMode = value;
            return this;
        }

        /** Sets {@link AeronOptions#mtuBytes}. */
        public Builder mtuBytes(int value) {
            mtuBytes = value;
            return this;
        }

        /** Sets {@link AeronOptions#termBytes}. */
        public Builder termBytes(int value) {
            termBytes = value;
            return this;
        }

        /** Sets {@link AeronOptions#socketBytes}. */
        public Builder socketBytes(int value) {
            socketBytes = value;
            return this;
        }

        /** Sets {@link AeronOptions#messageBytesMax}. */
        public Builder messageBytesMax(int value) {
            messageBytesMax = value;
            return this;
        }

        /** Sets {@link AeronOptions#sessionsMax}. */
        public Builder sessionsMax(int value) {
            sessionsMax = value;
            return this;
        }

        /** Sets {@link AeronOptions#connectTimeoutNanos}. */
        public Builder connectTimeoutNanos(long value) {
            connectTimeoutNanos = value;
            return this;
        }

        /** Sets {@link AeronOptions#livenessTimeoutNanos}. */
        public Builder livenessTimeoutNanos(long value) {
            livenessTimeoutNanos = value;
            return this;
        }

        /** The options, checked. */
        public AeronOptions build() {
            return new AeronOptions(
                    directory,
                    host,
                    port,
                    path,
                    driverMode,
                    mtuBytes,
                    termBytes,
                    socketBytes,
                    messageBytesMax,
                    sessionsMax,
                    connectTimeoutNanos,
                    livenessTimeoutNanos);
        }
    }
}
