package io.silkstone.benchmarks.ask;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.silkstone.api.store.Key;
import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.load.ObjectFormat;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.HdrHistogram.Histogram;

/**
 * The leanest Redis client that blocks: requests and replies in two buffers of one socket a server.
 * With several outstanding it sends as many requests in one system call as replies came in one. Of
 * a Redis Cluster it knows who has which slot, and is never redirected.
 */
public final class RedisSockets implements Asker {
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int FILL_WINDOW = 64;

    private final String name;
    private final int keys;
    private final SplittableRandom random = new SplittableRandom(1);
    private final List<Lane> lanes = new ArrayList<>();

    /** The lane of each key. */
    private final byte[] laneOf;

    /**
     * Writes every key once.
     *
     * @param ports of the servers; the first has the first of as many equal parts of the slots, and
     *     so on, as {@link #firstSlot} says
     */
    public RedisSockets(String name, List<Integer> ports, int keys)
            throws IOException, BenchmarkFailed {
        this.name = name;
        this.keys = keys;
        for (int port : ports) {
            lanes.add(new Lane(port));
        }
        laneOf = new byte[keys];
        Key key = new Key();
        byte[] bytes = new byte[ObjectFormat.KEY_BYTES];
        for (int number = 0; number < keys; number++) {
            ObjectFormat.putKey(bytes, number);
            laneOf[number] = (byte) laneOfSlot(key.wrap(bytes).slot(), ports.size());
        }
        fill();
    }

    /** The first slot of server {@code index} of {@code count}; one beyond the last is all. */
    public static int firstSlot(int index, int count) {
        return index * Key.SLOTS / count;
    }

    private static int laneOfSlot(int slot, int count) {
        int lane = 0;
        while (slot >= firstSlot(lane + 1, count)) {
            lane++;
        }
        return lane;
    }

    private void fill() throws IOException, BenchmarkFailed {
        for (int first = 0; first < keys; first += FILL_WINDOW) {
            int end = Math.min(keys, first + FILL_WINDOW);
            for (int number = first; number < end; number++) {
                ObjectFormat.set(lanes.get(laneOf[number]).out, number, 1);
            }
            flush();
            for (int number = first; number < end; number++) {
                lanes.get(laneOf[number]).awaitReply(ObjectFormat.STORED);
            }
        }
    }

    @Override
    public void ask(Request request, int outstanding, long nanos, Histogram latencies)
            throws IOException, BenchmarkFailed {
        Lane[] asked = new Lane[outstanding];
        long[] expected = new long[outstanding];
        long[] sentAt = new long[outstanding];
        long now = System.nanoTime();
        long deadline = now + nanos;
        for (int index = 0; index < outstanding; index++) {
            int number = random.nextInt(keys);
            asked[index] = lanes.get(laneOf[number]);
            expected[index] = asked[index].put(request, number);
            sentAt[index] = now;
        }
        flush();
        int oldest = 0;
        int underWay = outstanding;
        while (underWay > 0) {
            asked[oldest].awaitReply(expected[oldest]);
            now = System.nanoTime();
            latencies.recordValue(Math.max(1, now - sentAt[oldest]));
            if (now - deadline < 0) {
                int number = random.nextInt(keys);
                asked[oldest] = lanes.get(laneOf[number]);
                expected[oldest] = asked[oldest].put(request, number);
                sentAt[oldest] = now;
            } else {
                underWay--;
            }
            oldest = (oldest + 1) % outstanding;
            if (!asked[oldest].hasReply()) {
                flush();
            }
        }
    }

    private void flush() throws IOException {
        for (Lane lane : lanes) {
            lane.flush();
        }
    }

    @Override
    public void close() throws IOException {
        for (Lane lane : lanes) {
            lane.channel.close();
        }
    }

    /** The way to one server. */
    private final class Lane {
        private final SocketChannel channel;
        private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER_BYTES);
        private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER_BYTES);

        private Lane(int port) throws IOException {
            channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        }

        private long put(Request request, int number) {
            return request == Request.READ
                    ? ObjectFormat.get(out, number, 0)
                    : ObjectFormat.set(out, number, 1);
        }

        private void flush() throws IOException {
            out.flip();
            while (out.hasRemaining()) {
                channel.write(out);
            }
            out.clear();
        }

        private boolean hasReply() {
            return in.position() > 0 && replyEnd() > 0;
        }

        private void awaitReply(long expectation) throws IOException, BenchmarkFailed {
            int end = replyEnd();
            while (end == 0) {
                if (channel.read(in) < 0) {
                    throw new BenchmarkFailed(name + " closed the connection");
                }
                end = replyEnd();
            }
            boolean stored = in.get(0) == '+';
            int value = end - 2 - ObjectFormat.VALUE_BYTES;
            boolean right =
                    expectation == ObjectFormat.STORED
                            ? stored
                            : in.get(0) == '$'
                                    && value > 0
                                    && ObjectFormat.isExpected(
                                            expectation, in, value, ObjectFormat.VALUE_BYTES);
            if (!right) {
                byte[] bytes = new byte[end];
                in.get(0, bytes);
                throw new BenchmarkFailed(name + " answered " + new String(bytes, US_ASCII));
            }
            in.flip().position(end);
            in.compact();
        }

        /** Where the first reply in the buffer ends, 0 while it is not all there. */
        private int replyEnd() {
            int size = in.position();
            int line = 0;
            while (line < size && in.get(line) != '\n') {
                line++;
            }
            if (line == size) {
                return 0;
            }
            int end = line + 1;
            if (in.get(0) == '$' && in.get(1) != '-') {
                for (int digit = 1, length = 0; ; digit++) {
                    if (in.get(digit) == '\r') {
                        end += length + 2;
                        break;
                    }
                    length = 10 * length + in.get(digit) - '0';
                }
            }
            return end <= size ? end : 0;
        }
    }
}
