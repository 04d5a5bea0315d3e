package io.silkstone.shell.client;

import io.silkstone.shell.control.Frame;
import io.silkstone.shell.control.FrameChannel;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * The program behind {@code ./silkstone shell}. With {@code -c} it runs commands and ends; with a
 * terminal it opens a session; without one it runs each line of its input, until one is {@code
 * exit}. Its exit code is that of the last command that failed.
 *
 * <p>It is written for a fast start: no lambdas, no string concatenation by {@code +}, no library,
 * since each of these makes a fresh JVM load and link a good deal before the first byte is sent.
 */
public final class ControlClient {
    private static final int DONE = 0;
    private static final int FAILED = 1;
    private static final int MISUSED = 2;
    private static final int KEYS_AT_ONCE = 1024;

    private final FrameChannel channel;
    private final OutputStream out;
    private final OutputStream err;

    private ControlClient(FrameChannel channel, OutputStream out, OutputStream err) {
        this.channel = channel;
        this.out = out;
        this.err = err;
    }

    /** Runs the client and ends the process with its exit code. */
    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    private static int run(String... arguments) {
        OutputStream out = new FileOutputStream(FileDescriptor.out);
        OutputStream err = new FileOutputStream(FileDescriptor.err);
        ClientOptions options;
        try {
            options = ClientOptions.parse(arguments);
        } catch (IllegalArgumentException e) {
            say(err, e.getMessage());
            return MISUSED;
        }
        SocketChannel socket = connect(options.socket());
        if (socket == null) {
            say(err, "No node runs in ".concat(options.home().toString()).concat("."));
            return FAILED;
        }
        try (FrameChannel channel = new FrameChannel(socket)) {
            return new ControlClient(channel, out, err).serve(options.commands());
        } catch (IOException _) {
            say(err, "The node has gone.");
            return FAILED;
        }
    }

    private static SocketChannel connect(Path path) {
        if (Files.notExists(path)) {
            return null;
        }
        try {
            SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
            socket.connect(UnixDomainSocketAddress.of(path));
            return socket;
        } catch (IOException _) {
            return null;
        }
    }

    private int serve(List<String> commands) throws IOException {
        if (!greet()) {
            return FAILED;
        }
        if (!commands.isEmpty()) {
            int code = DONE;
            for (String command : commands) {
                if (leaves(command)) {
                    return code;
                }
                code = worse(code, runCommand(command));
            }
            return code;
        }
        TerminalMode terminal = TerminalMode.probe();
        return terminal == null ? runLines() : interact(terminal);
    }

    /** Exchanges hellos; false when the node refused, which it then has explained. */
    private boolean greet() throws IOException {
        Frame first = channel.read();
        while (first != null && first.kind() == Frame.Kind.ERR) {
            show(err, first);
            first = channel.read();
        }
        if (first == null || first.kind() != Frame.Kind.HELLO) {
            return false;
        }
        if (first.version() != Frame.VERSION) {
            say(err, "The node speaks another version of the protocol: use its own silkstone.");
            return false;
        }
        channel.write(Frame.hello(Path.of("").toAbsolutePath().toString()));
        return true;
    }

    private int runLines() throws IOException {
        int code = DONE;
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(
                                new FileInputStream(FileDescriptor.in), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (leaves(line)) {
                    break;
                }
                if (!line.isBlank()) {
                    code = worse(code, runCommand(line));
                }
            }
        }
        return code;
    }

    /** The same word as in a session; it ends this client, never the node. */
    private static boolean leaves(String line) {
        return line.strip().equals("exit");
    }

    private int runCommand(String command) throws IOException {
        Frame frame = Frame.of(Frame.Kind.COMMAND, command);
        if (frame.bytes().length > frame.kind().lengthMax()) {
            say(err, "The command is too long.");
            return FAILED;
        }
        channel.write(frame);
        return showUntilExit();
    }

    private int interact(TerminalMode terminal) throws IOException {
        Thread restorer = new Thread(new Restorer(terminal), "silkstone-client-restore");
        Runtime.getRuntime().addShutdownHook(restorer);
        terminal.makeRaw();
        String type = System.getenv("TERM");
        send(Frame.open(terminal.columns(), terminal.rows(), type == null ? "" : type));
        WindowSignal.onChange(new WindowForwarder(terminal));
        Thread keys = new Thread(new KeyForwarder(), "silkstone-client-keys");
        keys.setDaemon(true);
        keys.start();
        return showUntilExit();
    }

    /** Shows what comes until the node says that it is over. */
    private int showUntilExit() throws IOException {
        for (Frame frame = channel.read(); frame != null; frame = channel.read()) {
            switch (frame.kind()) {
                case OUT -> show(out, frame);
                case ERR -> show(err, frame);
                case EXIT -> {
                    return frame.exitCode();
                }
                default -> throw new IOException("An unexpected frame.");
            }
        }
        throw new IOException("The connection ended.");
    }

    /** Keys and window changes come from two threads. */
    private synchronized void send(Frame frame) throws IOException {
        channel.write(frame);
    }

    private static void show(OutputStream stream, Frame frame) {
        try {
            stream.write(frame.bytes());
        } catch (IOException _) {
            // Whoever read our output has enough of it, such as `head`; there is nothing left to
            // do.
            Runtime.getRuntime().halt(FAILED);
        }
    }

    private static void say(OutputStream stream, String sentence) {
        String line = "silkstone: ".concat(sentence).concat(System.lineSeparator());
        show(stream, Frame.of(Frame.Kind.ERR, line));
    }

    private static int worse(int code, int next) {
        return next == DONE ? code : next;
    }

    private record Restorer(TerminalMode terminal) implements Runnable {
        @Override
        public void run() {
            try {
                terminal.restore();
            } catch (IOException _) {
                say(new FileOutputStream(FileDescriptor.err), "Type `stty sane` and Enter.");
            }
        }
    }

    /** Sends keys until the input ends; then the node reads end of input as well. */
    private final class KeyForwarder implements Runnable {
        private static final byte[] END_OF_INPUT = {4};

        @Override
        public void run() {
            byte[] keys = new byte[KEYS_AT_ONCE];
            try (FileInputStream in = new FileInputStream(FileDescriptor.in)) {
                for (int count = in.read(keys); count > 0; count = in.read(keys)) {
                    send(new Frame(Frame.Kind.INPUT, Arrays.copyOf(keys, count)));
                }
                send(new Frame(Frame.Kind.INPUT, END_OF_INPUT));
            } catch (IOException _) {
                // The reading side notices the same and says so.
            }
        }
    }

    private final class WindowForwarder implements Runnable {
        private final TerminalMode terminal;

        WindowForwarder(TerminalMode terminal) {
            this.terminal = terminal;
        }

        @Override
        public void run() {
            try {
                terminal.refreshSize();
                send(Frame.window(terminal.columns(), terminal.rows()));
            } catch (IOException _) {
                // The reading side notices the same and says so.
            }
        }
    }
}
