package io.silkstone.shell.control;

import io.silkstone.shell.session.InteractiveShell;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.felix.service.command.CommandProcessor;

/**
 * Listens on the control socket and gives each connection a session of its own.
 *
 * <p>The socket lies in a directory that only its owner can enter, and can itself be opened by its
 * owner only: whoever can connect could as well stop the process. A socket that a dead node left is
 * removed; one that answers belongs to a living node and is not touched.
 *
 * <p>One thread accepts and ends idle sessions; it sleeps until there is something to accept or a
 * session could have become idle. Each connection has three threads, see {@link ControlConnection}.
 */
public final class ControlServer implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(ControlServer.class.getName());
    private static final int PATH_BYTES_MAX = 107;
    private static final long PAUSE_MS = 2_000;
    private static final long IDLE_GRACE_NS = TimeUnit.SECONDS.toNanos(1);
    private static final String BUSY =
            "This node has %d shell sessions already: close one, or raise sessions.max in"
                    + " etc/io.silkstone.shell.control.cfg.";

    /** What connections need of the rest. */
    record Context(
            CommandProcessor processor,
            InteractiveShell shell,
            String welcome,
            LongSupplier nanoTime) {}

    private final Path path;
    private final Context context;
    private final ServerSocketChannel listener;
    private final Selector selector;
    private final Set<ControlConnection> connections = ConcurrentHashMap.newKeySet();
    private final Thread thread;
    private volatile ControlOptions options;
    private volatile boolean closed;
    private long connectionCount;

    /**
     * Listens on {@code path} from now on.
     *
     * @throws IOException in one sentence, when another node listens there or the path is no good
     */
    ControlServer(Path path, ControlOptions options, Context context) throws IOException {
        this.path = path;
        this.options = options;
        this.context = context;
        prepare(path);
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            listener.bind(UnixDomainSocketAddress.of(path));
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
            listener.configureBlocking(false);
            selector = Selector.open();
            listener.register(selector, SelectionKey.OP_ACCEPT);
        } catch (IOException e) {
            listener.close();
            throw e;
        }
        thread = Thread.ofPlatform().name("silkstone-shell-control-0").daemon().start(this::serve);
    }

    private static void prepare(Path path) throws IOException {
        if (path.toString().getBytes().length > PATH_BYTES_MAX) {
            throw new IOException(
                    "The control socket "
                            + path
                            + " has a longer path than the "
                            + PATH_BYTES_MAX
                            + " bytes that a socket may have: choose a shorter home.");
        }
        Path directory = path.getParent();
        Files.createDirectories(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        if (answers(path)) {
            throw new IOException(
                    "Another node serves this home: its control socket " + path + " answers.");
        }
        Files.deleteIfExists(path);
    }

    private static boolean answers(Path path) throws IOException {
        if (Files.notExists(path)) {
            return false;
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return probe.connect(UnixDomainSocketAddress.of(path));
        } catch (ConnectException _) {
            return false;
        }
    }

    /** Where it listens. */
    Path path() {
        return path;
    }

    /** How many connections there are. */
    int connectionCount() {
        return connections.size();
    }

    /** Other limits from now on. Sessions beyond a lower maximum go on. */
    void use(ControlOptions changed) {
        options = changed;
        selector.wakeup();
    }

    /** Stops listening, ends every session, and waits a moment for them to be over. */
    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        try {
            thread.join(PAUSE_MS);
            List<ControlConnection> ending = List.copyOf(connections);
            ending.forEach(ControlConnection::close);
            for (ControlConnection connection : ending) {
                connection.awaitEnd(PAUSE_MS / ending.size());
            }
            listener.close();
            selector.close();
            Files.deleteIfExists(path);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "The control socket did not close well.", e);
        }
    }

    private void serve() {
        while (!closed) {
            try {
                selector.select(endIdleSessions());
                selector.selectedKeys().clear();
                for (SocketChannel channel = listener.accept();
                        channel != null;
                        channel = listener.accept()) {
                    welcome(channel);
                }
            } catch (IOException e) {
                LOGGER.log(System.Logger.Level.WARNING, "A shell could not connect.", e);
                pause();
            }
        }
    }

    /** Lets a shortage, of file descriptors mostly, pass before the next attempt. */
    private void pause() {
        SelectionKey key = listener.keyFor(selector);
        try {
            key.interestOps(0);
            selector.select(PAUSE_MS);
            key.interestOps(SelectionKey.OP_ACCEPT);
        } catch (IOException e) {
            LOGGER.log(System.Logger.Level.ERROR, "The control socket failed for good.", e);
            closed = true;
        }
    }

    private void welcome(SocketChannel channel) throws IOException {
        ControlOptions current = options;
        if (connections.size() >= current.sessionsMax()) {
            refuse(channel, String.format(BUSY, connections.size()));
            return;
        }
        ControlConnection connection =
                new ControlConnection(
                        ++connectionCount, new FrameChannel(channel), context, connections::remove);
        connections.add(connection);
        connection.start();
    }

    /**
     * The client sends nothing before it has heard from us, so closing at once loses no byte of the
     * sentence; and a few bytes always fit into the buffer of a fresh socket, so this cannot block.
     */
    private static void refuse(SocketChannel channel, String sentence) {
        try (FrameChannel frames = new FrameChannel(channel)) {
            frames.write(Frame.of(Frame.Kind.ERR, sentence + '\n'));
            frames.write(Frame.exit(1));
        } catch (IOException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "A refused client had gone already.", e);
        }
    }

    /**
     * Ends sessions that are idle, and tells in how many milliseconds the next one may be; or 0.
     */
    private long endIdleSessions() {
        long timeoutNs = TimeUnit.SECONDS.toNanos(options.idleTimeoutSeconds());
        long nowNs = context.nanoTime.getAsLong();
        long nextNs = Long.MAX_VALUE;
        for (ControlConnection connection : connections) {
            long leftNs = timeoutNs - (nowNs - connection.lastActiveNs());
            if (leftNs <= 0) {
                connection.endIdle();
                nextNs = Math.min(nextNs, IDLE_GRACE_NS);
            } else {
                nextNs = Math.min(nextNs, leftNs);
            }
        }
        return nextNs == Long.MAX_VALUE ? 0 : TimeUnit.NANOSECONDS.toMillis(nextNs) + 1;
    }
}
