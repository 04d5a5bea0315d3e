package io.silkstone.client;

import io.silkstone.rpc.Call;
import io.silkstone.rpc.Leader;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.CloseLeaseEncoder;
import io.silkstone.rpc.messages.LeaseDecoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.OpenLeaseEncoder;
import io.silkstone.rpc.messages.RenewClientLeaseEncoder;
import io.silkstone.rpc.messages.Status;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * This client's lease, and the numbers of its changes under it (RIFL, SOSP'15, sections 3 and 4). A
 * server remembers the result of a change until the client says that it knows it, by the lowest
 * number that is still unanswered, or until the lease is over. So that this number is never far
 * behind, at most {@link #WINDOW} changes are unanswered at a time; others wait.
 *
 * <p>Threads: any. One lock, held for some nanoseconds.
 */
final class ClientLease {
    /** As many as a server remembers of one lease. */
    static final int WINDOW = 512;

    private static final long LEADER_NANOS = 5_000_000_000L;
    private static final long PAUSE_NANOS = 50_000_000;
    private static final int REQUEST_BYTES_MAX = 128;
    private static final long CLOSE_NANOS = 1_000_000_000;

    private final Rpc rpc;
    private final Leader leader;
    private final long boot;
    private final Call call;
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final OpenLeaseEncoder open = new OpenLeaseEncoder();
    private final RenewClientLeaseEncoder renew = new RenewClientLeaseEncoder();
    private final CloseLeaseEncoder close = new CloseLeaseEncoder();
    private final LeaseDecoder reply = new LeaseDecoder();
    private final boolean[] unanswered = new boolean[WINDOW];
    private List<Runnable> waiting = new ArrayList<>();
    private long boots;
    private long lease;
    private long expiry;
    private long next = 1;
    private long firstUnanswered = 1;

    private Keeping keeping = Keeping.NOT;

    /** How often the coordinator was asked: what was to be done before the last time is not. */
    private long asked;

    private boolean closed;

    /** What is done for the lease. */
    private enum Keeping {
        /** Nothing: there is none, and nobody wants one. */
        NOT,
        /** The coordinator is being asked. */
        ASKING,
        /** It is asked again in a moment. */
        PAUSE,
        /** It is asked again when half of the time is over, or sooner if there is no lease. */
        RENEWAL
    }

    /** What the next change is called. One a change; filled by {@link #take}. */
    static final class Number {
        long lease;
        long expiry;
        long request;
        long firstUnanswered;
    }

    ClientLease(Rpc rpc, Leader leader, RandomGenerator random) {
        this.rpc = rpc;
        this.leader = leader;
        boot = random.nextLong();
        call = rpc.newCall();
    }

    /**
     * Gives a number to a change.
     *
     * @param then run by the thread that polls when it is worth trying again
     * @return false when there is none now
     */
    boolean take(Number number, Runnable then) {
        boolean begin;
        synchronized (this) {
            if (lease != 0 && next - firstUnanswered < WINDOW) {
                number.lease = lease;
                number.expiry = expiry;
                number.request = next;
                number.firstUnanswered = firstUnanswered;
                unanswered[(int) (next % WINDOW)] = true;
                next++;
                return true;
            }
            waiting.add(then);
            begin = lease == 0 && !closed && (keeping == Keeping.NOT || keeping == Keeping.RENEWAL);
            keeping = begin ? Keeping.ASKING : keeping;
        }
        if (begin) {
            ask();
        }
        return false;
    }

    /**
     * Brings the rest of {@code number} up to date before the change is asked for again.
     *
     * @return false when its lease is over: nobody knows any more whether it was made
     */
    synchronized boolean update(Number number) {
        if (number.lease != lease) {
            return false;
        }
        number.expiry = expiry;
        number.firstUnanswered = firstUnanswered;
        return true;
    }

    /** The change has its answer, or nobody will ask for it again. */
    void answered(Number number) {
        List<Runnable> told = List.of();
        synchronized (this) {
            if (number.lease == lease && number.request >= firstUnanswered) {
                unanswered[(int) (number.request % WINDOW)] = false;
                while (firstUnanswered < next && !unanswered[(int) (firstUnanswered % WINDOW)]) {
                    firstUnanswered++;
                }
            }
            number.request = 0;
            if (!waiting.isEmpty() && lease != 0 && next - firstUnanswered < WINDOW) {
                told = waiting;
                waiting = new ArrayList<>();
            }
        }
        told.forEach(Runnable::run);
    }

    /** A server says that {@code expired} is over: the next change asks for another. */
    synchronized void expired(long expired) {
        if (lease == expired) {
            lease = 0;
        }
    }

    private void ask() {
        long held;
        synchronized (this) {
            held = lease;
            boots += held == 0 ? 1 : 0;
            keeping = Keeping.ASKING;
            asked++;
        }
        int length;
        if (held != 0) {
            renew.wrapAndApplyHeader(call.request(REQUEST_BYTES_MAX), 0, header).lease(held);
            length = renew.encodedLength();
        } else {
            open.wrapAndApplyHeader(call.request(REQUEST_BYTES_MAX), 0, header).boot(boot + boots);
            length = open.encodedLength();
        }
        leader.start(
                call,
                MessageHeaderEncoder.ENCODED_LENGTH + length,
                LEADER_NANOS,
                each -> answeredByLeader());
    }

    /** Goes on for as long as there is a lease, or somebody who wants one. */
    private void answeredByLeader() {
        List<Runnable> told;
        long pause = PAUSE_NANOS;
        synchronized (this) {
            if (call.status() == Status.OK && call.hasReply()) {
                pause = Math.max(pause, granted());
            } else if (call.status() == Status.LEASE_EXPIRED) {
                lease = 0;
            }
            boolean wanted = !closed && (lease != 0 || !waiting.isEmpty());
            keeping =
                    !wanted ? Keeping.NOT : pause == PAUSE_NANOS ? Keeping.PAUSE : Keeping.RENEWAL;
            told = waiting;
            waiting = new ArrayList<>();
            if (wanted) {
                long turn = asked;
                rpc.after(pause, () -> askAgain(turn));
            }
        }
        told.forEach(Runnable::run);
    }

    /** Asks, unless that was done since. */
    private void askAgain(long turn) {
        synchronized (this) {
            if (closed || turn != asked || keeping == Keeping.ASKING) {
                return;
            }
            keeping = Keeping.ASKING;
        }
        ask();
    }

    /** Takes the lease over, and returns when to renew it. */
    private long granted() {
        reply.wrap(call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
        if (lease != reply.lease()) {
            lease = reply.lease();
            next = 1;
            firstUnanswered = 1;
            Arrays.fill(unanswered, false);
        }
        expiry = reply.expiry();
        long millisLeft = Math.max(0, expiry - reply.clusterMillis());
        return TimeUnit.MILLISECONDS.toNanos(millisLeft) / 2;
    }

    /** Gives the lease back, so that servers may forget the results; tries once. */
    void close() {
        long held;
        synchronized (this) {
            closed = true;
            held = lease;
            lease = 0;
        }
        if (held != 0) {
            Call last = rpc.newCall();
            close.wrapAndApplyHeader(last.request(REQUEST_BYTES_MAX), 0, header).lease(held);
            int length = MessageHeaderEncoder.ENCODED_LENGTH + close.encodedLength();
            leader.start(last, length, CLOSE_NANOS, Call::close);
        }
    }
}
