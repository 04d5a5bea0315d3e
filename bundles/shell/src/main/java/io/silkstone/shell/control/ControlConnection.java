package io.silkstone.shell.control;

import io.silkstone.shell.session.ShellSession;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.LineDisciplineTerminal;

/**
 * One client of the control socket, with three threads of its own. The reader takes frames; since
 * it always reads, it notices at once when the client dies, and ends everything. The worker runs
 * lines or the interactive shell. The writer sends what the {@link OutputQueue} holds.
 *
 * <p>Keys that are pressed while a command runs wait in the terminal's small buffer; when that is
 * full the reader waits too, as a terminal's driver would, until the command or the session ends.
 */
final class ControlConnection implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(ControlConnection.class.getName());
    private static final String TERMINAL_TYPE_PLAIN = Terminal.TYPE_DUMB;

    /** JLine hands types that it does not know to a command of the machine: words only. */
    private static final Pattern TERMINAL_TYPE = Pattern.compile("\\w[\\w.+-]{0,40}");

    private static final int TASKS_WAITING_MAX = 4;
    private static final int COLUMNS_DEFAULT = 80;
    private static final int ROWS_DEFAULT = 24;
    private static final int ROWS_OFFSET = Short.BYTES;
    private static final int TYPE_OFFSET = 2 * Short.BYTES;

    private final String name;
    private final FrameChannel channel;
    private final ControlServer.Context context;
    private final Consumer<ControlConnection> onEnd;
    private final OutputQueue output = new OutputQueue();
    private final BlockingQueue<Task> tasks = new ArrayBlockingQueue<>(TASKS_WAITING_MAX);
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Thread reader;
    private final Thread worker;
    private final Thread writer;
    private volatile long lastActiveNs;

    /** Used by the reader thread alone, but for closing. */
    private volatile LineDisciplineTerminal terminal;

    private volatile ShellSession session;
    private Path directory;
    private boolean idleTold;

    /** What the worker does next. */
    private interface Task {
        void run() throws IOException;
    }

    /**
     * A connection that is not yet served; see {@link #start}.
     *
     * @param onEnd told once when nothing of the session runs any more
     */
    ControlConnection(
            long number,
            FrameChannel channel,
            ControlServer.Context context,
            Consumer<ControlConnection> onEnd) {
        this.name = "silkstone-shell-session-" + number;
        this.channel = channel;
        this.context = context;
        this.onEnd = onEnd;
        this.lastActiveNs = context.nanoTime().getAsLong();
        this.reader = thread("reader", this::readFrames);
        this.worker = thread("worker", this::runTasks);
        this.writer = thread("writer", this::writeFrames);
        // Commands look for resources of the terminal library through the context class loader.
        worker.setContextClassLoader(Terminal.class.getClassLoader());
    }

    private Thread thread(String role, Runnable body) {
        return Thread.ofPlatform().name(name + '-' + role).daemon().unstarted(body);
    }

    void start() {
        reader.start();
        worker.start();
        writer.start();
    }

    /** When the last frame came, or began to go. */
    long lastActiveNs() {
        return lastActiveNs;
    }

    /** Tells the client that it was idle for too long, and ends; the second time without a word. */
    void endIdle() {
        if (idleTold) {
            close();
            return;
        }
        idleTold = true;
        output.finish(
                Frame.of(Frame.Kind.ERR, "\r\nThe session was idle for too long and has ended.\n"),
                Frame.exit(ShellSession.FAILED));
    }

    /** Ends the session and whatever runs in it. Does not wait. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        output.close();
        channel.close();
        ShellSession open = session;
        if (open != null) {
            open.close();
        }
        closeTerminal();
        worker.interrupt();
    }

    /** Waits, after {@link #close}, until no command of this session runs any more. */
    void awaitEnd(long millisMax) throws InterruptedException {
        worker.join(Duration.ofMillis(millisMax));
    }

    private void readFrames() {
        try {
            output.put(Frame.hello(""));
            Frame hello = channel.read();
            if (hello == null) {
                return;
            }
            if (hello.kind() != Frame.Kind.HELLO || hello.version() != Frame.VERSION) {
                throw new IOException("The client speaks another version of the protocol.");
            }
            directory = Path.of(hello.text(1)).toAbsolutePath().normalize();
            for (Frame frame = channel.read(); frame != null; frame = channel.read()) {
                lastActiveNs = context.nanoTime().getAsLong();
                take(frame);
            }
        } catch (IOException | RuntimeException e) {
            if (!closed.get()) {
                LOGGER.log(System.Logger.Level.DEBUG, name + " ends: " + e.getMessage(), e);
            }
        } finally {
            close();
        }
    }

    private void take(Frame frame) throws IOException {
        switch (frame.kind()) {
            case COMMAND -> {
                String line = frame.text(0);
                plan(() -> runLine(line));
            }
            case OPEN -> {
                if (terminal != null) {
                    throw new IOException("The client opened two interactive sessions.");
                }
                LineDisciplineTerminal opened =
                        openTerminal(frame.text(TYPE_OFFSET), Frame.Kind.OUT);
                opened.setSize(size(frame));
                terminal = opened;
                plan(() -> interact(opened));
            }
            case INPUT -> interactive().processInputBytes(frame.bytes());
            case WINDOW -> {
                interactive().setSize(size(frame));
                interactive().raise(Terminal.Signal.WINCH);
            }
            default -> throw new IOException("The client sent " + frame.kind() + '.');
        }
    }

    private void plan(Task task) throws IOException {
        if (!tasks.offer(task)) {
            throw new IOException("The client did not wait for its answers.");
        }
    }

    private LineDisciplineTerminal interactive() throws IOException {
        if (terminal == null) {
            throw new IOException("The client sent keys without a session.");
        }
        return terminal;
    }

    private LineDisciplineTerminal openTerminal(String type, Frame.Kind kind) throws IOException {
        return new LineDisciplineTerminal(
                name,
                TERMINAL_TYPE.matcher(type).matches() ? type : TERMINAL_TYPE_PLAIN,
                output.stream(kind),
                StandardCharsets.UTF_8);
    }

    private static Size size(Frame frame) {
        int columns = frame.number(0);
        int rows = frame.number(ROWS_OFFSET);
        return new Size(columns == 0 ? COLUMNS_DEFAULT : columns, rows == 0 ? ROWS_DEFAULT : rows);
    }

    private void runTasks() {
        try {
            while (!closed.get()) {
                tasks.take().run();
            }
        } catch (InterruptedException _) {
            // Only closing interrupts this thread.
        } catch (IOException | RuntimeException e) {
            if (!closed.get()) {
                LOGGER.log(System.Logger.Level.DEBUG, name + " ends: " + e.getMessage(), e);
            }
        } finally {
            close();
            onEnd.accept(this);
        }
    }

    private void runLine(String line) throws IOException {
        if (session == null) {
            LineDisciplineTerminal plain = openTerminal(TERMINAL_TYPE_PLAIN, Frame.Kind.OUT);
            session =
                    new ShellSession(
                            context.processor(),
                            plain,
                            printer(Frame.Kind.OUT),
                            printer(Frame.Kind.ERR),
                            directory);
            if (closed.get()) {
                session.close();
            }
        }
        output.put(Frame.exit(session.run(line)));
    }

    private void interact(LineDisciplineTerminal opened) throws IOException {
        context.shell().run(opened, directory, context.welcome());
        output.finish(Frame.exit(ShellSession.DONE));
    }

    private PrintStream printer(Frame.Kind kind) {
        return new PrintStream(output.stream(kind), true, StandardCharsets.UTF_8);
    }

    private void writeFrames() {
        try {
            for (Frame frame = output.take(); frame != null; frame = output.take()) {
                lastActiveNs = context.nanoTime().getAsLong();
                channel.write(frame);
            }
        } catch (IOException e) {
            LOGGER.log(System.Logger.Level.DEBUG, name + " lost its client.", e);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            close();
        }
    }

    private void closeTerminal() {
        LineDisciplineTerminal open = terminal;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                LOGGER.log(System.Logger.Level.DEBUG, name + " did not close well.", e);
            }
        }
    }
}
