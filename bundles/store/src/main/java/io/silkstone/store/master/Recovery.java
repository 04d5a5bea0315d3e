package io.silkstone.store.master;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.RecoveryStatus;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.rpc.Call;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.MigrationEndedEncoder;
import io.silkstone.rpc.messages.Priority;
import io.silkstone.rpc.messages.PulledDecoder;
import io.silkstone.rpc.messages.ReadReplicaEncoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.store.LogReplay;
import io.silkstone.store.Reservation;
import io.silkstone.store.Store;
import io.silkstone.store.TabletRecovery;
import io.silkstone.store.log.Entry;
import io.silkstone.store.master.DeadLog.Found;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.agrona.DirectBuffer;

/**
 * Reads tablets that depend on the same logs out of these: a recovery master (RAMCloud, TOCS 2015,
 * section 5.4). Some user threads fetch segments and replay them in turn, in whatever order. When
 * all is in this server's own log, and that is settled, the coordinator is told; the map that says
 * that the tablets depend on nothing any more has them served.
 *
 * <p>Until then nothing that this has done matters to anybody. So whatever fails begins anew, as
 * long as the tablets are to be recovered here. An operator who accepts that something of a log is
 * lost gives them another epoch, which changes nothing of what has been done.
 *
 * <p>Threads: its own, but {@link #stop}, {@link #serve}, {@link #concerns} and {@link #statuses}
 * are any's.
 */
final class Recovery implements Runnable {
    private static final Logger LOG = System.getLogger(Recovery.class.getName());
    private static final int LENGTH_BYTES = Integer.BYTES;
    private static final long READ_NANOS = 2_000_000_000;
    private static final long ASK_NANOS = 1_000_000_000;
    private static final long PAUSE_NANOS = 5_000_000;
    private static final long TURN_NANOS = 50_000;
    private static final long MISSING_PAUSE_NANOS = 100_000_000;
    private static final int READ_BYTES = 1 << 20;
    private static final int REQUEST_BYTES = 256;
    private static final int RANGE_BYTES = 32;
    private static final int FETCHERS = 3;
    private static final int ATTEMPTS_MAX = 200;

    private final Rpc rpc;
    private final ThreadRuntime threads;
    private final Store store;
    private final Membership membership;
    private final Supplier<ClusterMap> map;
    private final ServerId self;

    /** In the epochs in which the newest map has them. */
    private volatile List<Tablet> tablets;

    /** Of each tablet, until it is served; null for none. */
    private final AtomicReferenceArray<Reservation> reservations;

    /** Whether one of the threads replays. */
    private final AtomicBoolean replaying = new AtomicBoolean();

    private final long begunAt;
    private volatile boolean closed;
    private volatile boolean done;
    private volatile String status = "begins";
    private long replayedAt;

    /**
     * Of {@code tablets}, which are {@code self}'s and depend on the same logs.
     *
     * @param map the newest
     */
    Recovery(
            Rpc rpc,
            ThreadRuntime threads,
            Store store,
            Membership membership,
            Supplier<ClusterMap> map,
            ServerId self,
            List<Tablet> tablets) {
        this.rpc = rpc;
        this.threads = threads;
        this.store = store;
        this.membership = membership;
        this.map = map;
        this.self = self;
        this.tablets = tablets;
        reservations = new AtomicReferenceArray<>(tablets.size());
        begunAt = rpc.now();
    }

    /** A replica's segment cannot be read to its end. */
    private static final class Unreadable extends Exception {
        private static final long serialVersionUID = 1;

        Unreadable(ServerId server) {
            super("a segment of the log of server " + server + " was not read to its end");
        }
    }

    /** What became of reading a segment. */
    private enum Fetched {
        /** All of it was taken. */
        WHOLE,
        /** What is there is damaged, so that asking again is of no use. */
        DAMAGED,
        /** It may go better the next time. */
        FAILED
    }

    /** The segments of a log that some threads read. */
    private static final class Reading {
        final DeadLog log;
        final Queue<List<Found>> segments;
        final AtomicInteger failed = new AtomicInteger();

        /** Segments that were not taken, or not to their ends. */
        final AtomicInteger damaged = new AtomicInteger();

        Reading(DeadLog log) {
            this.log = log;
            segments = new ConcurrentLinkedQueue<>();
            log.segments().forEach(segment -> segments.add(inTurn(segment)));
        }

        /**
         * Of replicas that are as good as the first one another is the first for each segment: the
         * same one for all servers that recover parts of this log, so that a backup reads it from
         * its disk once, and another backup for the next segment.
         */
        private static List<Found> inTurn(List<Found> replicas) {
            Found first = replicas.getFirst();
            List<Found> all = new ArrayList<>(replicas);
            List<Found> alike = all.subList(0, (int) all.stream().takeWhile(first::isLike).count());
            Collections.rotate(alike, Math.floorMod(first.segment(), alike.size()));
            return all;
        }

        void took(Fetched fetched) {
            if (fetched == Fetched.DAMAGED && log.isLossAccepted()) {
                damaged.incrementAndGet();
            } else if (fetched != Fetched.WHOLE) {
                failed.incrementAndGet();
            }
        }
    }

    /** Whether it is that tablet's. */
    boolean concerns(Tablet tablet) {
        return tablets.stream().anyMatch(each -> isSame(each, tablet));
    }

    private static boolean isSame(Tablet one, Tablet other) {
        return one.table() == other.table()
                && one.firstHash() == other.firstHash()
                && one.lastHash() == other.lastHash()
                && one.epoch() == other.epoch();
    }

    /** Whether it has come to its end, or never will. */
    boolean hasEnded() {
        return done;
    }

    /** How far each of its tablets is: all are recovered together. */
    List<RecoveryStatus> statuses() {
        long nanos = rpc.now() - begunAt;
        return tablets.stream()
                .map(
                        tablet ->
                                new RecoveryStatus(
                                        tablet.table(),
                                        tablet.firstHash(),
                                        tablet.lastHash(),
                                        tablet.logs(),
                                        status,
                                        nanos))
                .toList();
    }

    private boolean isOver() {
        if (closed || !membership.self().equals(self)) {
            return true;
        }
        ClusterMap known = map.get();
        return tablets.stream().allMatch(tablet -> isGone(tablet, known));
    }

    /**
     * Takes its tablets for what they are in a new map, before that is anybody's newest one. By the
     * thread that brings the store in line with maps.
     */
    void follow(ClusterMap news) {
        tablets = tablets.stream().map(tablet -> followed(tablet, news)).toList();
    }

    /** The same logs are read for an owner once; only their loss may be accepted meanwhile. */
    private static Tablet followed(Tablet tablet, ClusterMap news) {
        Tablet now = news.tablet(tablet.table(), tablet.firstHash());
        boolean isSame =
                now != null
                        && now.state() == TabletState.RECOVERING
                        && now.epoch() > tablet.epoch()
                        && now.lastHash() == tablet.lastHash()
                        && now.owner().equals(tablet.owner())
                        && now.logs().equals(tablet.logs());
        return isSame ? now : tablet;
    }

    /** Whether it is somebody else's by now, or nobody's. */
    private static boolean isGone(Tablet tablet, ClusterMap known) {
        Tablet now = known.tablet(tablet.table(), tablet.firstHash());
        boolean isOther =
                now != null
                        && now.state() == TabletState.RECOVERING
                        && now.epoch() > tablet.epoch();
        return now == null || isOther || !now.owner().equals(tablet.owner());
    }

    @Override
    public void run() {
        try {
            long pause = PAUSE_NANOS;
            while (!isOver() && !recover()) {
                threads.sleep(pause);
                pause = Math.min(2 * pause, MISSING_PAUSE_NANOS);
            }
            if (!isOver()) {
                status = "is told to the coordinator";
                LOG.log(
                        Level.INFO,
                        "{0} tablets are recovered from the logs of {1} after {2} ms; for the last"
                                + " {3} of these their replicas were made",
                        tablets.size(),
                        tablets.getFirst().logs(),
                        (rpc.now() - begunAt) / 1_000_000,
                        (rpc.now() - replayedAt) / 1_000_000);
            }
            while (!isOver() && !isServed()) {
                tell();
                membership.hurry();
                threads.sleep(PAUSE_NANOS);
            }
        } finally {
            // Others read the log of a server that is given up: before it ends, nothing may say in
            // it that a tablet is not here any more. Then all is dropped anyway.
            if (membership.self().equals(self) && !closed) {
                giveUpOthers();
            }
            done = true;
        }
    }

    private boolean recover() {
        try (TabletRecovery recovery = store.openRecovery()) {
            status = "takes the tablets";
            reserve();
            for (ServerId server : tablets.getFirst().logs()) {
                DeadLog log = found(server);
                if (log == null) {
                    return false;
                }
                if (!log.isEmpty()) {
                    replay(recovery, log);
                } else if (log.isLossAccepted()) {
                    sayLoss(log, 0);
                }
            }
            status = "waits for its replicas";
            replayedAt = rpc.now();
            long mark = store.mark();
            while (!isOver() && !store.isSettled(mark)) {
                threads.sleep(PAUSE_NANOS / 5);
            }
            return !isOver();
        } catch (IOException | Unreadable | StoreRefused | IllegalStateException e) {
            status = "failed and begins anew: " + e.getMessage();
            LOG.log(Level.WARNING, "a recovery fails and begins anew: {0}", e.toString());
            return false;
        } catch (RuntimeException | OutOfMemoryError e) {
            LOG.log(Level.ERROR, "a recovery fails and begins anew", e);
            return false;
        }
    }

    private void reserve() throws StoreRefused {
        ClusterMap known = map.get();
        for (int number = 0; number < tablets.size(); number++) {
            Tablet tablet = tablets.get(number);
            Reservation present = reservations.get(number);
            if (present != null && present.holds() || isGone(tablet, known)) {
                continue;
            }
            boolean mayBeHere = tablet.peer().equals(self) && present == null;
            reservations.set(number, mayBeHere ? reserveAgain(tablet) : reserve(tablet));
        }
    }

    /** What is to be filled. */
    private List<Reservation> targets() {
        List<Reservation> targets = new ArrayList<>();
        for (int number = 0; number < tablets.size(); number++) {
            Reservation reservation = reservations.get(number);
            if (reservation != null) {
                targets.add(reservation);
            }
        }
        return targets;
    }

    private Reservation reserve(Tablet tablet) throws StoreRefused {
        return store.reserveTablet(tablet.table(), tablet.firstHash(), tablet.lastHash());
    }

    /** With what is here of it; nothing is, if it was taken without anybody's hearing of it. */
    private Reservation reserveAgain(Tablet tablet) throws StoreRefused {
        try {
            return store.reserveAgain(tablet.table(), tablet.firstHash(), tablet.lastHash());
        } catch (StoreRefused e) {
            return reserve(tablet);
        }
    }

    /** The log of {@code server}, when all of it is found; null when this is over before. */
    private DeadLog found(ServerId server) {
        String told = "";
        while (!isOver()) {
            ClusterMap known = map.get();
            ClusterMap.Log entry =
                    known.logs().stream()
                            .filter(each -> each.server().equals(server))
                            .findFirst()
                            .orElse(null);
            if (entry != null) {
                DeadLog log = new DeadLog(rpc, entry);
                if (log.find(known)) {
                    return log;
                }
                status = "waits: " + log.missing();
                if (!told.equals(log.missing())) {
                    told = log.missing();
                    String advice = "; `cluster:accept-loss " + server + "` goes on without it";
                    LOG.log(
                            Level.WARNING,
                            "a recovery waits: {0}{1}",
                            told,
                            log.isLossAccepted() ? "" : advice);
                }
            }
            threads.sleep(MISSING_PAUSE_NANOS);
        }
        return null;
    }

    private void replay(TabletRecovery recovery, DeadLog log) throws IOException, Unreadable {
        status = "reads the log of server " + log.server();
        Reading reading = new Reading(log);
        try (LogReplay replay = recovery.openReplay(log.storeNote(), targets())) {
            Runnable fetching =
                    () -> {
                        try (Fetcher fetcher = new Fetcher(log.server(), replay)) {
                            fetcher.fetchAll(reading);
                        } catch (RuntimeException e) {
                            reading.failed.incrementAndGet();
                            LOG.log(Level.WARNING, "a part of a recovery fails: " + e, e);
                        }
                    };
            List<Long> fetchers = new ArrayList<>();
            try {
                for (int number = 1; number < FETCHERS; number++) {
                    fetchers.add(threads.create(ThreadRuntime.NORMAL, fetching::run));
                }
                fetching.run();
            } finally {
                for (long fetcher : fetchers) {
                    if (fetcher != ThreadRuntime.NONE) {
                        threads.join(fetcher);
                    }
                }
            }
        }
        if (reading.failed.get() > 0 || !reading.segments.isEmpty()) {
            throw new Unreadable(log.server());
        }
        if (log.isLossAccepted()) {
            sayLoss(log, reading.damaged.get());
        }
    }

    private static void sayLoss(DeadLog log, int damaged) {
        LOG.log(
                Level.WARNING,
                "what is left of the log of server {0} was taken: {1}; of {2} segments all"
                        + " replicas are damaged",
                log.server(),
                log.loss(),
                damaged);
    }

    /** One thread's questions to backups, and what it does with the answers. */
    private final class Fetcher implements AutoCloseable {
        private final ServerId master;
        private final LogReplay replay;
        private final Question question = new Question(rpc, Priority.HIGH);
        private final PulledDecoder pulled = new PulledDecoder();
        private final Arena arena = Arena.ofShared();
        private MemorySegment entries = MemorySegment.NULL;

        Fetcher(ServerId master, LogReplay replay) {
            this.master = master;
            this.replay = replay;
        }

        void fetchAll(Reading reading) {
            List<Found> next = reading.segments.poll();
            while (next != null && reading.failed.get() == 0) {
                reading.took(fetchAny(next));
                next = reading.segments.poll();
            }
        }

        /** Reads a segment out of one of these, as far as that goes out of any. */
        private Fetched fetchAny(List<Found> replicas) {
            Fetched all = Fetched.DAMAGED;
            for (Found replica : replicas) {
                Fetched fetched = fetch(replica);
                if (fetched == Fetched.WHOLE) {
                    return fetched;
                }
                all = fetched == Fetched.FAILED ? fetched : all;
            }
            return all;
        }

        private Fetched fetch(Found replica) {
            long cursor = 0;
            do {
                Status answer = isOver() ? Status.RETRY_LATER : ask(replica, cursor);
                if (answer != Status.OK) {
                    return answer == Status.NOT_FOUND ? Fetched.DAMAGED : Fetched.FAILED;
                }
                if (!take(replica.segment())) {
                    return isOver() ? Fetched.FAILED : Fetched.DAMAGED;
                }
                cursor = pulled.cursor();
            } while (cursor != 0);
            return Fetched.WHOLE;
        }

        private Status ask(Found replica, long cursor) {
            ReadReplicaEncoder read = new ReadReplicaEncoder();
            int room = REQUEST_BYTES + tablets.size() * RANGE_BYTES;
            read.wrapAndApplyHeader(question.request(room), 0, question.header())
                    .master(master.packed())
                    .segment(replica.segment())
                    .incarnation(replica.incarnation())
                    .cursor(cursor)
                    .bytes(READ_BYTES);
            ReadReplicaEncoder.RangesEncoder ranges = read.rangesCount(tablets.size());
            for (Tablet tablet : tablets) {
                ranges.next()
                        .firstHash(tablet.firstHash())
                        .lastHash(tablet.lastHash())
                        .table(tablet.table());
            }
            Status answer = ask(replica, read.encodedLength());
            for (int attempt = 0; isBusy(answer) && attempt < ATTEMPTS_MAX; attempt++) {
                threads.sleep(PAUSE_NANOS);
                answer = ask(replica, read.encodedLength());
            }
            return answer;
        }

        private Status ask(Found replica, int length) {
            return question.ask(
                    rpc.peer(replica.backup().address()),
                    replica.backup().id().packed(),
                    length,
                    READ_NANOS);
        }

        private static boolean isBusy(Status answer) {
            return answer == Status.BUSY || answer == Status.RETRY_LATER;
        }

        private boolean take(long segment) {
            Call call = question.answer();
            DirectBuffer reply = call.reply();
            pulled.wrap(reply, call.replyOffset(), call.replyBlockLength(), call.replyVersion());
            int bytes = pulled.entriesLength();
            int offset = pulled.limit() + LENGTH_BYTES;
            reply.boundsCheck(offset, bytes);
            if (entries.byteSize() < bytes) {
                entries = arena.allocate(Math.max(bytes, 2L * READ_BYTES), Entry.ALIGNMENT);
            }
            // Entries lie at multiples of eight, which they do not in a message.
            MemorySegment.copy(call.replyMemory(), offset, entries, 0, bytes);
            while (!replaying.compareAndSet(false, true)) {
                threads.sleep(TURN_NANOS);
            }
            try {
                return replay(segment, bytes);
            } finally {
                replaying.set(false);
            }
        }

        private boolean replay(long segment, long bytes) {
            long damagedBefore = replay.damaged();
            long taken = 0;
            while (taken < bytes && !isOver()) {
                taken += replay.take(entries.address() + taken, bytes - taken, segment);
                if (replay.damaged() > damagedBefore) {
                    return false;
                }
                if (taken < bytes) {
                    status = "waits for memory";
                    threads.sleep(PAUSE_NANOS);
                }
            }
            return taken == bytes;
        }

        @Override
        public void close() {
            question.close();
            arena.close();
        }
    }

    /** Has the coordinator know that the logs are not needed for the tablets any more. */
    private void tell() {
        for (Tablet tablet : tablets) {
            try (Question question = new Question(rpc, Priority.HIGH)) {
                MigrationEndedEncoder ended = new MigrationEndedEncoder();
                ended.wrapAndApplyHeader(question.request(REQUEST_BYTES), 0, question.header())
                        .server(self.packed())
                        .firstHash(tablet.firstHash())
                        .epoch(tablet.epoch())
                        .table(tablet.table());
                question.ask(membership.leader(), ended.encodedLength(), ASK_NANOS);
            } catch (IllegalStateException allCallsAreInUse) {
                // It is asked again, until the map says so.
                threads.sleep(PAUSE_NANOS);
            }
        }
    }

    /**
     * Serves those tablets that depend on nothing any more, as the map says. By the thread that
     * brings the store in line with maps.
     */
    void serve(ClusterMap known) {
        for (int number = 0; number < tablets.size(); number++) {
            Tablet tablet = tablets.get(number);
            Tablet now = known.tablet(tablet.table(), tablet.firstHash());
            // It may have been cut since, or been to leave: whatever it is, it is what is here.
            boolean isRecovered = !isGone(tablet, known) && now.state() != TabletState.RECOVERING;
            Reservation reservation = isRecovered ? reservations.getAndSet(number, null) : null;
            if (reservation != null) {
                serve(tablet, reservation);
            }
        }
    }

    private void serve(Tablet tablet, Reservation reservation) {
        boolean isServed = !reservation.holds();
        while (!isServed && !closed) {
            try {
                reservation.serve(tablet.epoch());
                isServed = true;
            } catch (StoreRefused e) {
                LOG.log(Level.WARNING, "a tablet that was recovered waits: {0}", e.getMessage());
                threads.sleep(PAUSE_NANOS);
            }
        }
        store.dependsOnNobody(tablet.table(), tablet.firstHash(), tablet.lastHash());
    }

    private boolean isServed() {
        ClusterMap known = map.get();
        boolean isServed = true;
        for (int number = 0; number < tablets.size(); number++) {
            isServed &= reservations.get(number) == null || isGone(tablets.get(number), known);
        }
        return isServed;
    }

    private void giveUpOthers() {
        ClusterMap known = map.get();
        for (int number = 0; number < tablets.size(); number++) {
            if (!isGone(tablets.get(number), known)) {
                continue;
            }
            Reservation left = reservations.getAndSet(number, null);
            boolean isDropped = left == null;
            while (!isDropped && !closed) {
                try {
                    left.drop();
                    isDropped = true;
                } catch (StoreRefused e) {
                    threads.sleep(PAUSE_NANOS);
                }
            }
        }
    }

    /** Ends it as soon as it looks. */
    void stop() {
        closed = true;
    }
}
