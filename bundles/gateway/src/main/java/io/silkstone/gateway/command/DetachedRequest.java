package io.silkstone.gateway.command;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.gateway.resp.Memory;
import io.silkstone.gateway.resp.ReplyWriter;
import io.silkstone.gateway.resp.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A request that runs in a user thread of its own, with a copy of its bytes and a session of its
 * own, while its client waits. {@link #start} once, from the client's thread.
 */
public final class DetachedRequest {
    private final ServerContext server;
    private final Client client;
    private final Request<Command> request = new Request<>();
    private final ByteBuf bytes;
    private final List<ByteBuf> replies = new ArrayList<>();

    DetachedRequest(ServerContext server, Client client, Request<Command> original) {
        this.server = server;
        this.client = client;
        int length = (int) (original.end() - original.begin());
        bytes = ByteBufAllocator.DEFAULT.directBuffer(length + Memory.SLACK);
        long address = Memory.address(bytes);
        Memory.copy(original.begin(), address, length);
        request.copyOf(original, address);
        int first = request.command().firstKey();
        if (first > 0 && first < request.count()) {
            request.key().wrap(Memory.ALL, request.address(first), request.length(first));
        }
    }

    /**
     * Starts the thread.
     *
     * @param done called with the replies when they are all there, by that thread; by the caller
     *     when no thread is to be had, and the reply is an error then
     */
    public void start(Consumer<List<ByteBuf>> done) {
        long thread =
                server.threads.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            run();
                            done.accept(replies);
                        });
        if (thread == ThreadRuntime.NONE) {
            try (ReplyWriter out = new ReplyWriter(ByteBufAllocator.DEFAULT)) {
                out.begin(replies::add, client.resp3);
                out.error("BUSY Too many long requests are running; try again in a moment");
                out.finish();
            }
            bytes.release();
            done.accept(replies);
        }
    }

    /** In place of {@link #start}: its client is gone. */
    public void drop() {
        bytes.release();
    }

    private void run() {
        try (Exchange x = new Exchange(server, true)) {
            x.newBatch();
            x.next(client, request);
            x.out.begin(replies::add, client.resp3);
            x.out.mute(client.replies != Client.Replies.ALL);
            x.session.enter();
            try {
                x.runner.execute(x, request.command());
            } finally {
                x.session.exit();
            }
            x.out.finish();
            if (client.replies == Client.Replies.SKIP_NEXT) {
                client.replies = Client.Replies.ALL;
            }
        } catch (RuntimeException | AssertionError bug) {
            server.bug(bug);
            client.closing = true;
        } finally {
            bytes.release();
        }
    }
}
