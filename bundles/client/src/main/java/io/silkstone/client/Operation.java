package io.silkstone.client;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.rpc.Call;
import io.silkstone.rpc.Waitable;
import io.silkstone.rpc.messages.ChangeEncoder;
import io.silkstone.rpc.messages.ExactlyOnceEncoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.rpc.messages.WriteAllEncoder;
import org.agrona.MutableDirectBuffer;

/**
 * One operation on one key or tablet, from its first attempt to its end: finds the server, asks it,
 * and goes where the answer says, until the answer is final or the time is over. To be used again
 * and again, one operation at a time.
 *
 * <p>It is not bound to a thread: each step begins where the one before ended, which is the thread
 * of the caller for the first one and the one that polls for all others.
 *
 * <p>Answers and what they lead to:
 *
 * <table>
 * <caption>Answers</caption>
 * <tr><th>answer</th><th>what is done</th></tr>
 * <tr><td>final ones (below 50), OUT_OF_MEMORY, MALFORMED</td><td>the end</td></tr>
 * <tr><td>MOVED with an owner that is known</td><td>that one is asked, and the map fetched
 *     besides</td></tr>
 * <tr><td>MOVED, WRONG_SERVER, NOT_A_MEMBER, NO_SUCH_TABLE, UNAVAILABLE, no answer in an attempt's
 *     time</td><td>the map is fetched, then the next attempt; the end if the map says that there is
 *     no such table, or that nobody serves it</td></tr>
 * <tr><td>RETRY_LATER, BUSY, a status of a newer version</td><td>the next attempt after a
 *     while</td></tr>
 * <tr><td>LEASE_EXPIRED</td><td>a new lease if this was surely not made before, else nobody
 *     knows</td></tr>
 * </table>
 *
 * <p>When a change ends with {@link #isUnknown}, it may have been made, or be made yet.
 *
 * <p><b>Messages that come late.</b> A change that has its answer is not made again by a copy of
 * its message, or by an earlier attempt, that arrives afterwards: the server has the result, or has
 * been told that the client knows it. One that has neither had the tablet from somebody else since,
 * and so in a later epoch than the one that the message says, and refuses it.
 */
final class Operation extends Waitable {
    private static final long PAUSE_NANOS_MIN = 200_000;
    private static final long PAUSE_NANOS_MAX = 100_000_000;

    /** After so many redirections without a pause the servers disagree: wait for them. */
    private static final int REDIRECTS_MAX = 3;

    private static final int BODY = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int ONCE = BODY + ChangeEncoder.onceEncodingOffset();

    /** What is no change. */
    static final int READ = 0;

    /** A change: where its message has the epoch. */
    static final int CHANGE = BODY + ChangeEncoder.epochEncodingOffset();

    /** A batch: where its message has the epoch. */
    static final int BATCH = BODY + WriteAllEncoder.epochEncodingOffset();

    static {
        assert ChangeEncoder.onceEncodingOffset() == WriteAllEncoder.onceEncodingOffset();
    }

    /** Told when an operation has ended, by the thread that polls or by the caller's. */
    interface Ended {
        void ended(Operation operation);
    }

    /** Nobody wants to be told. */
    static final Ended NOBODY = operation -> {};

    private final ClusterStore store;
    private final Call call;
    private final ClientLease.Number number = new ClientLease.Number();
    private final ExactlyOnceEncoder once = new ExactlyOnceEncoder();
    private final Runnable step = this::step;
    private Ended ended = NOBODY;
    private int table;
    private long hash;
    private int length;

    /** Where the epoch goes; {@link #READ} for none. */
    private int epochAt;

    /** Where it must go whatever the map says; NONE for the owner of {@link #hash}. */
    private ServerId fixed;

    private ServerId redirectedTo;
    private long deadline;

    /** Under which epoch of the tablet it was asked for last; 0 for never. */
    private long epochAsked;

    private int attempts;
    private int redirects;
    private boolean maybeMade;

    /** Whether the reply of the last attempt is the end. */
    private boolean replied;

    private long newsBefore;

    /** Tells one operation from the next. */
    private long serial;

    private boolean awaitsNumber;
    private Status status;
    private volatile boolean done = true;

    Operation(ClusterStore store) {
        this.store = store;
        call = store.rpc().newCall();
    }

    /** Where to encode the request. */
    MutableDirectBuffer request(int bytes) {
        assert done;
        return call.request(bytes);
    }

    /** The call, for its reply, when it is done. */
    Call call() {
        return call;
    }

    /**
     * Begins: the request has {@code length} bytes and is for the owner of {@code hash}.
     *
     * @param epochAt {@link #CHANGE} or {@link #BATCH} for a change, whose message has places for
     *     its number and its epoch; else {@link #READ}
     * @param server who alone is to be asked, unless that is NONE
     */
    void start(int table, long hash, int length, int epochAt, ServerId server, Ended ended) {
        this.table = table;
        this.hash = hash;
        this.length = length;
        this.epochAt = epochAt;
        this.fixed = server;
        this.ended = ended;
        redirectedTo = ServerId.NONE;
        deadline = store.rpc().now() + store.options().timeoutNanos();
        attempts = 0;
        epochAsked = 0;
        redirects = 0;
        maybeMade = false;
        replied = false;
        newsBefore = store.routes().answers();
        serial++;
        awaitsNumber = false;
        status = null;
        done = false;
        store.countOperation();
        step();
    }

    /** Also ends when the Rpc is closed, for then nobody answers any more. */
    private void step() {
        long left = deadline - store.rpc().now();
        if (left <= 0 || store.rpc().isClosed()) {
            end(Status.TIMED_OUT);
            return;
        }
        ClusterMap map = store.routes().map();
        ClusterMap.Server server = server(map);
        if (server == null) {
            return;
        }
        if (epochAt != READ && (isTooLate(map) || !named())) {
            return;
        }
        attempts++;
        if (attempts > 1) {
            store.countRetry();
        }
        redirectedTo = ServerId.NONE;
        call.start(
                store.rpc().peer(server.address()),
                server.id().packed(),
                length,
                Math.min(left, store.options().attemptNanos()),
                each -> answered());
    }

    /** Whom to ask; null when that is not known yet, or the operation has ended. */
    private ClusterMap.Server server(ClusterMap map) {
        ServerId owner = redirectedTo;
        if (owner.equals(ServerId.NONE)) {
            owner = fixed;
            if (table != 0 && !fixed.equals(ServerId.NONE) && isDropped(map)) {
                giveUp(Status.NO_SUCH_TABLE);
                return null;
            }
        }
        if (owner.equals(ServerId.NONE)) {
            ClusterMap.Tablet tablet = map.tablet(table, hash);
            boolean known = tablet != null && tablet.state() != ClusterMap.TabletState.LOST;
            if (!known && hasNews()) {
                giveUp(tablet == null ? Status.NO_SUCH_TABLE : Status.UNAVAILABLE);
                return null;
            }
            owner = known ? tablet.owner() : ServerId.NONE;
        }
        ClusterMap.Server server = map.server(owner);
        if (server != null && server.up()) {
            return server;
        }
        if (hasNews() && redirectedTo.equals(ServerId.NONE)) {
            giveUp(Status.UNAVAILABLE);
        } else {
            redirectedTo = ServerId.NONE;
            store.routes().refresh(step);
        }
        return null;
    }

    /**
     * Whether the tablet has lost what the owner that may have made this change remembered of it,
     * so that nobody can say whether it was made, and it must not be made again; or whether the map
     * has to say first that it has not, and then this comes back here.
     */
    private boolean isTooLate(ClusterMap map) {
        ClusterMap.Tablet tablet = map.tablet(table, hash);
        boolean isRedirected = !redirectedTo.equals(ServerId.NONE);
        long epoch = isRedirected ? call.epoch() : tablet.epoch();
        if (maybeMade && epoch != epochAsked) {
            if (isRedirected || epoch < epochAsked) {
                redirectedTo = ServerId.NONE;
                store.routes().refresh(() -> pause(0));
                return true;
            }
            if (epochAsked < tablet.since()) {
                end(Status.TIMED_OUT);
                return true;
            }
        }
        epochAsked = epoch;
        return false;
    }

    /** Whether there is no such table any more; one server alone may not have heard of it yet. */
    private boolean isDropped(ClusterMap map) {
        return hasNews() && map.tablet(table, hash) == null;
    }

    /** Whether the map is at least as new as this operation. */
    private boolean hasNews() {
        return store.routes().answers() != newsBefore;
    }

    /** Whether the change has its number; else it comes back here when there is one. */
    private boolean named() {
        if (number.request == 0) {
            if (!take()) {
                return false;
            }
        } else if (!store.lease().update(number)) {
            leaseIsOver();
            return false;
        }
        once.wrap(call.request(length), ONCE)
                .lease(number.lease)
                .leaseExpiry(number.expiry)
                .request(number.request)
                .firstUnanswered(number.firstUnanswered);
        call.request(length).putLong(epochAt, epochAsked, ChangeEncoder.BYTE_ORDER);
        return true;
    }

    /**
     * Takes a number. Where there is none this goes on when there may be one, or when the time of
     * the operation is over, whichever comes first; what comes second finds that it is late.
     */
    private boolean take() {
        long waited = serial;
        awaitsNumber = true;
        if (store.lease().take(number, () -> goOn(waited))) {
            awaitsNumber = false;
            return true;
        }
        store.rpc().after(deadline - store.rpc().now(), () -> goOn(waited));
        return false;
    }

    private void goOn(long waited) {
        if (serial == waited && awaitsNumber) {
            awaitsNumber = false;
            step();
        }
    }

    private void leaseIsOver() {
        number.request = 0;
        if (maybeMade) {
            end(Status.TIMED_OUT);
        } else {
            pause(0);
        }
    }

    private void answered() {
        Status answer = call.status();
        // One answer says what became of one message: those sent before may have been served.
        boolean severalSent = call.wasSentAgain();
        switch (answer) {
            case MOVED -> {
                store.countRedirect();
                maybeMade |= severalSent;
                redirected();
            }
            case TIMED_OUT -> {
                maybeMade |= call.wasSent();
                refetch();
            }
            case WRONG_SERVER, NOT_A_MEMBER, NO_SUCH_TABLE, UNAVAILABLE -> {
                maybeMade |= severalSent;
                refetch();
            }
            case RETRY_LATER, BUSY, SBE_UNKNOWN, NULL_VAL -> {
                maybeMade |= severalSent;
                pause(call.retryNanos());
            }
            case LEASE_EXPIRED -> {
                maybeMade |= severalSent;
                store.lease().expired(number.lease);
                leaseIsOver();
            }
            default -> {
                replied = true;
                end(answer);
            }
        }
    }

    private void redirected() {
        ServerId owner = ServerId.of(call.owner());
        redirects++;
        if (redirects > REDIRECTS_MAX) {
            store.routes().refresh(() -> pause(0));
        } else if (store.routes().map().server(owner) == null) {
            refetch();
        } else {
            redirectedTo = owner;
            store.routes().refresh(() -> {});
            step();
        }
    }

    /** Fetches the map and goes on, not at once if it has come to this before. */
    private void refetch() {
        if (attempts > 1) {
            store.routes().refresh(() -> pause(0));
        } else {
            store.routes().refresh(step);
        }
    }

    /** Goes on after {@code nanos}, or a while that grows with the attempts. */
    private void pause(long nanos) {
        long pause = nanos;
        if (pause == 0) {
            long most = Math.min(PAUSE_NANOS_MIN << Math.min(attempts, 20), PAUSE_NANOS_MAX);
            pause = most / 2 + store.random(most / 2 + 1);
        }
        store.rpc().after(pause, step);
    }

    /**
     * Ends because there is nobody to ask. An attempt before may have met somebody, and others may
     * have seen what it did.
     */
    private void giveUp(Status why) {
        end(maybeMade ? Status.TIMED_OUT : why);
    }

    private void end(Status how) {
        status = how;
        if (isUnknown()) {
            store.countUnknown();
        }
        if (number.request != 0) {
            // Nobody asks again: its result need not be remembered.
            store.lease().answered(number);
        }
        Ended told = ended;
        done = true;
        store.rpc().wake(this);
        told.ended(this);
    }

    @Override
    public boolean isDone() {
        return done;
    }

    /** How it ended; TIMED_OUT also when the lease was over. */
    Status status() {
        assert done;
        return status;
    }

    /** Whether nobody knows if the change was made. */
    boolean isUnknown() {
        return status == Status.TIMED_OUT && maybeMade && epochAt != READ;
    }

    /** Whether somebody may have served it although it did not end with OK. */
    boolean mayHaveBeenMade() {
        return maybeMade;
    }

    /** Whether the call has the reply of the last attempt, and that is how it ended. */
    boolean hasReply() {
        return replied && call.hasReply();
    }

    void close() {
        call.close();
    }
}
