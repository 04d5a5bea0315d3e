package io.silkstone.gateway.command;

import static io.silkstone.gateway.command.Command.Flag.FAST;
import static io.silkstone.gateway.command.Command.Flag.UNQUEUED;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.gateway.command.Command.Action;
import io.silkstone.gateway.command.Command.Flag;
import io.silkstone.gateway.command.Command.Group;
import io.silkstone.gateway.resp.Memory;
import io.silkstone.gateway.resp.Request;
import java.util.List;

/**
 * Transactions on the keys of one tablet. EXEC locks the tablet, looks at the versions of what is
 * watched, and runs the requests while nobody else gets at the tablet: one step for everybody.
 *
 * <p>A watched key counts as changed when its version is another one, or it came or went. A key
 * that did not exist, was created and removed again, counts as unchanged: its value is what was
 * seen.
 */
final class TransactionCommands {
    private static final int REQUESTS_AT_ONCE_MAX = 256;

    private TransactionCommands() {}

    static void declare(List<Command> all) {
        add(all, "multi", 1, "Begins a transaction.", TransactionCommands::multi);
        add(all, "discard", 1, "Drops a transaction.", TransactionCommands::discard);
        all.add(
                new Command(
                                "exec",
                                Group.TRANSACTIONS,
                                "Runs a transaction.",
                                1,
                                TransactionCommands::exec,
                                UNQUEUED)
                        .onData()
                        .heavyWhen(TransactionCommands::isLong));
        all.add(
                new Command(
                                "watch",
                                Group.TRANSACTIONS,
                                "Lets EXEC refuse when keys change before it.",
                                -2,
                                TransactionCommands::watch,
                                UNQUEUED,
                                FAST)
                        .keys(1, -1, 1));
        all.add(
                new Command(
                        "unwatch",
                        Group.TRANSACTIONS,
                        "Forgets the watched keys.",
                        1,
                        x -> {
                            x.client.transaction.unwatch();
                            x.out.ok();
                        },
                        FAST));
    }

    private static void add(
            List<Command> all, String name, int arity, String summary, Action action) {
        Flag[] flags = {UNQUEUED, FAST};
        all.add(new Command(name, Group.TRANSACTIONS, summary, arity, action, flags));
    }

    private static void multi(Exchange x) {
        if (x.client.transaction.open()) {
            x.out.error("ERR MULTI calls can not be nested");
        } else {
            x.client.transaction.begin();
            x.out.ok();
        }
    }

    private static void discard(Exchange x) {
        Transaction transaction = x.client.transaction;
        if (!transaction.open()) {
            x.out.error("ERR DISCARD without MULTI");
            return;
        }
        transaction.clear();
        transaction.unwatch();
        x.out.ok();
    }

    private static void watch(Exchange x) {
        Transaction transaction = x.client.transaction;
        if (transaction.open()) {
            x.out.error("ERR WATCH inside MULTI is not allowed");
            return;
        }
        for (int i = 1; i < x.count(); i++) {
            Key key = x.key(i);
            Status seen = x.readAny(key);
            if (seen == null) {
                return;
            }
            long version = seen == Status.OK ? x.object().version() : 0;
            if (!transaction.watch(key, version, x.server.settings.requestLimitBytes())) {
                x.out.error("ERR too many watched keys");
                return;
            }
        }
        x.out.ok();
    }

    private static boolean isLong(Exchange x) {
        Transaction transaction = x.client.transaction;
        if (transaction.size() + transaction.watched() > REQUESTS_AT_ONCE_MAX) {
            return true;
        }
        Request<Command> exec = x.request();
        boolean heavy = false;
        transaction.rewind();
        Request<Command> request = transaction.next(x.server.commands);
        while (request != null && !heavy) {
            x.next(x.client, request);
            heavy = request.command().isHeavy(x);
            request = transaction.next(x.server.commands);
        }
        x.next(x.client, exec);
        return heavy;
    }

    private static void exec(Exchange x) {
        Transaction transaction = x.client.transaction;
        if (!transaction.open()) {
            x.out.error("ERR EXEC without MULTI");
            return;
        }
        if (transaction.broken()) {
            x.out.error("EXECABORT Transaction discarded because of previous errors.");
        } else if (transaction.needsMemory() && x.overMemoryLimit()) {
            x.out.error(
                    "EXECABORT Transaction discarded because of: " + RequestRunner.NO_MEMORY_LEFT);
        } else {
            lockAndRun(x, transaction);
        }
        transaction.clear();
        transaction.unwatch();
        // What is done cannot be done again, and what was queued is gone.
        x.settled();
    }

    private static void lockAndRun(Exchange x, Transaction transaction) {
        Keys keys = new Keys(x);
        transaction.rewind();
        Key watched = transaction.nextWatched();
        while (watched != null) {
            keys.add(watched.hash());
            watched = transaction.nextWatched();
        }
        transaction.rewind();
        Request<Command> request = transaction.next(x.server.commands);
        while (request != null) {
            keys.add(request);
            request = transaction.next(x.server.commands);
        }
        if (!keys.any) {
            run(x, transaction);
            return;
        }
        Status status = x.lockTransaction(keys.first);
        if (status == Status.RETRY_LATER) {
            x.out.error(
                    "EXECABORT Transaction discarded because its tablet is busy; try it again.");
            return;
        }
        if (status != Status.OK) {
            x.refuse(status, keys.first);
            return;
        }
        try {
            if (!keys.inOneTablet()) {
                x.refuse(Status.SEVERAL_TABLETS);
            } else if (unchanged(x, transaction)) {
                run(x, transaction);
            } else {
                x.out.noArray();
            }
        } finally {
            x.unlockTransaction();
        }
    }

    /** The range of hash slots that a transaction's keys lie in. */
    private static final class Keys {
        private final Exchange x;
        private final Key key = new Key();
        private boolean any;
        private long first;
        private long lowest;
        private long highest;

        Keys(Exchange x) {
            this.x = x;
        }

        void add(long hash) {
            if (!any) {
                any = true;
                first = hash;
                lowest = hash;
                highest = hash;
            }
            lowest = Long.compareUnsigned(hash, lowest) < 0 ? hash : lowest;
            highest = Long.compareUnsigned(hash, highest) > 0 ? hash : highest;
        }

        void add(Request<Command> request) {
            Command command = request.command();
            if (command.firstKey() == 0) {
                return;
            }
            int last = Math.min(command.lastKey(request.count()), request.count() - 1);
            for (int i = command.firstKey(); i <= last; i += command.keyStep()) {
                add(key.wrap(Memory.ALL, request.address(i), request.length(i)).hash());
            }
            int stray = command.strayKey(request, 0);
            if (stray > 0) {
                add(key.wrap(Memory.ALL, request.address(stray), request.length(stray)).hash());
            }
        }

        boolean inOneTablet() {
            if (Key.slot(lowest) == Key.slot(highest)) {
                return true;
            }
            if (x.routes() != null) {
                return false;
            }
            KvStore.Tablet tablet = x.server.tabletOf(lowest);
            return ServerContext.covers(tablet, highest);
        }
    }

    private static boolean unchanged(Exchange x, Transaction transaction) {
        transaction.rewind();
        Key watched = transaction.nextWatched();
        while (watched != null) {
            Status seen = x.session.read(x.table, watched);
            long version = seen == Status.OK ? x.object().version() : 0;
            if (version != transaction.version()) {
                return false;
            }
            watched = transaction.nextWatched();
        }
        return true;
    }

    private static void run(Exchange x, Transaction transaction) {
        Request<Command> exec = x.request();
        x.out.array(transaction.size());
        transaction.rewind();
        Request<Command> request = transaction.next(x.server.commands);
        while (request != null) {
            Command command = request.command();
            int first = command.firstKey();
            if (first > 0 && first < request.count()) {
                request.key().wrap(Memory.ALL, request.address(first), request.length(first));
            }
            x.next(x.client, request);
            // Permissions may have been taken away since the request was queued.
            boolean checked = x.client.user == null || x.client.user.mayEverything();
            String refusal = checked ? null : Permission.refusal(x, x.client.user, command);
            if (refusal != null) {
                x.out.error(refusal);
            } else if (!x.out.lost() || !command.is(Flag.READONLY)) {
                // Of a client that is gone in the middle, the writes make the transaction whole.
                x.runner.execute(x, command);
            }
            request = transaction.next(x.server.commands);
        }
        x.next(x.client, exec);
    }
}
