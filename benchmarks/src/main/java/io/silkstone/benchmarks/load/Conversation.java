package io.silkstone.benchmarks.load;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** One connection of a {@link LoadClient}: what it has asked, and what the replies must be. */
final class Conversation {
    private static final int BUFFER_BYTES_MIN = 1 << 14;
    private static final int NO_LENGTH = Integer.MIN_VALUE;
    private static final int LINE_BYTES_MAX = 512;

    private final int number;
    private final SocketChannel channel;
    private final ByteBuffer out;
    private final ByteBuffer in;
    private final long[] expected;

    private Workload workload;
    private Tally tally;
    private long deadline;
    private int asked;
    private int answered;
    private long sentNanos;
    private boolean broken;

    Conversation(int number, int pipeline, SocketChannel channel) {
        int bytes = Math.max(BUFFER_BYTES_MIN, pipeline * ObjectFormat.MESSAGE_BYTES_MAX);
        this.number = number;
        this.channel = channel;
        this.out = ByteBuffer.allocateDirect(bytes);
        this.in = ByteBuffer.allocateDirect(bytes);
        this.expected = new long[pipeline];
    }

    /** Begins a run with a first pipeline. */
    void begin(Workload newWorkload, Tally newTally, long newDeadline) {
        workload = newWorkload;
        tally = newTally;
        deadline = newDeadline;
        if (broken) {
            tally.failed(1, "connection " + number + " was broken before");
        } else {
            send();
        }
    }

    /** Whether replies are outstanding. */
    boolean isWaiting() {
        return !broken && answered < asked;
    }

    /** The socket has something to read. */
    void readable() {
        try {
            if (channel.read(in) < 0) {
                breakOff("the server closed connection " + number);
                return;
            }
        } catch (IOException e) {
            breakOff("connection " + number + ": " + e.getMessage());
            return;
        }
        long now = System.nanoTime();
        int before = answered;
        consume();
        if (answered > before) {
            tally.replied(answered - before, now - sentNanos);
        }
        if (!broken && answered == asked && now - deadline < 0) {
            send();
        }
    }

    /** Ends a run; what has not been answered by now never will be. */
    void finish() {
        if (isWaiting()) {
            breakOff("no reply on connection " + number);
        }
    }

    void close() throws IOException {
        channel.close();
    }

    private void send() {
        out.clear();
        asked = 0;
        answered = 0;
        while (asked < expected.length) {
            long expectation = workload.request(number, out);
            if (expectation == Workload.END) {
                break;
            }
            expected[asked++] = expectation;
        }
        out.flip();
        sentNanos = System.nanoTime();
        try {
            // A pipeline fits the socket's buffer, which is empty: this does not go round twice.
            while (out.hasRemaining()) {
                channel.write(out);
            }
        } catch (IOException e) {
            breakOff("connection " + number + ": " + e.getMessage());
        }
    }

    private void breakOff(String reason) {
        tally.failed(asked - answered, reason);
        broken = true;
    }

    /** Judges the whole replies in the buffer and keeps the rest. */
    private void consume() {
        int end = in.position();
        int start = 0;
        while (answered < asked) {
            int next = judge(start, end);
            if (next < 0) {
                break;
            }
            start = next;
            answered++;
        }
        in.flip().position(start);
        in.compact();
    }

    /** Judges the reply at {@code start}; returns where it ends, -1 when not all of it is there. */
    private int judge(int start, int end) {
        int line = lineEnd(start, end);
        if (line < 0) {
            return -1;
        }
        long expectation = expected[answered];
        switch (in.get(start)) {
            case '+' -> {
                if (expectation == ObjectFormat.STORED) {
                    workload.acknowledged(number);
                } else {
                    tally.lost("a read was answered " + text(start, line));
                }
                return line + 2;
            }
            case '$' -> {
                int length = length(start + 1, line);
                int value = line + 2;
                if (length < 0) {
                    tally.lost("key " + (int) expectation + " is absent");
                    return value;
                }
                if (value + length + 2 > end) {
                    return -1;
                }
                if (!ObjectFormat.isExpected(expectation, in, value, length)) {
                    tally.lost(
                            String.format(
                                    "key %d, version %d, was answered %s",
                                    (int) expectation,
                                    expectation >>> 32,
                                    text(value, value + length)));
                }
                return value + length + 2;
            }
            default -> {
                tally.failed(1, text(start, line));
                return line + 2;
            }
        }
    }

    private int lineEnd(int start, int end) {
        for (int index = start; index + 1 < end; index++) {
            if (in.get(index) == '\r' && in.get(index + 1) == '\n') {
                return index;
            }
        }
        return -1;
    }

    private int length(int start, int end) {
        int length = 0;
        for (int index = start; index < end; index++) {
            byte digit = in.get(index);
            if (digit < '0' || digit > '9') {
                return NO_LENGTH;
            }
            length = 10 * length + digit - '0';
        }
        return length;
    }

    private String text(int start, int end) {
        byte[] bytes = new byte[Math.min(end - start, LINE_BYTES_MAX)];
        in.get(start, bytes);
        return new String(bytes, UTF_8);
    }
}
