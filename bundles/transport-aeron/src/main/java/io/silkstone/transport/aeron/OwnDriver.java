package io.silkstone.transport.aeron;

import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.exceptions.AeronException;
import io.aeron.logbuffer.FragmentHandler;
import io.silkstone.base.Checks;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.AgentInvoker;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;

/**
 * The media driver that a transport owns, its own client of it, and the subscriptions at which
 * hellos arrive. One of these lives until driver or client fail; the transport then makes the next,
 * at the same port.
 */
final class OwnDriver {
    /** With this many processors or fewer a driver's thread only takes them from the others. */
    private static final int PROCESSORS_FEW = 4;

    private static final int TIMERS_PER_TIMEOUT = 4;
    private static final long TIMER_NANOS_MAX = TimeUnit.SECONDS.toNanos(1);
    private static final int COUNTERS_BYTES_MIN = 1 << 20;

    /** A session has up to sixteen counters of 128 bytes. */
    private static final int COUNTERS_BYTES_PER_SESSION = 16 * 128;

    private static final int WINDOW_BYTES_MIN = 1 << 17;

    /** What a driver needs besides streams. */
    private static final long SPACE_BYTES_DRIVER = 16L << 20;

    /** A stream has three terms, a session two streams. */
    private static final int TERMS_PER_SESSION = 6;

    private static final int IDLE_SPINS = 100;
    private static final int IDLE_YIELDS = 10;
    private static final long IDLE_PARK_NANOS_MIN = 1_000;

    /** Longer saves little, shorter keeps an idle node above its share of a core. */
    private static final long IDLE_PARK_NANOS_MAX = 10_000_000;

    private static final int HELLOS_PER_POLL_MAX = 16;
    private static final int FLUSH_CYCLES_MAX = 64;
    private static final long FLUSH_PARK_NANOS = 20_000_000;

    private final MediaDriver driver;
    private final AgentInvoker invoker;
    private final DriverClient client;
    private final int port;
    private final String endpoint;
    private final long udpHellosId;
    private final long ipcHellosId;
    private Subscription udpHellos;
    private Subscription ipcHellos;
    private boolean ready;

    /**
     * Starts a driver in {@code home}.
     *
     * @param wantedPort where UDP is received, 0 for any free one
     * @throws IllegalStateException when it cannot start, with a sentence for operators
     */
    OwnDriver(AeronOptions options, DriverHome home, int wantedPort, ErrorHandler errors) {
        requireSpace(options, freeBytes(options.directory()));
        InetAddress host = AeronOptions.literal(options.host());
        port = wantedPort == 0 ? freePort(host) : wantedPort;
        endpoint = PeerAddress.endpoint(host, port);
        Path directory = directory(home);
        driver = launch(context(options, directory, errors));
        invoker = driver.sharedAgentInvoker();
        DriverClient attached = null;
        try {
            attached = new DriverClient(directory, options, errors);
            udpHellosId = attached.addSubscription(Channels.udp(endpoint), Hello.STREAM);
            ipcHellosId = attached.addSubscription(Channels.IPC, Hello.STREAM);
            home.publish(endpoint);
        } catch (IOException | AeronException e) {
            if (attached != null) {
                attached.close();
            }
            driver.close();
            throw new IllegalStateException(
                    "The Aeron driver in " + directory + " cannot be used: " + e.getMessage(), e);
        }
        client = attached;
    }

    DriverClient client() {
        return client;
    }

    /**
     * Does the driver's work, if that is the caller's business.
     *
     * @return how much was done
     */
    int driverWork() {
        return invoker == null ? 0 : invoker.invoke();
    }

    /**
     * Whether hellos are heard. Before that a session over UDP has no address to be answered at.
     *
     * @throws IllegalStateException when the port cannot be had
     */
    boolean isReady() {
        if (!ready) {
            try {
                udpHellos = udpHellos == null ? client.subscription(udpHellosId) : udpHellos;
                ipcHellos = ipcHellos == null ? client.subscription(ipcHellosId) : ipcHellos;
                ready = udpHellos != null && ipcHellos != null;
            } catch (AeronException e) {
                throw new IllegalStateException(
                        "Cannot receive at UDP " + endpoint + ": " + e.getMessage(), e);
            }
        }
        return ready;
    }

    /** Where it receives over UDP. */
    String endpoint() {
        return endpoint;
    }

    /** The port of {@link #endpoint}. */
    int port() {
        return port;
    }

    /** Hands hellos that came over shared memory, and those over UDP, to their handlers. */
    int pollHellos(FragmentHandler overIpc, FragmentHandler overUdp) {
        return ipcHellos.poll(overIpc, HELLOS_PER_POLL_MAX)
                + udpHellos.poll(overUdp, HELLOS_PER_POLL_MAX);
    }

    /** Gives the driver a moment, before it is closed, to send what is under way. */
    void flush() {
        if (invoker == null) {
            LockSupport.parkNanos(FLUSH_PARK_NANOS);
            return;
        }
        for (int cycle = 0; cycle < FLUSH_CYCLES_MAX; cycle++) {
            client.doWork();
            invoker.invoke();
        }
    }

    /** Closes client and driver. No session may use them any more. */
    void close() {
        client.close();
        driver.close();
    }

    /**
     * A port that is free now. Aeron could choose one, but takes each mention of port 0 for another
     * socket, and all subscriptions shall share one.
     */
    private static int freePort(InetAddress host) {
        try (DatagramChannel probe = DatagramChannel.open()) {
            probe.bind(new InetSocketAddress(host, 0));
            return ((InetSocketAddress) probe.getLocalAddress()).getPort();
        } catch (IOException e) {
            throw new IllegalStateException(
                    "No UDP port at " + host.getHostAddress() + ": " + e.getMessage(), e);
        }
    }

    private static MediaDriver launch(MediaDriver.Context context) {
        try {
            return MediaDriver.launch(context);
        } catch (AeronException | IllegalStateException | IllegalArgumentException e) {
            throw new IllegalStateException(
                    "The Aeron driver cannot start in "
                            + context.aeronDirectoryName()
                            + ": "
                            + e.getMessage(),
                    e);
        }
    }

    private static Path directory(DriverHome home) {
        try {
            return home.nextDriver();
        } catch (IOException e) {
            throw new IllegalStateException(
                    "Cannot make directory " + home.path() + ": " + e.getMessage(), e);
        }
    }

    private static long freeBytes(Path directory) {
        try {
            return Files.getFileStore(directory).getUsableSpace();
        } catch (IOException e) {
            throw new IllegalStateException(
                    "Cannot ask how much is free in " + directory + ": " + e.getMessage(), e);
        }
    }

    /** Refuses, in one sentence, what could only fail later and less clearly. */
    static void requireSpace(AeronOptions options, long freeBytes) {
        long needed = SPACE_BYTES_DRIVER + (long) TERMS_PER_SESSION * options.termBytes();
        Checks.require(
                freeBytes >= needed,
                "directory %s has %d MiB free, and a driver with one session needs %d: enlarge it"
                        + " (containers: shm size), or set directory or term.bytes",
                options.directory(),
                freeBytes >> 20,
                needed >> 20);
    }

    private static MediaDriver.Context context(
            AeronOptions options, Path directory, ErrorHandler errors) {
        long livenessNanos = options.livenessTimeoutNanos();
        long timerNanos = Math.min(TIMER_NANOS_MAX, livenessNanos / TIMERS_PER_TIMEOUT);
        int[] socketBytes = grantedSocketBytes(options.socketBytes());
        int window = Math.min(socketBytes[1], options.termBytes() / 2);
        return new MediaDriver.Context()
                .aeronDirectoryName(directory.toString())
                .threadingMode(threadingMode(options))
                .dirDeleteOnStart(true)
                .dirDeleteOnShutdown(true)
                .warnIfDirectoryExists(false)
                .errorHandler(errors)
                .timerIntervalNs(timerNanos)
                .clientLivenessTimeoutNs(livenessNanos)
                .publicationUnblockTimeoutNs(livenessNanos + livenessNanos / 2)
                .publicationConnectionTimeoutNs(livenessNanos)
                .imageLivenessTimeoutNs(livenessNanos)
                .socketSndbufLength(socketBytes[0])
                .socketRcvbufLength(socketBytes[1])
                .initialWindowLength(Math.max(window, WINDOW_BYTES_MIN))
                .publicationTermBufferLength(options.termBytes())
                .ipcTermBufferLength(options.termBytes())
                .ipcMtuLength(AeronOptions.MTU_BYTES_MAX)
                .counterValuesBufferLength(countersBytes(options.sessionsMax()))
                .asyncExecutorEnabled(false)
                .sharedIdleStrategy(idle())
                .sharedNetworkIdleStrategy(idle())
                .conductorIdleStrategy(idle())
                .senderIdleStrategy(idle())
                .receiverIdleStrategy(idle())
                .sharedThreadFactory(threads("shared"))
                .sharedNetworkThreadFactory(threads("network"))
                .conductorThreadFactory(threads("conductor"))
                .senderThreadFactory(threads("sender"))
                .receiverThreadFactory(threads("receiver"));
    }

    private static ThreadingMode threadingMode(AeronOptions options) {
        boolean few = Runtime.getRuntime().availableProcessors() <= PROCESSORS_FEW;
        return switch (options.driverMode()) {
            case AUTO -> few ? ThreadingMode.INVOKER : ThreadingMode.SHARED;
            case INVOKER -> ThreadingMode.INVOKER;
            case SHARED -> ThreadingMode.SHARED;
            case SHARED_NETWORK -> ThreadingMode.SHARED_NETWORK;
            case DEDICATED -> ThreadingMode.DEDICATED;
        };
    }

    /** Sizes of send and receive buffer that the system gives when asked for {@code wanted}. */
    private static int[] grantedSocketBytes(int wanted) {
        try (DatagramChannel probe = DatagramChannel.open()) {
            probe.setOption(StandardSocketOptions.SO_SNDBUF, wanted);
            probe.setOption(StandardSocketOptions.SO_RCVBUF, wanted);
            return new int[] {
                Math.min(wanted, probe.getOption(StandardSocketOptions.SO_SNDBUF)),
                Math.min(wanted, probe.getOption(StandardSocketOptions.SO_RCVBUF))
            };
        } catch (IOException e) {
            throw new IllegalStateException("Cannot open a UDP socket: " + e.getMessage(), e);
        }
    }

    private static int countersBytes(int sessions) {
        int wanted = Math.max(COUNTERS_BYTES_MIN, sessions * COUNTERS_BYTES_PER_SESSION);
        return Integer.highestOneBit(wanted - 1) << 1;
    }

    private static IdleStrategy idle() {
        return new BackoffIdleStrategy(
                IDLE_SPINS, IDLE_YIELDS, IDLE_PARK_NANOS_MIN, IDLE_PARK_NANOS_MAX);
    }

    private static ThreadFactory threads(String role) {
        AtomicInteger count = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task);
            thread.setName("silkstone-transport-aeron-" + role + "-" + count.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        };
    }
}
