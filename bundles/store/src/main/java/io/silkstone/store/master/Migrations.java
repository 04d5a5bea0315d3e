package io.silkstone.store.master;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.MigrationStatus;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.rpc.Request;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.MigrateTabletDecoder;
import io.silkstone.rpc.messages.MigrationEndedEncoder;
import io.silkstone.rpc.messages.Priority;
import io.silkstone.rpc.messages.Status;
import io.silkstone.rpc.messages.TakeTabletEncoder;
import io.silkstone.store.Reservation;
import io.silkstone.store.Store;
import io.silkstone.store.TabletReader.Place;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Fetches tablets from other servers while clients go on using them: the target of migrations,
 * after Rocksteady (Kulkarni et al., SOSP 2017).
 *
 * <p>The order of things is what makes it safe. The source freezes the tablet, and from then on
 * nobody serves it. The results of requests come first (RIFL), for a request that is repeated must
 * not be done again. Then the coordinator makes this server the owner and notes, in the same step,
 * from whom it still depends; from its answer on this server serves the tablet, and what has not
 * come is asked for as it is needed. When all has come the coordinator forgets the source, and then
 * the source forgets the tablet.
 *
 * <p>A strategy may also have all of it copied before this server becomes the owner, and the source
 * even serve it meanwhile, all but the last moment. Until then the source has the tablet, and has
 * it back when nobody asks for more; what was copied in vain is removed here.
 *
 * <p>Versions that are given here are above all that the source gave, since the epoch is: so there
 * is never a doubt which of two objects is newer.
 *
 * <p>Threads: any.
 */
public final class Migrations {
    private static final Logger LOG = System.getLogger(Migrations.class.getName());
    private static final long ASK_NANOS = 2_000_000_000;
    private static final long PAUSE_NANOS = 5_000_000;

    /** A request to fetch a tablet is not to last for long. */
    private static final long SETTLE_NANOS = 1_000_000_000;

    private static final int REQUEST_BYTES = 256;

    /** In the place of an epoch: the tablet is copied first, and is the source's meanwhile. */
    private static final long NOT_YET = 0;

    /** MigrateTablet calls a source and the coordinator, which call nobody. */
    private static final int LEVEL = 1;

    private final Rpc rpc;
    private final ThreadRuntime threads;
    private final Store store;
    private final Membership membership;
    private final Departures departures;
    private final MigrationSlot strategies;
    private final List<Migration> running = new CopyOnWriteArrayList<>();
    private final AtomicInteger busy = new AtomicInteger();
    private final AtomicLong begun = new AtomicLong();
    private volatile boolean closed;

    /** Why a migration does not begin; for operators. */
    private static final class Refusal extends Exception {
        private static final long serialVersionUID = 1;

        Refusal(String message) {
            super(message);
        }
    }

    /**
     * Of {@code store}, which {@code membership} keeps in line with the coordinator.
     *
     * @param strategies where it is decided how tablets come
     */
    public Migrations(
            Rpc rpc,
            ThreadRuntime threads,
            Store store,
            Membership membership,
            MigrationSlot strategies) {
        this.strategies = strategies;
        this.rpc = rpc;
        this.threads = threads;
        this.store = store;
        this.membership = membership;
        departures = new Departures(rpc, threads, store, membership);
    }

    /** Begins to serve: operators, and servers that fetch tablets from here. */
    public void register() {
        departures.register();
        rpc.serveWaiting(MigrateTabletDecoder.TEMPLATE_ID, LEVEL, this::migrate);
    }

    private void migrate(Request request) {
        MigrateTabletDecoder migrate = new MigrateTabletDecoder();
        migrate.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        int table = (int) migrate.table();
        long hash = migrate.hash();
        long said = migrate.bytesPerSecond();
        long limit = said == MigrateTabletDecoder.bytesPerSecondNullValue() ? 0 : said;
        busy.incrementAndGet();
        try {
            if (closed || !membership.mayServe()) {
                request.refuse(Status.NOT_A_MEMBER);
                return;
            }
            for (Migration each : running) {
                if (each.concerns(table, hash)) {
                    // The message came a second time, and whoever serves the first one answers.
                    if (each.hasBegun() || each.isCopying()) {
                        request.done(each.epoch());
                    }
                    return;
                }
            }
            request.done(begin(table, hash, limit));
        } catch (Refusal | StoreRefused e) {
            request.refuse(Status.REFUSED, 0, e.getMessage());
        } finally {
            busy.decrementAndGet();
        }
    }

    /** Returns the epoch in which this server has the tablet, or {@link #NOT_YET}. */
    private long begin(int table, long hash, long limit) throws Refusal, StoreRefused {
        ServerId self = membership.self();
        ClusterMap map = membership.map();
        Tablet tablet = map.tablet(table, hash);
        require(tablet != null, "there is no such table");
        require(!tablet.owner().equals(self), "the tablet is here already");
        require(
                tablet.state() == TabletState.NORMAL,
                "the tablet is on its way to another server, or lost");
        Server source = map.server(tablet.owner());
        require(source != null && source.up(), "server " + tablet.owner() + " is not up");
        Place place = new Place(table, tablet.firstHash(), tablet.lastHash(), tablet.epoch());
        Reservation reservation = store.reserveTablet(table, place.first(), place.last());
        Migration migration =
                new Migration(
                        rpc,
                        threads,
                        reservation,
                        place,
                        source,
                        epoch -> isOver(self, place, epoch),
                        strategies,
                        begun.incrementAndGet(),
                        limit,
                        store::operations);
        running.add(migration);
        boolean isLeft = false;
        try {
            awaitSettled(self);
            migration.prepare();
            if (!migration.copiesFirst()) {
                return own(self, place, source, migration);
            }
            busy.incrementAndGet();
            create(() -> copy(self, place, source, reservation, migration));
            isLeft = true;
            return NOT_YET;
        } catch (Migration.Failure e) {
            throw new Refusal(e.getMessage());
        } finally {
            if (!isLeft) {
                giveUpUnlessBegun(reservation, migration);
            }
        }
    }

    /**
     * Before the tablet is this server's, its log has to say in all replicas that what it held of
     * the range at an earlier time counts no more: else who reads the log, should this server die
     * at once, takes that for newer than what the source has.
     */
    private void awaitSettled(ServerId self) throws Refusal {
        long mark = store.mark();
        long deadline = rpc.now() + SETTLE_NANOS;
        while (!store.isSettled(mark)) {
            require(!closed && membership.self().equals(self), "this server ends");
            require(rpc.now() - deadline < 0, "the replicas of this server's log do not answer");
            threads.sleep(PAUSE_NANOS / 5);
        }
    }

    /** Makes the tablet this server's; what has not come follows. */
    private long own(ServerId self, Place place, Server source, Migration migration)
            throws Refusal, Migration.Failure {
        long epoch = take(self, place, source);
        migration.begin(epoch, () -> ended(self, place, epoch, migration));
        membership.hurry();
        return epoch;
    }

    /** A thread's life: all that is in the tablet comes, and then it is this server's. */
    private void copy(
            ServerId self,
            Place place,
            Server source,
            Reservation reservation,
            Migration migration) {
        try {
            migration.copy();
            own(self, place, source, migration);
        } catch (Migration.Failure | Refusal e) {
            LOG.log(
                    Level.WARNING,
                    "{0} to {1} of table {2} does not come here: {3}",
                    Long.toHexString(place.first()),
                    Long.toHexString(place.last()),
                    place.table(),
                    e.getMessage());
        } finally {
            giveUpUnlessBegun(reservation, migration);
            busy.decrementAndGet();
        }
    }

    private void create(Runnable task) {
        while (threads.create(ThreadRuntime.NORMAL, task) == ThreadRuntime.NONE) {
            threads.sleep(PAUSE_NANOS);
        }
    }

    private void giveUpUnlessBegun(Reservation reservation, Migration migration) {
        if (!migration.hasBegun()) {
            running.remove(migration);
            migration.stop();
            migration.join();
            migration.close();
            giveUp(reservation);
        }
    }

    /** Whether the source is down, as the coordinator says: nothing comes any more. */
    private boolean isOver(ServerId self, Place place, long epoch) {
        Tablet tablet = membership.map().tablet(place.table(), place.first());
        return tablet != null
                && tablet.owner().equals(self)
                && tablet.epoch() >= epoch
                && tablet.state() == TabletState.NORMAL;
    }

    private static void require(boolean holds, String refusal) throws Refusal {
        if (!holds) {
            throw new Refusal(refusal);
        }
    }

    private void giveUp(Reservation reservation) {
        boolean isOver = false;
        while (!isOver) {
            try {
                reservation.drop();
                isOver = true;
            } catch (StoreRefused e) {
                threads.sleep(PAUSE_NANOS);
            }
        }
    }

    /** Asks until it is known whose the tablet is: to give up earlier would leave it to nobody. */
    private long take(ServerId self, Place place, Server source) throws Refusal {
        try (Question question = new Question(rpc, Priority.HIGH)) {
            while (!closed && membership.self().equals(self)) {
                TakeTabletEncoder take = new TakeTabletEncoder();
                take.wrapAndApplyHeader(question.request(REQUEST_BYTES), 0, question.header())
                        .server(self.packed())
                        .source(source.id().packed())
                        .firstHash(place.first())
                        .lastHash(place.last())
                        .epoch(place.epoch())
                        .table(place.table());
                Status answer = question.ask(membership.leader(), take.encodedLength(), ASK_NANOS);
                if (answer == Status.OK) {
                    return question.number();
                }
                require(answer != Status.REFUSED, question.answer().text());
                threads.sleep(PAUSE_NANOS);
            }
        }
        throw new Refusal("this server is not one of the cluster any more");
    }

    /**
     * All has come: when it is settled here the coordinator may forget the source, which then drops
     * what it had. Asks until it has, or all is over.
     */
    private void ended(ServerId self, Place place, long epoch, Migration migration) {
        long mark = store.mark();
        while (!store.isSettled(mark) && !closed && membership.self().equals(self)) {
            threads.sleep(PAUSE_NANOS);
        }
        Status answer = Status.TIMED_OUT;
        while (answer != Status.OK && !closed && membership.self().equals(self)) {
            try (Question question = new Question(rpc, Priority.HIGH)) {
                MigrationEndedEncoder ended = new MigrationEndedEncoder();
                ended.wrapAndApplyHeader(question.request(REQUEST_BYTES), 0, question.header())
                        .server(self.packed())
                        .firstHash(place.first())
                        .epoch(epoch)
                        .table(place.table());
                answer = question.ask(membership.leader(), ended.encodedLength(), ASK_NANOS);
            } catch (IllegalStateException allCallsAreInUse) {
                answer = Status.RETRY_LATER;
            }
            if (answer != Status.OK) {
                threads.sleep(PAUSE_NANOS);
            }
        }
        running.remove(migration);
        membership.hurry();
    }

    /**
     * Whether the keys of hash {@code hash} are about to be this server's: nobody serves them until
     * the coordinator's answer is here.
     */
    boolean isTaking(int table, long hash) {
        return running.stream().anyMatch(each -> each.concerns(table, hash) && each.isTaking());
    }

    /** The tablets that are on their way here. */
    List<MigrationStatus> list() {
        return running.stream()
                .filter(each -> each.hasBegun() || each.isCopying())
                .map(Migration::status)
                .toList();
    }

    /** Has all that run fetch only what clients ask for, or the rest too; says how many run. */
    int pause(boolean pause) {
        List<Migration> concerned = running.stream().filter(Migration::hasBegun).toList();
        concerned.forEach(each -> each.pause(pause));
        return concerned.size();
    }

    /** Has tablets stay where they are that are not this server's yet; says how many. */
    int cancel() {
        return (int) running.stream().filter(Migration::cancel).count();
    }

    /** Begins no more, and ends what runs. By a user thread, which waits for that. */
    public void stop() {
        closed = true;
        rpc.serveNoMore(MigrateTabletDecoder.TEMPLATE_ID);
        running.forEach(Migration::stop);
        while (busy.get() > 0) {
            threads.sleep(PAUSE_NANOS);
        }
        List<Migration> last = List.copyOf(running);
        last.forEach(Migration::stop);
        last.forEach(Migration::join);
        departures.stop();
    }

    /** Gives back what threads had that have ended, however that was. Serves no more. */
    public void close() {
        closed = true;
        running.forEach(Migration::close);
        departures.close();
    }
}
