package io.silkstone.rpc;

import io.silkstone.rpc.messages.Status;
import java.util.ArrayList;
import java.util.List;

/**
 * The coordinator that leads, wherever it is. Who asks somebody else is told where to go, and comes
 * here again: servers and followers answer NOT_LEADER with an address. Threads: any.
 */
public final class Leader {
    /** How long one that was asked may be silent before another one is. */
    private static final long PATIENCE_NANOS = 500_000_000;

    private static final long PAUSE_NANOS = 20_000_000;

    /**
     * So often in a row nobody answers over a session until another is opened: a transport may take
     * half a minute to notice that the other side was killed, and a lease does not last that long.
     */
    private static final int SILENCES_MAX = 3;

    private final Rpc rpc;
    private final List<String> seeds;
    private volatile String address;
    private int next;
    private int silences;
    private String silent = "";

    /**
     * To be found by way of {@code seeds}, of which at least one must know or be it.
     *
     * @throws IllegalArgumentException when there are none
     */
    public Leader(Rpc rpc, List<String> seeds) {
        if (seeds.isEmpty()) {
            throw new IllegalArgumentException("there is no address of a coordinator");
        }
        this.rpc = rpc;
        this.seeds = List.copyOf(seeds);
        address = seeds.getFirst();
    }

    /** Where it was last seen or is looked for. */
    public String address() {
        return address;
    }

    /** Somebody who knows, most likely itself, says that it is at {@code place}. */
    public void isAt(String place) {
        if (isAddress(place)) {
            address = place;
        }
    }

    /**
     * Sends the request that is in {@code call} to the leader, and again until it was answered by
     * it or the time is over, or the Rpc is closed: coordinators serve each request twice as well
     * as once.
     *
     * @param completion told by the thread that polls; the status is neither NOT_LEADER nor
     *     RETRY_LATER nor BUSY, but may be TIMED_OUT
     */
    public void start(Call call, int length, long timeoutNanos, Completion completion) {
        new Attempt(call, length, rpc.now() + timeoutNanos, completion).begin();
    }

    private final class Attempt {
        private final Call call;
        private final int length;
        private final long deadline;
        private final Completion completion;
        private String asked;
        private int redirections;

        private Attempt(Call call, int length, long deadline, Completion completion) {
            this.call = call;
            this.length = length;
            this.deadline = deadline;
            this.completion = completion;
        }

        private void begin() {
            asked = address;
            long left = Math.max(1_000, deadline - rpc.now());
            call.start(rpc.peer(asked), 0, length, Math.min(left, PATIENCE_NANOS), each -> ended());
        }

        private void ended() {
            Status status = call.status();
            heard(asked, status != Status.TIMED_OUT);
            // A closed Rpc sends nothing, so nobody will answer; what waits for it is to end soon.
            boolean over = rpc.now() - deadline >= 0 || rpc.isClosed();
            if (status == Status.NOT_LEADER && !over) {
                redirected(call.text());
            } else if (status == Status.UNKNOWN_REQUEST && !over) {
                // Not a coordinator, and too young to know of one.
                redirected("");
            } else if (status == Status.TIMED_OUT && !over) {
                lookElsewhere(asked);
                begin();
            } else if ((status == Status.RETRY_LATER || status == Status.BUSY) && !over) {
                rpc.after(Math.max(call.retryNanos(), PAUSE_NANOS), this::begin);
            } else {
                completion.done(call);
            }
        }

        /** The first redirection is followed at once; where it is not known yet, after a pause. */
        private void redirected(String leader) {
            if (leader.isEmpty() || leader.equals(asked) || !isAddress(leader)) {
                lookElsewhere(asked);
                rpc.after(PAUSE_NANOS, this::begin);
            } else {
                address = leader;
                rpc.after(redirections++ == 0 ? 0 : PAUSE_NANOS, this::begin);
            }
        }
    }

    private boolean isAddress(String word) {
        try {
            rpc.peer(word);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private synchronized void heard(String asked, boolean answered) {
        silences = answered ? 0 : asked.equals(silent) ? silences + 1 : 1;
        silent = asked;
        Peer peer = rpc.peer(asked);
        // One that is still being opened has a limit of its own.
        if (silences >= SILENCES_MAX && peer.isOpen()) {
            silences = 0;
            peer.disconnect();
        }
    }

    /** {@code asked} is of no use just now. */
    private synchronized void lookElsewhere(String asked) {
        if (!asked.equals(address)) {
            return;
        }
        List<String> others = new ArrayList<>(seeds);
        others.remove(asked);
        others.removeIf(seed -> !isAddress(seed));
        if (!others.isEmpty()) {
            address = others.get(next++ % others.size());
        }
    }
}
