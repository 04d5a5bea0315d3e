package io.silkstone.gateway.net;

import io.silkstone.gateway.command.Client;
import io.silkstone.gateway.command.Command;
import io.silkstone.gateway.command.RequestServer;
import io.silkstone.gateway.resp.MemoryBudget;
import io.silkstone.gateway.resp.ReplySink;
import io.silkstone.gateway.resp.Request;

/**
 * A client's bytes on their way to the requests' server. Mostly they are served where the socket
 * was read to; only what cannot be served yet is copied into the {@link Tail}, and what follows
 * then goes through there too, until it is empty again. Not thread-safe.
 */
public final class Intake {
    private final Client client;
    private final ReplySink sink;
    private final RequestServer.Clogged clogged;
    private final MemoryBudget heap;
    private final Tail tail;
    private Request<Command> partial;
    private long heapBytes;
    private boolean serving;
    private boolean left;

    /**
     * Of {@code client}, whose replies go to {@code sink}.
     *
     * @param memory pays for bytes that wait
     * @param heap pays for what is known of a request with many arguments
     */
    public Intake(
            Client client,
            ReplySink sink,
            RequestServer.Clogged clogged,
            MemoryBudget memory,
            MemoryBudget heap) {
        this.client = client;
        this.heap = heap;
        this.tail = new Tail(memory);
        this.sink = sink;
        this.clogged = clogged;
    }

    /**
     * Serves bytes that arrived. What cannot be served yet is kept; where clients hold too much
     * memory for that, the outcome is CLOSING.
     *
     * @param slack whether the memory behind them may be touched; else they are copied first
     */
    public RequestServer.Outcome receive(
            RequestServer requests, long begin, long end, boolean slack) {
        if (left) {
            return RequestServer.Outcome.CLOSING;
        }
        if (!slack || !tail.isEmpty() || partial != null) {
            if (!store(begin, end)) {
                return RequestServer.Outcome.CLOSING;
            }
            return isReady() ? resume(requests) : RequestServer.Outcome.SERVED;
        }
        RequestServer.Outcome outcome = serve(requests, null, begin, end);
        if (left || outcome == RequestServer.Outcome.CLOSING) {
            return outcome;
        }
        partial = requests.unfinished();
        boolean kept = requests.servedEnd() == end || store(requests.servedEnd(), end);
        return kept && payForPartial() ? outcome : refused(requests, outcome);
    }

    /**
     * Keeps bytes that arrived while the client has to wait.
     *
     * @return false when clients hold too much memory already
     */
    public boolean store(long begin, long end) {
        int wanted = partial == null ? 0 : partial.wanted();
        return left || tail.append(begin, Math.toIntExact(end - begin), wanted);
    }

    private boolean payForPartial() {
        long bytes = partial == null ? 0 : partial.heapBytes();
        boolean paid = bytes <= heapBytes || heap.take(bytes - heapBytes, heapBytes);
        if (paid) {
            heap.give(Math.max(heapBytes - bytes, 0));
            heapBytes = bytes;
        }
        return paid;
    }

    private static RequestServer.Outcome refused(
            RequestServer requests, RequestServer.Outcome outcome) {
        if (outcome == RequestServer.Outcome.DETACHED) {
            requests.detached().drop();
        }
        return RequestServer.Outcome.CLOSING;
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
        return payForPartial() ? outcome : refused(requests, outcome);
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
        return left ? refused(requests, outcome) : outcome;
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
        heap.give(heapBytes);
        heapBytes = 0;
        client.gone();
    }
}
