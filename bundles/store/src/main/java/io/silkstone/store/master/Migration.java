package io.silkstone.store.master;

import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.MigrationStatus;
import io.silkstone.api.migration.MigratingTablet;
import io.silkstone.api.migration.MigrationPace.PriorityPulls;
import io.silkstone.api.migration.MigrationPlan;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.rpc.Call;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.MigrationPreparedDecoder;
import io.silkstone.rpc.messages.Priority;
import io.silkstone.rpc.messages.Status;
import io.silkstone.store.Filling;
import io.silkstone.store.Replay;
import io.silkstone.store.Reservation;
import io.silkstone.store.TabletReader.Place;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * One tablet's way here, in the order that a {@link io.silkstone.api.migration.MigrationStrategy}
 * has planned. {@link #prepare} looks how much there is, has the source freeze the tablet and
 * brings the results of requests; {@link #copy} brings the objects, if that is to come first, and
 * may have the source serve the tablet meanwhile and freeze it at the end; {@link #begin}, once the
 * coordinator has given the tablet to this server, serves it, and brings the objects if they are
 * not here yet.
 *
 * <p>The hash table of the source is cut into parts, in the order of a scan, or its log into
 * stretches ({@link LogPasses}), and a user thread for each part pulls and replays in turn, with
 * the next pull under way while it replays, so that both servers always have something to do
 * (Rocksteady, SOSP 2017, section 3.1). One more asks for what clients wait for (PriorityPull,
 * section 3.3): all of that in one request, and the next one when that has been answered. Another
 * asks the strategy how to go on; the rest go by what it said last.
 *
 * <p>Threads: {@link #prepare}, {@link #copy} and {@link #begin} one, {@link #close} any.
 */
final class Migration {
    private static final Logger LOG = System.getLogger(Migration.class.getName());
    private static final long PREPARE_NANOS = 2_000_000_000;
    private static final long PRIORITY_PULL_NANOS = 100_000_000;
    private static final long PAUSE_NANOS = 2_000_000;
    private static final long PAUSED_NANOS = 20_000_000;
    private static final long ERROR_PAUSE_NANOS = 200_000_000;
    private static final int ATTEMPTS_MAX = 5;

    /** After so many the tablet is frozen, however much is changed meanwhile. */
    private static final int ROUNDS_MAX = 16;

    private static final int MIB_SHIFT = 20;

    /** How long a source may be silent until a tablet is not copied from it any more. */
    private static final long COPY_SILENCE_NANOS = 2_000_000_000;

    /** In one request; clients in their hundreds wait no longer than one. */
    private static final int HASHES_MAX = 512;

    private final Rpc rpc;
    private final ThreadRuntime threads;
    private final Reservation reservation;
    private final Place place;
    private final Server source;
    private final LongPredicate isOver;
    private final MigrationSlot strategies;
    private final SourceRequests requests;
    private final long number;
    private final long limit;
    private final LongSupplier operations;

    /** Of what is changed at the source while it goes on serving the tablet. */
    private volatile long record;

    /** Until then what comes ahead is taken, for which there may be no memory. */
    private volatile long aheadUntil;

    private final List<Fetcher> fetchers = new CopyOnWriteArrayList<>();
    private final List<Long> lives = new CopyOnWriteArrayList<>();
    private final AtomicInteger left = new AtomicInteger();
    private final LogPasses logPasses = new LogPasses();
    private volatile Pacing pacing;
    private volatile long paceThread = ThreadRuntime.NONE;

    /** Why what is copied ahead does not come; null for nothing. */
    private volatile String failure;

    private volatile boolean copying;

    /** Guarded by this: {@link #cancel} comes too late. */
    private boolean copied;

    private volatile Filling filling;
    private volatile long priorityThread = ThreadRuntime.NONE;
    private volatile boolean closed;
    private volatile boolean paused;
    private volatile long epoch;
    private final MigrationPreparedDecoder prepared = new MigrationPreparedDecoder();
    private Runnable whenEnded;

    /** Why it does not come about; for operators. */
    static final class Failure extends Exception {
        private static final long serialVersionUID = 1;

        Failure(String message) {
            super(message);
        }
    }

    /**
     * Of the tablet that {@code source} has at {@code place}.
     *
     * @param isOver whether nothing comes any more to the tablet that came here in some epoch, as
     *     far as others say
     * @param strategies where it is decided how it comes
     * @param number higher than that of any earlier migration of this server
     * @param limit how much may come in a second, whatever is decided there; 0 for nothing said
     * @param operations how many operations clients have asked this server for
     */
    Migration(
            Rpc rpc,
            ThreadRuntime threads,
            Reservation reservation,
            Place place,
            Server source,
            LongPredicate isOver,
            MigrationSlot strategies,
            long number,
            long limit,
            LongSupplier operations) {
        this.rpc = rpc;
        this.threads = threads;
        this.reservation = reservation;
        this.place = place;
        this.source = source;
        this.isOver = isOver;
        this.strategies = strategies;
        requests = new SourceRequests(rpc, place);
        this.number = number;
        this.limit = limit;
        this.operations = operations;
    }

    private Fetcher open(Priority priority, Supplier<Replay> replays) {
        Question question = new Question(rpc, priority);
        Question ahead = null;
        try {
            ahead = new Question(rpc, priority);
            Fetcher fetcher =
                    new Fetcher(this, rpc, threads, requests, source, question, ahead, replays);
            fetchers.add(fetcher);
            return fetcher;
        } catch (IllegalStateException e) {
            question.close();
            if (ahead != null) {
                ahead.close();
            }
            throw e;
        }
    }

    /**
     * Prepares for what there is, has the source freeze the tablet, and fetches the results of
     * requests on it; or, if the source goes on serving it, has it remember what is changed.
     *
     * @throws Failure when the source will not, or is not reached, or has more than fits here
     */
    void prepare() throws Failure {
        try (Fetcher fetcher = open(Priority.HIGH, reservation::openReplay)) {
            prepare(fetcher, true);
            plan(requireMemory(fetcher.into()));
            aheadUntil = rpc.now() + PREPARE_NANOS;
            while (fetcher.into().expect(prepared.objects())) {
                threads.yield();
            }
            if (sourceRetains()) {
                int length = requests.beginCopy(fetcher.question(), number);
                require(fetcher, fetcher.ask(length, PREPARE_NANOS));
                record = fetcher.question().number();
            } else {
                prepare(fetcher, false);
                pullResults(fetcher);
            }
        } catch (IllegalStateException e) {
            throw new Failure(e.getMessage());
        }
    }

    private void pullResults(Fetcher fetcher) throws Failure {
        long cursor = 0;
        do {
            cursor = pullResults(fetcher, cursor);
        } while (cursor != 0);
    }

    private void plan(long bytesLeft) throws Failure {
        MigratingTablet tablet =
                new MigratingTablet(
                        place.table(),
                        place.first(),
                        place.last(),
                        source.id(),
                        prepared.objects(),
                        prepared.bytes(),
                        bytesLeft);
        pacing =
                new Pacing(
                        rpc::now, threads, strategies, tablet, limit, operations, this::hasEnded);
        if (closed) {
            throw new Failure("this server ends, or the migration was cancelled");
        }
    }

    /** Returns how much memory there is. */
    private long requireMemory(Replay replay) throws Failure {
        long needed = Replay.bytesFor(prepared.objects(), prepared.bytes());
        long left = replay.bytesLeft();
        if (needed > left) {
            throw new Failure(
                    ("the tablet needs about %d MiB, and this server has %d MiB left for it;"
                                    + " give it more (memory.bytes), or cut the tablet and move a"
                                    + " part")
                            .formatted(needed >> MIB_SHIFT, left >> MIB_SHIFT));
        }
        return left;
    }

    /** Has {@code prepared} say what there is. */
    private void prepare(Fetcher fetcher, boolean lookOnly) throws Failure {
        int length = requests.prepare(fetcher.question(), lookOnly);
        require(fetcher, fetcher.ask(length, PREPARE_NANOS));
        Call call = fetcher.question().answer();
        prepared.wrap(
                call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
    }

    private long pullResults(Fetcher fetcher, long cursor) throws Failure {
        Status answer = Status.TIMED_OUT;
        for (int attempt = 0; answer != Status.OK && attempt < ATTEMPTS_MAX; attempt++) {
            answer = fetcher.askForResults(cursor);
            if (answer == Status.OK && !fetcher.take()) {
                answer = Status.TIMED_OUT;
            }
        }
        require(fetcher, answer);
        return fetcher.piece().cursor();
    }

    private void require(Fetcher fetcher, Status answer) throws Failure {
        if (answer != Status.OK) {
            String text = fetcher.question().answer().text();
            throw new Failure(
                    "server "
                            + source.id()
                            + (text.isEmpty() ? " does not answer: " + answer : ": " + text));
        }
    }

    /** Whether all objects are to come before the tablet is this server's. */
    boolean copiesFirst() {
        return pacing.plan().order() != MigrationPlan.Order.OWN_THEN_COPY;
    }

    /** Whether its owner goes on serving the tablet meanwhile. */
    private boolean sourceRetains() {
        return pacing.plan().order() == MigrationPlan.Order.COPY_FREEZE_OWN;
    }

    /**
     * Brings all objects, after {@link #prepare}, while this server does not serve the tablet.
     *
     * @throws Failure when the source does not give them, or this server is given up, or the
     *     migration is cancelled; the tablet is the source's then, as it was
     */
    void copy() throws Failure {
        aheadUntil = rpc.now() + COPY_SILENCE_NANOS;
        copying = true;
        fetchAll();
        lives.forEach(threads::join);
        if (sourceRetains() && left.get() == 0 && !hasEnded()) {
            catchUp();
        }
        if (!hasCopied()) {
            pacing.end();
            throw new Failure("the tablet was not copied: " + failure);
        }
    }

    /**
     * Brings what was changed since all was copied, in rounds, and in the last one what was changed
     * until the tablet was frozen. Only now: what is copied in no order would mix with it.
     */
    private void catchUp() {
        try {
            long round = 1;
            try (Fetcher fetcher = open(Priority.LOW, reservation::openReplay)) {
                int before = Integer.MAX_VALUE;
                int pieces = fetchChanges(fetcher, round, true);
                while (pieces > 1 && pieces < before && round < ROUNDS_MAX && !hasEnded()) {
                    before = pieces;
                    pieces = fetchChanges(fetcher, ++round, true);
                }
                // Before anybody waits for it. A source that is asked for nothing for so long
                // would forget what was changed.
                long mark = reservation.mark();
                while (!reservation.isSettled(mark) && !hasEnded()) {
                    threads.sleep(PAUSED_NANOS);
                    fetchChanges(fetcher, ++round, true);
                }
            }
            if (hasEnded()) {
                // It would be frozen for nothing.
                return;
            }
            try (Fetcher fetcher = open(Priority.HIGH, reservation::openReplay)) {
                prepare(fetcher, false);
                fetchChanges(fetcher, round + 1, false);
                pullResults(fetcher);
            }
            // Others read this server's log if it goes down once it has the tablet. What was
            // removed here is in it, and then they must find the removal too.
            awaitSettled();
        } catch (Failure | IllegalStateException e) {
            failure = failure == null ? e.getMessage() : failure;
        }
    }

    /** Returns in how many pieces that has come. */
    private int fetchChanges(Fetcher fetcher, long round, boolean atPace) {
        aheadUntil = rpc.now() + COPY_SILENCE_NANOS;
        int pieces = 0;
        long cursor = 0;
        do {
            Status answer = fetcher.askForChanges(record, round, cursor);
            if (answer != Status.OK) {
                noAnswer(answer, fetcher);
            } else if (fetcher.renew()) {
                pieces++;
                cursor = fetcher.piece().cursor();
                aheadUntil = rpc.now() + COPY_SILENCE_NANOS;
                if (atPace) {
                    fetcher.pulled();
                }
            } else {
                notTaken();
            }
            threads.yield();
        } while ((pieces == 0 || cursor != 0) && !hasEnded());
        return pieces;
    }

    private void awaitSettled() {
        long mark = reservation.mark();
        while (!reservation.isSettled(mark) && !hasEnded()) {
            threads.sleep(PAUSE_NANOS);
        }
    }

    /** Whether nothing has come between; from then on nothing can. */
    private synchronized boolean hasCopied() {
        if (failure == null && (left.get() > 0 || hasEnded())) {
            failure = closed ? "this server ends" : "this server was given up meanwhile";
        }
        copied = failure == null;
        return copied;
    }

    /** A thread for each part, and one that asks the strategy. */
    private void fetchAll() {
        int parts = pacing.plan().parts();
        left.set(parts);
        pacing.begin();
        for (int part = 0; part < parts; part++) {
            int number = part;
            lives.add(create(() -> fetch(number)));
        }
        // It may be that priority pulls are wanted from some answer on, and were not before.
        paceThread = create(() -> pacing.keep(this::wake));
    }

    /**
     * Serves the tablet from now on, and fetches what it holds, unless that was copied before.
     *
     * @param epoch in which it is this server's
     * @param whenEnded called when all has come, or nothing more will
     * @throws Failure when this server was given up meanwhile
     */
    void begin(long epoch, Runnable whenEnded) throws Failure {
        this.whenEnded = whenEnded;
        this.epoch = epoch;
        boolean isHere = copiesFirst();
        if (isHere) {
            tellSource();
        }
        while (filling == null) {
            if (closed || !reservation.holds()) {
                throw new Failure("this server was given up meanwhile");
            }
            try {
                filling = reservation.fill(epoch, this::wake);
            } catch (StoreRefused e) {
                // Nobody else has the tablet by now: so it goes on for as long as it takes.
                LOG.log(Level.WARNING, "a tablet that came here waits: {0}", e.getMessage());
                threads.sleep(PAUSE_NANOS);
            }
        }
        copying = false;
        if (isHere) {
            end();
            return;
        }
        fetchAll();
        lives.add(create(this::fetchWanted));
    }

    /**
     * What the source has of the tablet is old from now on, whatever becomes of this server: a
     * source that was asked for objects by the owner knows that. If it does not answer, the map
     * tells it.
     */
    private void tellSource() {
        try (Fetcher fetcher = open(Priority.HIGH, reservation::openReplay)) {
            long[] hashes = {place.first()};
            Status answer = Status.TIMED_OUT;
            for (int attempt = 0; answer == Status.TIMED_OUT && attempt < ATTEMPTS_MAX; attempt++) {
                answer = askForHashes(fetcher, hashes, 1);
            }
        } catch (IllegalStateException allCallsAreInUse) {
            LOG.log(Level.DEBUG, "the source of a tablet is not told", allCallsAreInUse);
        }
    }

    /** Whether it is that tablet's. */
    boolean concerns(int table, long hash) {
        return place.table() == table
                && Long.compareUnsigned(place.first(), hash) <= 0
                && Long.compareUnsigned(hash, place.last()) <= 0;
    }

    /** In which the tablet is here, once it {@link #hasBegun}. */
    long epoch() {
        return epoch;
    }

    /** Whether {@link #begin} was called. */
    boolean hasBegun() {
        return filling != null;
    }

    /**
     * Has the tablet stay where it is, if it is not this server's already, or all but.
     *
     * @return whether it does
     */
    synchronized boolean cancel() {
        boolean isInTime = copying && !copied;
        if (isInTime) {
            failure = "it was cancelled";
        }
        return isInTime;
    }

    /** Whether objects come before the tablet is this server's. */
    boolean isCopying() {
        return copying;
    }

    /** Whether its owner has frozen the tablet, and this server does not serve it yet. */
    synchronized boolean isTaking() {
        return filling == null && (!copying || copied);
    }

    private long create(Runnable task) {
        long thread = threads.create(ThreadRuntime.NORMAL, task);
        while (thread == ThreadRuntime.NONE) {
            threads.sleep(PAUSE_NANOS);
            thread = threads.create(ThreadRuntime.NORMAL, task);
        }
        return thread;
    }

    private void wake() {
        long thread = priorityThread;
        if (thread != ThreadRuntime.NONE) {
            threads.signal(thread);
        }
    }

    private boolean hasEnded() {
        Filling current = filling;
        return closed
                || (current == null ? failure != null || !reservation.holds() : current.hasEnded());
    }

    /** Whether who has no memory for what comes may wait for some. */
    boolean maySleep() {
        return !hasEnded() && (filling != null || rpc.now() - aheadUntil < 0);
    }

    /** At which it goes, once there is a plan. */
    Pacing pacing() {
        return pacing;
    }

    /** A fetcher is needed no more; false when it was so before. */
    boolean closed(Fetcher fetcher) {
        return fetchers.remove(fetcher);
    }

    /** A thread's life that must come to its end, whatever happens. */
    private void insist(Runnable duty, String what) {
        boolean done = false;
        while (!done && !hasEnded()) {
            try {
                duty.run();
                done = true;
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, what + " of a migration failed, and begins anew", e);
                threads.sleep(ERROR_PAUSE_NANOS);
            }
        }
    }

    private void fetch(int part) {
        insist(() -> fetchPart(part), "a part");
        if (!copying && left.decrementAndGet() == 0) {
            end();
        }
    }

    private void fetchPart(int part) {
        Supplier<Replay> replays = copying ? reservation::openReplay : filling::openReplay;
        try (Fetcher fetcher = open(Priority.LOW, replays)) {
            fetchPart(part, fetcher);
        }
    }

    private void fetchPart(int part, Fetcher fetcher) {
        MigrationPlan plan = pacing.plan();
        boolean isInLogOrder = plan.pullOrder() == MigrationPlan.PullOrder.LOG;
        boolean done = isInLogOrder && fetchLog(fetcher);
        if (!done) {
            done = fetch(fetcher, Stretch.ofTable(part, plan.parts()));
        }
        if (done && copying) {
            left.decrementAndGet();
        }
    }

    /** Whether all has come, which others fetch too; if not, it is over, or has another order. */
    private boolean fetchLog(Fetcher fetcher) {
        while (!logPasses.hasEnded() && !hasEnded()) {
            Stretch stretch = rests() ? null : logPasses.take();
            if (stretch != null) {
                boolean done = false;
                try {
                    done = fetch(fetcher, stretch);
                } finally {
                    logPasses.done(stretch, done);
                }
            } else if (rests()) {
                endIfOver();
                threads.sleep(PAUSED_NANOS);
            } else {
                Status answer = logPasses.begin(fetcher, pacing.plan().parts());
                if (answer == null) {
                    threads.sleep(PAUSE_NANOS);
                } else if (answer != Status.OK) {
                    noAnswer(answer, fetcher);
                }
            }
        }
        return logPasses.isOver();
    }

    /** Whether the bulk does not come at present. */
    private boolean rests() {
        return !copying && (paused || !pacing.pace().background());
    }

    /** Whether all of {@code stretch} has come; if not, it is over. */
    private boolean fetch(Fetcher fetcher, Stretch stretch) {
        long cursor = stretch.from();
        boolean done = false;
        while (!done && !hasEnded()) {
            if (rests()) {
                endIfOver();
                threads.sleep(PAUSED_NANOS);
                continue;
            }
            Status answer = fetcher.askFor(cursor, stretch);
            if (answer != Status.OK) {
                noAnswer(answer, fetcher);
                continue;
            }
            fetcher.open();
            long next = fetcher.piece().cursor();
            if (next != 0 && next != cursor) {
                // The source works on the next piece while this one is taken in.
                fetcher.askAhead(next, stretch);
            }
            if (fetcher.replay()) {
                boolean isStuck = next == cursor;
                cursor = next;
                fetcher.pulled();
                if (copying) {
                    aheadUntil = rpc.now() + COPY_SILENCE_NANOS;
                }
                for (long hash : fetcher.piece().leftOut()) {
                    fetchUntilKnown(fetcher, hash);
                }
                done = cursor == 0;
                if (isStuck) {
                    // Somebody is about to write to the log, at that place.
                    threads.sleep(PAUSE_NANOS);
                }
            } else {
                fetcher.forgetAhead();
                notTaken();
            }
            // Clients' requests are looked at between two pieces.
            threads.yield();
        }
        return done;
    }

    /** What is copied ahead need not come; anything else must, unless the source is down. */
    private void noAnswer(Status answer, Fetcher fetcher) {
        if (!copying) {
            endIfOver();
        } else if (answer == Status.REFUSED || rpc.now() - aheadUntil > 0) {
            String text = fetcher.question().answer().text();
            failure = "server " + source.id() + (text.isEmpty() ? " is silent" : ": " + text);
        }
        threads.sleep(PAUSE_NANOS);
    }

    private void notTaken() {
        if (copying && rpc.now() - aheadUntil > 0) {
            failure = "this server has no memory for it any more, or it comes damaged";
        }
    }

    /** The source is down: what has not come is lost. */
    private void endIfOver() {
        if (isOver.test(epoch)) {
            try {
                filling.end();
            } catch (StoreRefused e) {
                // Whoever is refused next tries again.
                LOG.log(Level.DEBUG, "a table is busy", e);
            }
        }
    }

    private void fetchUntilKnown(Fetcher fetcher, long hash) {
        if (copying) {
            fetchAlone(fetcher, hash);
            return;
        }
        long[] hashes = {hash};
        while (!hasEnded() && !fetch(fetcher, hashes, 1)) {
            endIfOver();
            threads.sleep(PAUSE_NANOS);
        }
    }

    private void fetchAlone(Fetcher fetcher, long hash) {
        fetcher.forgetAhead();
        boolean done = false;
        while (!done && !hasEnded()) {
            Status answer = fetcher.askForOne(hash);
            if (answer != Status.OK) {
                noAnswer(answer, fetcher);
            } else if (fetcher.take()) {
                done = true;
            } else {
                notTaken();
            }
        }
    }

    private void fetchWanted() {
        insist(this::fetchAsWanted, "the answer to clients");
    }

    private void fetchAsWanted() {
        priorityThread = threads.self();
        try (Fetcher fetcher = open(Priority.HIGH, filling::openReplay)) {
            long[] hashes = new long[HASHES_MAX];
            while (!hasEnded()) {
                PriorityPulls way = pacing.pace().priorityPulls();
                int wanted = filling.wanted(hashes);
                if (wanted > 0) {
                    pacing.wanted();
                }
                int count =
                        switch (way) {
                            case ASYNCHRONOUS -> wanted;
                            case SYNCHRONOUS -> Math.min(1, wanted);
                            // Nothing else comes at present.
                            case NONE -> paused ? wanted : 0;
                        };
                pacing.asked(count);
                if (count == 0) {
                    threads.block();
                } else if (!fetch(fetcher, hashes, count)) {
                    threads.sleep(PAUSE_NANOS);
                }
            }
        }
    }

    private Status askForHashes(Fetcher fetcher, long[] hashes, int count) {
        int length = requests.priorityPull(fetcher.question(), hashes, count);
        return fetcher.ask(length, PRIORITY_PULL_NANOS);
    }

    /** Whether there was an answer; hashes whose objects had no room in it are still not known. */
    private boolean fetch(Fetcher fetcher, long[] hashes, int count) {
        if (askForHashes(fetcher, hashes, count) != Status.OK || !fetcher.take() || hasEnded()) {
            return false;
        }
        for (int index = 0; index < count; index++) {
            if (!fetcher.piece().leavesOut(hashes[index])) {
                filling.know(hashes[index]);
            }
        }
        return count > 1 || fetcher.piece().leftOut().length == 0;
    }

    private void end() {
        while (!hasEnded()) {
            try {
                filling.end();
            } catch (StoreRefused e) {
                LOG.log(Level.DEBUG, "a table is busy", e);
            }
            threads.sleep(PAUSE_NANOS);
        }
        wake();
        pacing.end();
        if (!closed) {
            whenEnded.run();
        }
    }

    /** How far it is. */
    MigrationStatus status() {
        return new MigrationStatus(
                place.table(),
                place.first(),
                place.last(),
                source.id(),
                pacing.objects(),
                pacing.bytes(),
                pacing.tablet().bytes(),
                pacing.nanos(),
                paused,
                pacing.strategy(),
                !hasBegun(),
                pacing.limit());
    }

    /** Whether only what clients ask for is to be fetched. */
    void pause(boolean pause) {
        paused = pause;
        wake();
    }

    /** Ends its threads as soon as they look. */
    void stop() {
        closed = true;
        wake();
        Pacing current = pacing;
        if (current != null) {
            current.hurry();
        }
    }

    /** Waits until its threads have ended, after {@link #stop}. By a user thread. */
    void join() {
        lives.forEach(threads::join);
        threads.join(paceThread);
    }

    /** Gives back what its threads had, however they have ended. */
    void close() {
        fetchers.forEach(Fetcher::release);
    }
}
