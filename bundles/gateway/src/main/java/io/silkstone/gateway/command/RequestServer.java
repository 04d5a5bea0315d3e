package io.silkstone.gateway.command;

import io.silkstone.api.store.Key;
import io.silkstone.gateway.resp.Memory;
import io.silkstone.gateway.resp.ReplySink;
import io.silkstone.gateway.resp.Request;
import io.silkstone.gateway.resp.RequestParser;

/**
 * Serves the bytes that clients send, on one thread: finds the requests, runs them in order and
 * writes their replies. Each event loop has one.
 *
 * <p><b>Two passes.</b> Requests that arrive together are parsed first, up to {@link
 * #REQUESTS_AT_ONCE_MAX} of them; for each the command is found and its key is hashed, and the
 * store is asked to bring near what the keys lead to. Then they run, and all is there: the memory's
 * latency is paid once for the batch instead of once for each.
 *
 * <p><b>Long requests</b> (KEYS, a transaction of a thousand requests, a password check), and those
 * for keys that are on their way here from another node, would hold up everybody else on the loop.
 * The server stops at one and reports {@link Outcome#DETACHED}: the caller runs {@link #detached}
 * in a user thread, keeps what the client sends meanwhile, and goes on with it when the reply is
 * there. So replies stay in order.
 */
public final class RequestServer implements AutoCloseable {
    /** Most requests that are parsed before they run. */
    static final int REQUESTS_AT_ONCE_MAX = 64;

    /** Requests in so many bytes may have many arguments; they are not remembered afterwards. */
    private static final int TRIMMED_BYTES_MIN = 1 << 13;

    /** While more bytes wait, requests are taken one by one: their arguments take heap. */
    private static final int TOGETHER_BYTES_MAX = 4 << 20;

    /** After so many bytes of replies the client is asked whether it keeps up. */
    private static final int REPLY_BYTES_UNASKED_MAX = 1 << 18;

    /** Why serving stopped. */
    public enum Outcome {
        /** All whole requests are served; the rest waits for more bytes. */
        SERVED,
        /** The next request runs elsewhere: see {@link #detached}. */
        DETACHED,
        /** The client reads too slowly; go on when it has caught up. */
        CLOGGED,
        /** The connection is to be closed after the replies. */
        CLOSING
    }

    /** Tells whether a client's unread replies should stop serving it for now. */
    @FunctionalInterface
    public interface Clogged {
        /** Asked between requests, now and then. */
        boolean isClogged();
    }

    private final Exchange exchange;
    private final RequestParser parser;
    private final RequestRunner runner;
    private final ServerContext server;
    private final Request<Command>[] batch;
    private final Key[] keys = new Key[REQUESTS_AT_ONCE_MAX];
    private Request<Command> spare = new Request<>();
    private Request<Command> unfinished;
    private DetachedRequest detached;
    private long servedEnd;

    /** With a session of its own. */
    public RequestServer(ServerContext server) {
        this.server = server;
        this.exchange = new Exchange(server, false);
        this.runner = exchange.runner;
        this.parser =
                new RequestParser(server.valueBytesMax(), server.settings.requestLimitBytes());
        @SuppressWarnings({"unchecked", "rawtypes"})
        Request<Command>[] requests = new Request[REQUESTS_AT_ONCE_MAX];
        batch = requests;
        for (int i = 0; i < batch.length; i++) {
            batch[i] = new Request<>();
        }
    }

    /**
     * Serves the requests between two addresses. Afterwards {@link #servedEnd} tells how far it
     * came, and {@link #unfinished} what is known of the request that begins there.
     *
     * @param partial what is known of the request that these bytes begin with, or null; it belongs
     *     to the server from here on
     * @param sink takes the replies before this returns
     */
    public Outcome serve(
            Client client,
            Request<Command> partial,
            long begin,
            long end,
            ReplySink sink,
            Clogged clogged) {
        detached = null;
        unfinished = null;
        servedEnd = begin;
        exchange.newBatch();
        exchange.out.begin(sink, client.resp3);
        exchange.session.enter();
        Outcome outcome;
        try {
            outcome = serveAll(client, partial, end, clogged);
        } catch (Throwable failure) {
            // Half a reply may be written: nothing sensible can follow it on this connection.
            server.failed(client, failure);
            exchange.unlockKeys();
            outcome = Outcome.CLOSING;
        } finally {
            exchange.session.exit();
        }
        exchange.out.finish();
        return outcome;
    }

    private Outcome serveAll(Client client, Request<Command> partial, long end, Clogged clogged) {
        Request<Command> next = partial;
        while (true) {
            int count = 0;
            int state = RequestParser.COMPLETE;
            long position = servedEnd;
            long from = position;
            // Who a client is may change with each request until it is known, so that each waits
            // for the one before.
            boolean together = client.trusted() && end - position <= TOGETHER_BYTES_MAX;
            int most = together ? batch.length : 1;
            while (count < most) {
                Request<Command> request = batch[count];
                if (next != null) {
                    spare = request;
                    request = next;
                    batch[count] = next;
                    next = null;
                } else {
                    request.begin(position);
                }
                state = parser.parse(request, end, client.trusted());
                if (state == RequestParser.COMPLETE) {
                    resolve(request);
                    count++;
                } else if (state != RequestParser.NOTHING) {
                    break;
                }
                position = request.end();
            }
            if (count > 1) {
                prefetch(count);
            }
            Outcome outcome = run(client, count, clogged);
            exchange.untold.settle();
            if (exchange.out.abandoned()) {
                outcome = Outcome.CLOSING;
            }
            if (position - from > TRIMMED_BYTES_MIN) {
                trim(count);
            }
            if (outcome != Outcome.SERVED) {
                return outcome;
            }
            servedEnd = position;
            if (state == RequestParser.BROKEN) {
                exchange.out.error("ERR Protocol error: " + batch[count].error());
                return Outcome.CLOSING;
            }
            if (state == RequestParser.INCOMPLETE) {
                keepUnfinished(count, end);
                return Outcome.SERVED;
            }
        }
    }

    /** First pass: what the request is, and its key's hash. */
    private void resolve(Request<Command> request) {
        if (request.refused() && request.count() == 0) {
            return;
        }
        Command command = server.commands.find(request);
        request.command(command);
        if (command != null && command.firstKey() > 0 && command.firstKey() < request.count()) {
            int first = command.firstKey();
            request.key().wrap(Memory.ALL, request.address(first), request.length(first));
        }
    }

    /** Second pass. */
    private void prefetch(int count) {
        int found = 0;
        for (int i = 0; i < count; i++) {
            Command command = batch[i].command();
            if (command != null && command.firstKey() > 0) {
                keys[found++] = batch[i].key();
            }
        }
        exchange.session.prefetch(exchange.table, keys, found);
    }

    private Outcome run(Client client, int count, Clogged clogged) {
        long asked = exchange.out.written();
        for (int i = 0; i < count; i++) {
            Request<Command> request = batch[i];
            RequestRunner.Result result = runner.run(exchange, client, request);
            servedEnd = request.end();
            if (result != RequestRunner.Result.DONE) {
                boolean elsewhere = result == RequestRunner.Result.ELSEWHERE;
                boolean waits = result == RequestRunner.Result.WAITS;
                String refusal = waits ? Exchange.TRY_AGAIN : DetachedRequest.BUSY;
                detached = DetachedRequest.of(server, client, request, elsewhere, refusal);
                if (detached != null) {
                    return Outcome.DETACHED;
                }
                exchange.untold.settle();
                if (client.replies == Client.Replies.ALL) {
                    exchange.out.error(refusal);
                }
            }
            if (client.closing) {
                return Outcome.CLOSING;
            }
            if (exchange.out.written() - asked > REPLY_BYTES_UNASKED_MAX) {
                if (clogged.isClogged()) {
                    return Outcome.CLOGGED;
                }
                asked = exchange.out.written();
            }
        }
        return Outcome.SERVED;
    }

    private void trim(int count) {
        for (int i = 0; i < count; i++) {
            batch[i].trim();
        }
    }

    private void keepUnfinished(int index, long end) {
        Request<Command> request = batch[index];
        if (request.refused()) {
            servedEnd = request.end();
            if (request.count() > 0 && request.command() == null) {
                request.command(server.commands.find(request));
            }
            request.forget();
        } else if (servedEnd == end) {
            return;
        }
        unfinished = request;
        batch[index] = spare == null ? new Request<>() : spare;
        spare = null;
    }

    /** Behind the last byte that is done with. */
    public long servedEnd() {
        return servedEnd;
    }

    /** What is known of the request that is not complete, or null when nothing is. */
    public Request<Command> unfinished() {
        return unfinished;
    }

    /** The request that is to run in a user thread. */
    public DetachedRequest detached() {
        return detached;
    }

    /** Whether replies with this mark may be sent. */
    public boolean isSettled(long mark) {
        return exchange.session.isSettled(mark);
    }

    /** See {@link io.silkstone.api.store.KvSession#wakeWhenSettled}. */
    public boolean wakeWhenSettled(long mark, Runnable wakeUp) {
        return exchange.session.wakeWhenSettled(mark, wakeUp);
    }

    /** Requests that this server has run. */
    public long requests() {
        return runner.requests();
    }

    /** Ends the session and gives the buffers back. */
    @Override
    public void close() {
        exchange.close();
    }
}
