package io.silkstone.gateway.net;

import io.silkstone.gateway.command.Client;
import io.silkstone.gateway.command.Command;
import io.silkstone.gateway.command.RequestServer;
import io.silkstone.gateway.resp.ReplySink;
import io.silkstone.gateway.resp.Request;

/**
 * A client's bytes on their way to the requests' server. Mostly they are served where the socket
 * was read to; only what cannot be served yet is copied into the {@link Tail}, and what follows
 * then goes through there too, until it is empty again. Not thread-safe.
 */
public final class Intake {
    private static final int BYTES_MAX = Integer.MAX_VALUE - (1 << 20);

    private final Client client;
    private final ReplySink sink;
    private final RequestServer.Clogged clogged;
    private final Tail tail = new Tail();
    private Request<Command> partial;
    private boolean serving;
    private boolean left;

    /** Of {@code client}, whose replies go to {@code sink}. */
    public Intake(Client client, ReplySink sink, RequestServer.Clogged clogged) {
        this.client = client;
        this.sink = sink;
        this.clogged = clogged;
    }

    /**
     * Serves bytes that arrived.
     *
     * @param slack whether the memory behind them may be touched; else they are copied first
     */
    public RequestServer.Outcome receive(
            RequestServer requests, long begin, long end, boolean slack) {
        if (left) {
            return RequestServer.Outcome.CLOSING;
        }
        if (!slack || !tail.isEmpty() || partial != null) {
            store(begin, end);
            return isReady() ? resume(requests) : RequestServer.Outcome.SERVED;
        }
        RequestServer.Outcome outcome = serve(requests, null, begin, end);
        if (left) {
            return outcome;
        }
        partial = requests.unfinished();
        if (requests.servedEnd() < end && outcome != RequestServer.Outcome.CLOSING) {
            store(requests.servedEnd(), end);
        }
        return outcome;
    }

    /** Keeps bytes that arrived while the client has to wait. */
    public void store(long begin, long end) {
        if (left) {
            return;
        }
        tail.append(begin, Math.toIntExact(end - begin), partial == null ? 0 : partial.wanted());
    }

    /** Whether {@code bytes} more can be kept. */
    public boolean hasRoom(int bytes) {
        return tail.length() + (long) bytes <= BYTES_MAX;
    }

    private boolean isReady() {
        return partial == null || tail.length() >= partial.wanted();
    }

    /** Serves what was kept. */
    public RequestServer.Outcome resume(RequestServer requests) {
        if (tail.isEmpty()) {
            return RequestServer.Outcome.SERVED;
        }
        Request<Command> begun = partial;
        partial = null;
        if (begun != null) {
            begun.moveTo(tail.address());
        }
        long end = tail.address() + tail.length();
        RequestServer.Outcome outcome = serve(requests, begun, tail.address(), end);
        if (left) {
            return outcome;
        }
        tail.keepFrom(requests.servedEnd());
        partial = requests.unfinished();
        return outcome;
    }

    private RequestServer.Outcome serve(
            RequestServer requests, Request<Command> begun, long begin, long end) {
        serving = true;
        RequestServer.Outcome outcome;
        try {
            outcome = requests.serve(client, begun, begin, end, sink, clogged);
        } finally {
            serving = false;
            if (left) {
                release();
            }
        }
        if (!left) {
            return outcome;
        }
        if (outcome == RequestServer.Outcome.DETACHED) {
            requests.detached().drop();
        }
        return RequestServer.Outcome.CLOSING;
    }

    /**
     * The client is gone: gives back what is kept here and for the client. Often its replies are
     * what told, in the middle of a request; that one is served to its end first, since it looks at
     * this memory.
     */
    public void leave() {
        left = true;
        if (!serving) {
            release();
        }
    }

    private void release() {
        tail.release();
        partial = null;
        client.gone();
    }
}
