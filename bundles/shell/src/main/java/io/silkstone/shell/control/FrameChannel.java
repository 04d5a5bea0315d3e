package io.silkstone.shell.control;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ReadableByteChannel;

/**
 * Reads and writes {@link Frame}s over a byte channel. One thread reads, one writes. Interrupting
 * either closes a socket: threads that run commands, which are interrupted by Ctrl-C, must write
 * through an {@link OutputQueue}.
 */
public final class FrameChannel implements AutoCloseable {
    private static final int BUFFER_LENGTH = 16 << 10;

    private final ByteChannel channel;
    private final ByteBuffer readable = ByteBuffer.allocate(BUFFER_LENGTH).flip();

    /** Owns {@code channel} from here on. */
    public FrameChannel(ByteChannel channel) {
        this.channel = channel;
    }

    /**
     * The next frame, or null when the other side has closed between two frames.
     *
     * @throws IOException when the connection breaks, or what arrives is no frame
     */
    public Frame read() throws IOException {
        if (!readable.hasRemaining() && !fill()) {
            return null;
        }
        int id = readable.get();
        Frame.Kind kind = Frame.Kind.of(id);
        if (kind == null) {
            throw new IOException("A frame of the unknown kind " + id + '.');
        }
        int length = 0;
        for (int index = 0; index < Integer.BYTES; index++) {
            length = length << Byte.SIZE | next() & 0xff;
        }
        if (length < 0 || length > kind.lengthMax()) {
            throw new IOException("A frame " + kind + " of the length " + length + '.');
        }
        byte[] bytes = new byte[length];
        int buffered = Math.min(length, readable.remaining());
        readable.get(bytes, 0, buffered);
        readFully(channel, ByteBuffer.wrap(bytes, buffered, length - buffered));
        return new Frame(kind, bytes);
    }

    /**
     * Writes one frame.
     *
     * @throws IOException when the connection breaks
     */
    public void write(Frame frame) throws IOException {
        assert frame.bytes().length <= frame.kind().lengthMax();
        ByteBuffer bytes = ByteBuffer.allocate(Frame.HEADER_LENGTH + frame.bytes().length);
        bytes.put((byte) frame.kind().id()).putInt(frame.bytes().length).put(frame.bytes());
        bytes.flip();
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException _) {
            // Nobody is left to tell.
        }
    }

    private byte next() throws IOException {
        if (!readable.hasRemaining() && !fill()) {
            throw new EOFException("The connection ended inside a frame.");
        }
        return readable.get();
    }

    private boolean fill() throws IOException {
        readable.clear();
        int count = channel.read(readable);
        readable.flip();
        return count > 0;
    }

    private static void readFully(ReadableByteChannel channel, ByteBuffer bytes)
            throws IOException {
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new EOFException("The connection ended inside a frame.");
            }
        }
    }
}
