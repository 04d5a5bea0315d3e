package io.silkstone.gateway.command;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.gateway.resp.Memory;
import io.silkstone.gateway.resp.MemoryRefused;
import io.silkstone.gateway.resp.PaidBuffer;
import io.silkstone.gateway.resp.ReplyWriter;
import io.silkstone.gateway.resp.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A request that runs in a user thread of its own, with a copy of its bytes and a session of its
 * own, while its client waits. {@link #start} once, from the client's thread.
 *
 * <p>What it holds is taken from the node's budgets. When its replies do not fit there, or are more
 * than one client may leave unread, its client is disconnected; and so it is when the request fails
 * in any way: it never waits for a reply that does not come.
 *
 * <p>A request for keys of other nodes, if it is to be passed on, is one too: it works on the
 * tables of the whole cluster, and waits for the servers that have the keys.
 */
public final class DetachedRequest {
    static final String BUSY = "BUSY Too many long requests are running; try again in a moment";

    private final ServerContext server;
    private final Client client;
    private final boolean elsewhere;
    private final String refusal;
    private final Request<Command> request = new Request<>();
    private final PaidBuffer bytes;
    private final List<ByteBuf> replies = new ArrayList<>();
    private int callsTaken;
    private long heapBytes;
    private long replyBytes;
    private long mark;

    /**
     * What a long request has to say.
     *
     * @param replies in their order; who gets them releases them
     * @param mark nobody may see them before what has it is settled; 0 when that is so
     */
    public record Finished(List<ByteBuf> replies, long mark) {
        /** In place of sending them. */
        public void release() {
            replies.forEach(ByteBuf::release);
        }
    }

    private DetachedRequest(
            ServerContext server, Client client, boolean elsewhere, String refusal) {
        this.server = server;
        this.client = client;
        this.elsewhere = elsewhere;
        this.refusal = refusal;
        this.bytes = new PaidBuffer(server.memory);
    }

    /**
     * For {@code original} of {@code client}; null when there is no memory for it.
     *
     * @param elsewhere whether other nodes have its keys
     * @param refusal what to answer when no thread is to be had
     */
    static DetachedRequest of(
            ServerContext server,
            Client client,
            Request<Command> original,
            boolean elsewhere,
            String refusal) {
        DetachedRequest detached = new DetachedRequest(server, client, elsewhere, refusal);
        if (!server.heap.take(original.heapBytes(), 0)) {
            return null;
        }
        detached.heapBytes = original.heapBytes();
        if (!detached.copy(original)) {
            detached.drop();
            return null;
        }
        return detached;
    }

    private boolean copy(Request<Command> original) {
        int length = (int) (original.end() - original.begin());
        if (!bytes.reserve(length)) {
            return false;
        }
        Memory.copy(original.begin(), bytes.address(), length);
        request.copyOf(original, bytes.address());
        int first = request.command().firstKey();
        if (first > 0 && first < request.count()) {
            request.key().wrap(Memory.ALL, request.address(first), request.length(first));
        }
        return true;
    }

    /**
     * Starts the thread, or lets it start when its turn comes.
     *
     * @param done called with the replies when they are all there, by that thread; by the caller
     *     when no thread is to be had, or too many requests are passed on already, and the reply is
     *     an error then
     */
    public void start(Consumer<Finished> done) {
        boolean started = mayCall() && startThread(done);
        if (!started) {
            say(refusal);
            end(done);
        }
    }

    /** Whether there are calls left for what it asks other nodes. */
    private boolean mayCall() {
        if (!elsewhere) {
            return true;
        }
        Command command = request.command();
        boolean several = command.readsOnly() && command.mayHaveSeveralKeys();
        int calls = several ? ServerContext.CALLS_OF_SEVERAL_KEYS : ServerContext.CALLS_OF_A_KEY;
        boolean taken = server.callsElsewhere.tryAcquire(calls);
        callsTaken = taken ? calls : 0;
        return taken;
    }

    private boolean startThread(Consumer<Finished> done) {
        boolean waits = request.command().isInLine();
        Runnable task =
                () -> {
                    try {
                        // Nobody has to learn whether a guess was right that left the line.
                        if (!waits || server.has(client)) {
                            run();
                        }
                    } finally {
                        end(done);
                    }
                };
        return waits
                ? server.passwordLine.add(client, task)
                : server.threads.create(ThreadRuntime.NORMAL, task) != ThreadRuntime.NONE;
    }

    /** In place of {@link #start}: its client is gone. */
    public void drop() {
        bytes.release();
        server.heap.give(heapBytes);
    }

    private void end(Consumer<Finished> done) {
        drop();
        server.callsElsewhere.release(callsTaken);
        // From here on whoever sends them pays for them.
        server.memory.give(replyBytes);
        done.accept(new Finished(replies, mark));
    }

    private boolean keep(ByteBuf reply, long told) {
        mark = Math.max(mark, told);
        int length = reply.readableBytes();
        boolean small = length < reply.capacity() / 2;
        int size = small ? length : reply.capacity();
        boolean fits = replyBytes + size <= server.settings.outputLimitBytes();
        boolean kept = fits && server.memory.take(size, replyBytes);
        if (kept) {
            replyBytes += size;
            replies.add(
                    small
                            ? ByteBufAllocator.DEFAULT.directBuffer(length).writeBytes(reply)
                            : reply.retain());
        }
        reply.release();
        return kept;
    }

    private void run() {
        try (Exchange x = open()) {
            if (x == null) {
                say("CLUSTERDOWN nobody says who has which keys");
                return;
            }
            x.newBatch();
            x.next(client, request);
            x.out.begin(this::keep, client.resp3);
            x.out.mute(client.replies != Client.Replies.ALL);
            x.session.enter();
            try {
                x.runner.execute(x, request.command());
            } finally {
                x.unlockKeys();
                x.session.exit();
            }
            x.out.finish();
            if (x.out.abandoned()) {
                client.closing = true;
                dropReplies();
            } else if (x.out.lost()) {
                throw new MemoryRefused(replyBytes);
            } else if (!mayTell(x)) {
                say(Untold.ERROR);
            } else if (elsewhere && x.session.settle() != Status.OK) {
                say(Exchange.UNKNOWN);
            }
            if (client.replies == Client.Replies.SKIP_NEXT) {
                client.replies = Client.Replies.ALL;
            }
        } catch (Throwable failure) {
            server.failed(client, failure);
            client.closing = true;
            // A part of a reply is of no use.
            dropReplies();
        }
    }

    private Exchange open() {
        if (!elsewhere) {
            return new Exchange(server, true);
        }
        KvStore cluster = server.proxied();
        return cluster == null ? null : Exchange.across(server, cluster);
    }

    /** As {@link Untold}: what another node answered it may tell, and so may this one. */
    private boolean mayTell(Exchange x) {
        return elsewhere
                || x.routes() == null
                || !request.command().touchesDataWhereHeavy()
                || x.routes().mayTell();
    }

    private void dropReplies() {
        replies.forEach(ByteBuf::release);
        replies.clear();
        server.memory.give(replyBytes);
        replyBytes = 0;
        mark = 0;
    }

    /** Answers with an error in place of what there is. */
    private void say(String error) {
        dropReplies();
        try (ReplyWriter out = new ReplyWriter(ByteBufAllocator.DEFAULT)) {
            out.begin(this::keep, client.resp3);
            out.mute(client.replies != Client.Replies.ALL);
            out.error(error);
            out.finish();
        }
        server.statistics.error(error);
    }
}
