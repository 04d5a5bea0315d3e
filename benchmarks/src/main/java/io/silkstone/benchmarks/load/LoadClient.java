package io.silkstone.benchmarks.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * Drives connections in a closed loop from the calling thread: each sends a pipeline of requests in
 * one write, waits for all replies, and sends the next. The latency of a request runs from its
 * pipeline's write to the read that brought its own reply. Not thread-safe.
 */
public final class LoadClient implements AutoCloseable {
    private static final int CONNECT_MILLIS_MAX = 10_000;
    private static final long SELECT_MILLIS = 50;
    private static final long DRAIN_NANOS_MAX = 20_000_000_000L;

    private final Selector selector;
    private final List<Conversation> conversations = new ArrayList<>();

    /** Opens {@code connections} connections to {@code port} of the loopback interface. */
    public LoadClient(int port, int connections, int pipeline) throws IOException {
        selector = Selector.open();
        for (int number = 0; number < connections; number++) {
            SocketChannel channel = SocketChannel.open();
            channel.socket().connect(new InetSocketAddress("127.0.0.1", port), CONNECT_MILLIS_MAX);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            Conversation conversation = new Conversation(number, pipeline, channel);
            channel.register(selector, SelectionKey.OP_READ, conversation);
            conversations.add(conversation);
        }
    }

    /**
     * Asks what {@code workload} says for {@code nanos}, or until it ends, then waits for the
     * replies under way.
     */
    public Tally run(Workload workload, long nanos) throws IOException {
        Tally tally = new Tally();
        long start = System.nanoTime();
        long deadline = start + nanos;
        for (Conversation conversation : conversations) {
            conversation.begin(workload, tally, deadline);
        }
        while (isWaiting() && System.nanoTime() - deadline < DRAIN_NANOS_MAX) {
            selector.select(key -> ((Conversation) key.attachment()).readable(), SELECT_MILLIS);
        }
        for (Conversation conversation : conversations) {
            conversation.finish();
        }
        tally.lasted(System.nanoTime() - start);
        return tally;
    }

    @Override
    public void close() throws IOException {
        for (Conversation conversation : conversations) {
            conversation.close();
        }
        selector.close();
    }

    private boolean isWaiting() {
        for (Conversation conversation : conversations) {
            if (conversation.isWaiting()) {
                return true;
            }
        }
        return false;
    }
}
