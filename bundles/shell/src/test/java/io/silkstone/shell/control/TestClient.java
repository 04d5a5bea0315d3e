package io.silkstone.shell.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.shell.control.Frame.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Talks the protocol of the control socket. */
final class TestClient implements AutoCloseable {
    private final SocketChannel socket;
    private final FrameChannel channel;
    final ByteArrayOutputStream out = new ByteArrayOutputStream();
    final ByteArrayOutputStream err = new ByteArrayOutputStream();

    TestClient(Path path) throws IOException {
        socket = SocketChannel.open(StandardProtocolFamily.UNIX);
        socket.connect(UnixDomainSocketAddress.of(path));
        channel = new FrameChannel(socket);
    }

    /** A client that has exchanged hellos. */
    static TestClient greeted(Path path) throws IOException {
        TestClient client = new TestClient(path);
        assertThat(client.read().kind()).isEqualTo(Kind.HELLO);
        client.send(Frame.hello(Path.of("").toAbsolutePath().toString()));
        return client;
    }

    void send(Frame frame) throws IOException {
        channel.write(frame);
    }

    void sendRaw(byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            socket.write(buffer);
        }
    }

    Frame read() throws IOException {
        return channel.read();
    }

    int run(String command) throws IOException {
        send(Frame.of(Kind.COMMAND, command));
        return readUntilExit();
    }

    /** Gathers output until the exit code, which it returns. */
    int readUntilExit() throws IOException {
        for (Frame frame = read(); frame != null; frame = read()) {
            switch (frame.kind()) {
                case OUT -> out.writeBytes(frame.bytes());
                case ERR -> err.writeBytes(frame.bytes());
                case EXIT -> {
                    return frame.exitCode();
                }
                default -> throw new IOException("unexpected " + frame.kind());
            }
        }
        throw new IOException("closed without an exit code");
    }

    /** Gathers output until {@code text} was in it. */
    void readUntil(String text) throws IOException {
        while (!out().contains(text)) {
            Frame frame = read();
            if (frame == null || frame.kind() != Kind.OUT) {
                throw new IOException("got " + frame + " after " + out());
            }
            out.writeBytes(frame.bytes());
        }
    }

    String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        channel.close();
    }
}
