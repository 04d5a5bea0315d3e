package io.silkstone.shell.control;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Frames on their way to one client. Threads that run commands put frames in and wait when it is
 * full; one thread of the connection takes them out and writes them. The two are apart because
 * Ctrl-C interrupts the former, and an interrupt inside a socket's write would close the socket.
 */
final class OutputQueue {
    private static final int FRAMES_MAX = 32;

    private final Deque<Frame> frames = new ArrayDeque<>();
    private boolean finished;
    private boolean closed;

    /** Adds {@code frame}; waits while the queue is full. */
    synchronized void put(Frame frame) throws IOException {
        try {
            while (frames.size() == FRAMES_MAX && !closed) {
                wait();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while the client was slow.");
        }
        if (closed || finished) {
            throw new IOException("The client has gone.");
        }
        frames.add(frame);
        notifyAll();
    }

    /** The next frame; null when the queue is closed, or finished and empty. */
    synchronized Frame take() throws InterruptedException {
        while (frames.isEmpty() && !closed && !finished) {
            wait();
        }
        Frame frame = closed ? null : frames.poll();
        notifyAll();
        return frame;
    }

    /** Adds {@code last} without waiting. No frame follows; those that are in it are written. */
    synchronized void finish(Frame... last) {
        if (!finished && !closed) {
            frames.addAll(List.of(last));
        }
        finished = true;
        notifyAll();
    }

    /** Nothing is written any more; whoever waits stops waiting. */
    synchronized void close() {
        closed = true;
        frames.clear();
        notifyAll();
    }

    /** A stream whose bytes become frames of {@code kind}: full ones, and one at each flush. */
    OutputStream stream(Frame.Kind kind) {
        return new FrameStream(kind);
    }

    private final class FrameStream extends OutputStream {
        private final Frame.Kind kind;
        private final byte[] bytes;
        private int length;

        FrameStream(Frame.Kind kind) {
            this.kind = kind;
            this.bytes = new byte[kind.lengthMax()];
        }

        @Override
        public synchronized void write(int value) throws IOException {
            if (length == bytes.length) {
                flush();
            }
            bytes[length++] = (byte) value;
        }

        @Override
        public synchronized void write(byte[] source, int offset, int count) throws IOException {
            int from = offset;
            int end = offset + count;
            while (from < end) {
                if (length == bytes.length) {
                    flush();
                }
                int part = Math.min(end - from, bytes.length - length);
                System.arraycopy(source, from, bytes, length, part);
                length += part;
                from += part;
            }
        }

        @Override
        public synchronized void flush() throws IOException {
            if (length > 0) {
                byte[] full = Arrays.copyOf(bytes, length);
                length = 0;
                put(new Frame(kind, full));
            }
        }
    }
}
