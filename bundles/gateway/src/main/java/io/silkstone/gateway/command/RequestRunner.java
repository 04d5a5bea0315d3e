package io.silkstone.gateway.command;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.Status;
import io.silkstone.gateway.acl.AclUser;
import io.silkstone.gateway.cluster.Routes;
import io.silkstone.gateway.command.Client.Replies;
import io.silkstone.gateway.command.Command.Flag;
import io.silkstone.gateway.resp.MemoryRefused;
import io.silkstone.gateway.resp.Request;

/**
 * Takes one request through the checks that all share, in Redis's order (known, arity,
 * authentication, permission, transaction, place, memory), and runs it. One per thread, for its
 * counts.
 */
final class RequestRunner implements AutoCloseable {
    private static final int RETRIES_MAX = 3;

    /** For so long a request waits for a key that is on its way here. */
    private static final long WAIT_NANOS = 1_000_000_000;

    /** About what it takes to fetch it. */
    private static final long PAUSE_NANOS_MIN = 200_000;

    private static final long PAUSE_NANOS_MAX = 5_000_000;
    private static final String NO_MEMORY =
            "OOM clients hold too much memory to run this now; read replies, end transactions";

    /** As Redis says it. */
    static final String NO_MEMORY_LEFT = "OOM command not allowed when used memory > 'maxmemory'.";

    private static final String NO_AUTH = "NOAUTH Authentication required.";

    private final ServerContext server;
    private final CommandStatistics.Tally tally;

    /** Whether the last request is to be passed on to other nodes. */
    private boolean elsewhere;

    RequestRunner(ServerContext server) {
        this.server = server;
        this.tally = server.statistics.open();
    }

    /** What became of a request. */
    enum Result {
        /** Its reply is written. */
        DONE,
        /** It is to run in a user thread; nothing is written. */
        HEAVY,
        /** It is to run in a user thread, on the tables of the whole cluster. */
        ELSEWHERE,
        /** It is to run in a user thread, which waits for what the store is waiting for. */
        WAITS
    }

    long requests() {
        return tally.requests;
    }

    /** Runs {@code request}, or says that it is to run elsewhere. */
    Result run(Exchange x, Client client, Request<Command> request) {
        x.next(client, request);
        if (client.replies != Replies.ALL) {
            return runUnheard(x, client, request);
        }
        return checked(x, client, request);
    }

    private Result runUnheard(Exchange x, Client client, Request<Command> request) {
        Replies before = client.replies;
        x.untold.settle();
        x.out.mute(true);
        Result result = checked(x, client, request);
        x.out.mute(false);
        if (before == Replies.SKIP_NEXT && result == Result.DONE) {
            client.replies = Replies.ALL;
        }
        return result;
    }

    private Result checked(Exchange x, Client client, Request<Command> request) {
        Command command = request.command();
        String refusal = refusal(x, client, request, command);
        if (refusal != null) {
            count(request, refusal);
            client.transaction.spoil();
            x.untold.settle();
            x.out.error(refusal);
            return Result.DONE;
        }
        if (client.transaction.open() && !command.is(Flag.UNQUEUED)) {
            tally.requests++;
            x.untold.settle();
            queue(x, client, request);
            return Result.DONE;
        }
        if (elsewhere) {
            return Result.ELSEWHERE;
        }
        if (command.isHeavy(x)) {
            return Result.HEAVY;
        }
        Routes routes = x.routes();
        if (routes != null && !x.out.muted()) {
            if (command.touchesData()) {
                x.untold.made(routes);
            } else {
                x.untold.settle();
            }
        }
        if (execute(x, command)) {
            return Result.DONE;
        }
        if (routes != null && !x.out.muted() && command.touchesData()) {
            x.untold.tookBack();
        }
        return Result.WAITS;
    }

    private void count(Request<Command> request, String refusal) {
        tally.requests++;
        Command command = request.command();
        if (command != null) {
            // Of a request that was passed over there are no arguments.
            tally.refused[request.refused() ? command.id() : command.countedAs(request)]++;
        }
        server.statistics.error(refusal);
    }

    private String refusal(Exchange x, Client client, Request<Command> request, Command command) {
        elsewhere = false;
        if (request.refused()) {
            return Errors.refused(
                    command, server.valueBytesMax(), server.settings.requestLimitBytes());
        }
        if (command == null) {
            return Errors.unknownCommand(request);
        }
        if (!command.takes(request.count())) {
            return Errors.wrongArity(command);
        }
        AclUser user = client.user;
        if (user == null) {
            return command.is(Flag.NO_AUTH) ? null : NO_AUTH;
        }
        if (!user.mayEverything() && !command.is(Flag.NO_AUTH)) {
            String refusal = Permission.refusal(x, user, command);
            if (refusal != null) {
                return refusal;
            }
        }
        if (client.transaction.open() && command.is(Flag.NO_MULTI)) {
            return "ERR Command not allowed inside a transaction";
        }
        if (x.routes() != null) {
            String refusal = redirection(x, client, request, command);
            if (refusal != null || elsewhere) {
                return refusal;
            }
        }
        return command.needsMemory() && x.overMemoryLimit() ? NO_MEMORY_LEFT : null;
    }

    /**
     * The error for a request with keys that are not all served here, or null when they are, and
     * when the request is to be passed on.
     */
    private String redirection(
            Exchange x, Client client, Request<Command> request, Command command) {
        int first = command.firstKey();
        if (first == 0 || first >= request.count()) {
            return null;
        }
        Routes routes = x.routes();
        Key key = request.key();
        boolean together = !command.mayHaveSeveralKeys() || x.areKeysIn(key.slot());
        if (together && routes.serves(key.slot())) {
            return x.untold.isInVain(routes) ? Untold.NO_LEASE : null;
        }
        boolean passesOn =
                server.proxied() != null
                        && !client.transaction.open()
                        && !command.is(Flag.UNQUEUED);
        if (!together) {
            // Reads of several keys are no single step anywhere, so they may as well go far.
            elsewhere = passesOn && command.readsOnly();
            return elsewhere ? null : Exchange.CROSS_SLOT_IN_CLUSTER;
        }
        elsewhere = passesOn && routes.isElsewhere(key.hash());
        if (elsewhere) {
            return null;
        }
        String refusal = routes.refusal(key.hash());
        return refusal == null && x.untold.isInVain(routes) ? Untold.NO_LEASE : refusal;
    }

    private void queue(Exchange x, Client client, Request<Command> request) {
        if (client.transaction.add(request, server.settings.requestLimitBytes())) {
            x.out.queued();
        } else {
            client.transaction.spoil();
            x.out.error("ERR the transaction is too large");
        }
    }

    /**
     * Runs a request that passed all checks, and counts it.
     *
     * @return false when the store says that it would succeed in a moment, nothing is written, and
     *     a user thread may wait for that moment: see {@link Exchange#waits}
     */
    boolean execute(Exchange x, Command command) {
        long slowMicros = server.settings.slowMicros();
        // A command that takes constant time cannot be slow by itself; asking for the time twice
        // would cost more than it takes.
        boolean tracked = server.settings.latencyTracked();
        boolean timed = tracked || !command.fast() || slowMicros == 0;
        long errors = x.out.errors();
        long started = timed ? server.nanoTime.getAsLong() : 0;
        long mark = x.out.written();
        run(x, command, mark);
        for (int i = 0; i < RETRIES_MAX && x.retries() && x.out.rewind(mark); i++) {
            run(x, command, mark);
        }
        if (x.waits() && x.out.rewind(mark)) {
            if (!x.detached()) {
                x.out.errors(errors);
                return false;
            }
            runWithPauses(x, command, mark);
        }
        int id = command.countedAs(x.request());
        tally.requests++;
        tally.calls[id]++;
        x.client.lastCommand = command;
        if (timed) {
            long nanos = server.nanoTime.getAsLong() - started;
            tally.nanos[id] += nanos;
            if (tracked) {
                tally.latency(id, nanos);
            }
            if (slowMicros >= 0 && nanos / 1000 >= slowMicros) {
                server.slowLog.add(
                        x.client,
                        x.request(),
                        server.clock.millis(),
                        nanos / 1000,
                        server.settings.slowLogLengthMax());
            }
        }
        if (x.out.errors() != errors) {
            tally.failed[id]++;
            server.statistics.error(x.out.lastError());
            x.out.errors(errors);
        }
        return true;
    }

    /** Until the store lets it, the client is gone, or it has taken too long. */
    private void runWithPauses(Exchange x, Command command, long mark) {
        long pause = PAUSE_NANOS_MIN;
        long waited = 0;
        boolean again = true;
        while (again) {
            x.pause(pause);
            waited += pause;
            pause = Math.min(2 * pause, PAUSE_NANOS_MAX);
            run(x, command, mark);
            again = x.waits() && waited < WAIT_NANOS && server.has(x.client) && x.out.rewind(mark);
        }
        x.settled();
    }

    /** Counts whether a reading command found what it looked for. */
    void countLookup(Status status) {
        if (status == Status.OK) {
            tally.hits++;
        } else if (status == Status.NOT_FOUND) {
            tally.misses++;
        }
    }

    private static void run(Exchange x, Command command, long mark) {
        try {
            if (!x.lacksKeys()) {
                command.action().run(x);
            }
        } catch (MemoryRefused refused) {
            x.unlockKeys();
            if (!x.out.rewind(mark)) {
                throw refused;
            }
            x.out.error(NO_MEMORY);
        }
    }

    @Override
    public void close() {
        server.statistics.close(tally);
    }
}
