package io.silkstone.store.master;

import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.MigrationStatus;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.rpc.Call;
import io.silkstone.rpc.Peer;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.MigrationPreparedDecoder;
import io.silkstone.rpc.messages.PrepareMigrationEncoder;
import io.silkstone.rpc.messages.Priority;
import io.silkstone.rpc.messages.PriorityPullEncoder;
import io.silkstone.rpc.messages.PullEncoder;
import io.silkstone.rpc.messages.PullResultsEncoder;
import io.silkstone.rpc.messages.PulledDecoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.store.Filling;
import io.silkstone.store.Replay;
import io.silkstone.store.Reservation;
import io.silkstone.store.TabletReader.Place;
import io.silkstone.store.log.Entry;
import io.silkstone.store.memory.Memory;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongPredicate;
import java.util.function.Supplier;
import org.agrona.DirectBuffer;

/**
 * One tablet's way here. {@link #prepare} has the source freeze it and brings the results of
 * requests; {@link #begin}, once the coordinator has given the tablet to this server, brings the
 * objects: the hash table of the source is cut into parts, in the order of a scan, and a user
 * thread for each part pulls and replays in turn, with the next pull under way while it replays, so
 * that both servers always have something to do (Rocksteady, SOSP 2017, section 3.1). One more asks
 * for what clients wait for (PriorityPull, section 3.3): all of that in one request, and the next
 * one when that has been answered.
 *
 * <p>Threads: {@link #prepare} and {@link #begin} one, {@link #close} any.
 */
final class Migration {
    private static final Logger LOG = System.getLogger(Migration.class.getName());
    private static final int LENGTH_BYTES = Integer.BYTES;
    private static final long PREPARE_NANOS = 2_000_000_000;
    private static final long PULL_NANOS = 500_000_000;
    private static final long PRIORITY_PULL_NANOS = 100_000_000;
    private static final long PAUSE_NANOS = 2_000_000;
    private static final long PAUSED_NANOS = 20_000_000;
    private static final long ERROR_PAUSE_NANOS = 200_000_000;
    private static final int ATTEMPTS_MAX = 5;
    private static final int MIB_SHIFT = 20;
    private static final int PARTS_SHIFT = 3;
    private static final int PARTS = 1 << PARTS_SHIFT;

    /** With the objects that exceed it, what Aeron takes in one piece: nobody puts it together. */
    private static final int PULL_BYTES = 56 << 10;

    /** While clients wait: what they wait for is not to stand behind much else on either core. */
    private static final int BUSY_PULL_BYTES = 24 << 10;

    /** For so long after clients have waited they will again. */
    private static final long BUSY_NANOS = 5_000_000;

    /** In one request; clients in their hundreds wait no longer than one. */
    private static final int HASHES_MAX = 512;

    private static final int REQUEST_BYTES = 8 << 10;

    private final Rpc rpc;
    private final ThreadRuntime threads;
    private final Reservation reservation;
    private final Place place;
    private final Server source;
    private final LongPredicate isOver;

    /** Until then results are taken, for which there may be no memory. */
    private final long prepareUntil;

    private final Peer peer;
    private final List<Fetcher> fetchers = new CopyOnWriteArrayList<>();
    private final List<Long> lives = new CopyOnWriteArrayList<>();
    private final AtomicInteger left = new AtomicInteger(PARTS);
    private volatile Filling filling;
    private volatile long priorityThread = ThreadRuntime.NONE;
    private volatile boolean closed;
    private volatile long wantedAt;
    private volatile boolean paused;
    private final LongAdder objectsTaken = new LongAdder();
    private final LongAdder bytesTaken = new LongAdder();
    private volatile long bytesExpected;
    private volatile long begunAt;
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
     */
    Migration(
            Rpc rpc,
            ThreadRuntime threads,
            Reservation reservation,
            Place place,
            Server source,
            LongPredicate isOver) {
        this.rpc = rpc;
        this.threads = threads;
        this.reservation = reservation;
        this.place = place;
        this.source = source;
        this.isOver = isOver;
        prepareUntil = rpc.now() + PREPARE_NANOS;
        wantedAt = rpc.now() - BUSY_NANOS;
        peer = rpc.peer(source.address());
    }

    /** One thread's questions to the source, and what it does with the answers. */
    private final class Fetcher implements AutoCloseable {
        private final Replay replay;
        private final PulledDecoder pulled = new PulledDecoder();
        private Question question;
        private Question ahead;
        private boolean isAhead;
        private long entries;
        private int bytes;
        private long cursor;
        private long[] leftOut = {};

        Fetcher(Question question, Question ahead, Replay replay) {
            this.question = question;
            this.ahead = ahead;
            this.replay = replay;
            fetchers.add(this);
        }

        Status ask(int length, long nanos) {
            return question.ask(peer, source.id().packed(), length, nanos);
        }

        /** Asks for the piece at {@code cursor}, to wait for it after what is done now. */
        void askAhead(long cursor, long until) {
            encode(ahead, cursor, until);
            isAhead = true;
        }

        /** Asks for the piece at {@code cursor}, unless that was done ahead, and waits for it. */
        Status askFor(long cursor, long until) {
            if (isAhead) {
                Question next = ahead;
                ahead = question;
                question = next;
                isAhead = false;
            } else {
                encode(question, cursor, until);
            }
            return question.await();
        }

        private void encode(Question asked, long cursor, long until) {
            PullEncoder pull = new PullEncoder();
            pull.wrapAndApplyHeader(asked.request(REQUEST_BYTES), 0, asked.header())
                    .firstHash(place.first())
                    .lastHash(place.last())
                    .epoch(place.epoch())
                    .cursor(cursor)
                    .until(until)
                    .table(place.table())
                    .bytes(pullBytes());
            asked.begin(peer, source.id().packed(), pull.encodedLength(), PULL_NANOS);
        }

        /** What was asked for ahead does not matter any more. */
        void forgetAhead() {
            if (isAhead) {
                ahead.await();
                isAhead = false;
            }
        }

        /** Takes what the answer holds; false when it was damaged, and has to come again. */
        boolean take() {
            open();
            return replay();
        }

        /** Looks at the answer, which stays where it is. */
        void open() {
            Call call = question.answer();
            DirectBuffer reply = call.reply();
            pulled.wrap(reply, call.replyOffset(), call.replyBlockLength(), call.replyVersion());
            bytes = pulled.entriesLength();
            int offset = pulled.limit() + LENGTH_BYTES;
            reply.boundsCheck(offset, bytes);
            entries = reply.addressOffset() + offset;
            pulled.limit(offset + bytes);
            leftOut = new long[pulled.leftOutLength() / Long.BYTES];
            int hashes = pulled.limit() + LENGTH_BYTES;
            for (int index = 0; index < leftOut.length; index++) {
                leftOut[index] = reply.getLong(hashes + index * Long.BYTES);
            }
            cursor = pulled.cursor();
            int odd = (int) entries & Entry.ALIGNMENT - 1;
            if (odd != 0) {
                // A source of another version has other fields before them.
                Memory.copy(entries, entries - odd, bytes);
                entries -= odd;
            }
        }

        boolean replay() {
            long damagedBefore = replay.damaged();
            long objectsBefore = replay.objects();
            long done = 0;
            boolean goesOn = true;
            while (goesOn) {
                done += replay.take(entries + done, bytes - done);
                goesOn =
                        done < bytes
                                && replay.damaged() == damagedBefore
                                && !hasEnded()
                                && (filling != null || rpc.now() - prepareUntil < 0);
                if (goesOn) {
                    // Memory is full of what is wanted: clients remove something, or nothing moves.
                    threads.sleep(PAUSE_NANOS);
                }
            }
            objectsTaken.add(replay.objects() - objectsBefore);
            bytesTaken.add(filling == null ? 0 : done);
            return replay.damaged() == damagedBefore && (filling != null || done == bytes);
        }

        @Override
        public void close() {
            forgetAhead();
            question.close();
            ahead.close();
            release();
        }

        /** Without the call, which may be under way if its thread was ended. */
        void release() {
            if (fetchers.remove(this)) {
                replay.close();
            }
        }
    }

    private Fetcher open(Priority priority, Supplier<Replay> replays) {
        Question question = new Question(rpc, priority);
        Question ahead = null;
        try {
            ahead = new Question(rpc, priority);
            return new Fetcher(question, ahead, replays.get());
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
     * requests on it.
     *
     * @throws Failure when the source will not, or is not reached, or has more than fits here
     */
    void prepare() throws Failure {
        try (Fetcher fetcher = open(Priority.HIGH, reservation::openReplay)) {
            prepare(fetcher, true);
            requireMemory(fetcher.replay);
            bytesExpected = prepared.bytes();
            while (fetcher.replay.expect(prepared.objects())) {
                threads.yield();
            }
            prepare(fetcher, false);
            long cursor = 0;
            do {
                cursor = pullResults(fetcher, cursor);
            } while (cursor != 0);
        } catch (IllegalStateException e) {
            throw new Failure(e.getMessage());
        }
    }

    private void requireMemory(Replay replay) throws Failure {
        long needed = Replay.bytesFor(prepared.objects(), prepared.bytes());
        long left = replay.bytesLeft();
        if (needed > left) {
            throw new Failure(
                    ("the tablet needs about %d MiB, and this server has %d MiB left for it;"
                                    + " give it more (memory.bytes), or cut the tablet and move a"
                                    + " part")
                            .formatted(needed >> MIB_SHIFT, left >> MIB_SHIFT));
        }
    }

    /** Has {@code prepared} say what there is. */
    private void prepare(Fetcher fetcher, boolean lookOnly) throws Failure {
        PrepareMigrationEncoder prepare = new PrepareMigrationEncoder();
        prepare.wrapAndApplyHeader(
                        fetcher.question.request(REQUEST_BYTES), 0, fetcher.question.header())
                .server(rpc.server())
                .firstHash(place.first())
                .lastHash(place.last())
                .epoch(place.epoch())
                .table(place.table())
                .lookOnly((short) (lookOnly ? 1 : 0));
        require(fetcher, fetcher.ask(prepare.encodedLength(), PREPARE_NANOS));
        Call call = fetcher.question.answer();
        prepared.wrap(
                call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
    }

    private long pullResults(Fetcher fetcher, long cursor) throws Failure {
        PullResultsEncoder pull = new PullResultsEncoder();
        Status answer = Status.TIMED_OUT;
        for (int attempt = 0; answer != Status.OK && attempt < ATTEMPTS_MAX; attempt++) {
            pull.wrapAndApplyHeader(
                            fetcher.question.request(REQUEST_BYTES), 0, fetcher.question.header())
                    .firstHash(place.first())
                    .lastHash(place.last())
                    .epoch(place.epoch())
                    .cursor(cursor)
                    .table(place.table());
            answer = fetcher.ask(pull.encodedLength(), PULL_NANOS);
            if (answer == Status.OK && !fetcher.take()) {
                answer = Status.TIMED_OUT;
            }
        }
        require(fetcher, answer);
        return fetcher.cursor;
    }

    private void require(Fetcher fetcher, Status answer) throws Failure {
        if (answer != Status.OK) {
            String text = fetcher.question.answer().text();
            throw new Failure(
                    "server "
                            + source.id()
                            + (text.isEmpty() ? " does not answer: " + answer : ": " + text));
        }
    }

    /**
     * Serves the tablet from now on, and fetches what it holds.
     *
     * @param epoch in which it is this server's
     * @param whenEnded called when all has come, or nothing more will
     * @throws Failure when this server was given up meanwhile
     */
    void begin(long epoch, Runnable whenEnded) throws Failure {
        this.whenEnded = whenEnded;
        this.epoch = epoch;
        begunAt = rpc.now();
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
        for (int part = 0; part < PARTS; part++) {
            int number = part;
            lives.add(create(() -> fetch(number)));
        }
        lives.add(create(this::fetchWanted));
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
        return closed || current != null && current.hasEnded();
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
        if (left.decrementAndGet() == 0) {
            end();
        }
    }

    private int pullBytes() {
        return rpc.now() - wantedAt < BUSY_NANOS ? BUSY_PULL_BYTES : PULL_BYTES;
    }

    /** In the order of a scan, which is that of the cursor's reversed bits. */
    private static long beginOf(int part) {
        return part == PARTS ? 0 : Long.reverse((long) part << Long.SIZE - PARTS_SHIFT);
    }

    private void fetchPart(int part) {
        try (Fetcher fetcher = open(Priority.LOW, filling::openReplay)) {
            fetchPart(part, fetcher);
        }
    }

    private void fetchPart(int part, Fetcher fetcher) {
        long cursor = beginOf(part);
        long until = beginOf(part + 1);
        boolean done = false;
        while (!done && !hasEnded()) {
            if (paused) {
                endIfOver();
                threads.sleep(PAUSED_NANOS);
                continue;
            }
            if (fetcher.askFor(cursor, until) != Status.OK) {
                endIfOver();
                threads.sleep(PAUSE_NANOS);
                continue;
            }
            fetcher.open();
            long next = fetcher.cursor;
            if (next != 0) {
                // The source works on the next piece while this one is taken in.
                fetcher.askAhead(next, until);
            }
            if (fetcher.replay()) {
                cursor = next;
                for (long hash : fetcher.leftOut) {
                    fetchUntilKnown(fetcher, hash);
                }
                done = cursor == 0;
            } else {
                fetcher.forgetAhead();
            }
            // Clients' requests are looked at between two pieces.
            threads.yield();
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
        long[] hashes = {hash};
        while (!hasEnded() && !fetch(fetcher, hashes, 1)) {
            endIfOver();
            threads.sleep(PAUSE_NANOS);
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
                int count = filling.wanted(hashes);
                wantedAt = count == 0 ? wantedAt : rpc.now();
                if (count == 0) {
                    threads.block();
                } else if (!fetch(fetcher, hashes, count)) {
                    threads.sleep(PAUSE_NANOS);
                }
            }
        }
    }

    /** Whether there was an answer; hashes whose objects had no room in it are still not known. */
    private boolean fetch(Fetcher fetcher, long[] hashes, int count) {
        PriorityPullEncoder pull = new PriorityPullEncoder();
        pull.wrapAndApplyHeader(
                        fetcher.question.request(REQUEST_BYTES), 0, fetcher.question.header())
                .firstHash(place.first())
                .lastHash(place.last())
                .epoch(place.epoch())
                .table(place.table());
        PriorityPullEncoder.HashesEncoder group = pull.hashesCount(count);
        for (int index = 0; index < count; index++) {
            group.next().hash(hashes[index]);
        }
        Status answer = fetcher.ask(pull.encodedLength(), PRIORITY_PULL_NANOS);
        if (answer != Status.OK || !fetcher.take() || hasEnded()) {
            return false;
        }
        for (int index = 0; index < count; index++) {
            if (!contains(fetcher.leftOut, hashes[index])) {
                filling.know(hashes[index]);
            }
        }
        return count > 1 || fetcher.leftOut.length == 0;
    }

    private static boolean contains(long[] hashes, long wanted) {
        boolean found = false;
        for (long hash : hashes) {
            found |= hash == wanted;
        }
        return found;
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
                objectsTaken.sum(),
                bytesTaken.sum(),
                bytesExpected,
                rpc.now() - begunAt,
                paused);
    }

    /** Whether only what clients ask for is to be fetched. */
    void pause(boolean pause) {
        paused = pause;
    }

    /** Ends its threads as soon as they look. */
    void stop() {
        closed = true;
        wake();
    }

    /** Waits until its threads have ended, after {@link #stop}. By a user thread. */
    void join() {
        lives.forEach(threads::join);
    }

    /** Gives back what its threads had, however they have ended. */
    void close() {
        fetchers.forEach(Fetcher::release);
    }
}
