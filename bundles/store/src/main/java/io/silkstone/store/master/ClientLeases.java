package io.silkstone.store.master;

import io.silkstone.rpc.Call;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.CheckLeaseEncoder;
import io.silkstone.rpc.messages.LeaseDecoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.store.Store;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.LongHashSet;

/**
 * Whether the lease of a client that wants something changed still holds (RIFL, SOSP'15, section
 * 4.3). The results of requests under it are forgotten when it is over; a message that was under
 * way all the time must not find that out by being done again.
 *
 * <p>A request says until when its lease holds at least. As long as the coordinator's clock cannot
 * be past that, nothing needs to be asked. Afterwards the coordinator is, once for all requests of
 * the lease, which are put off meanwhile.
 *
 * <p>Threads: the one that polls.
 */
final class ClientLeases {
    private static final long ASK_NANOS = 1_000_000_000;

    /** How often leases are looked through for those that are over. */
    private static final long LOOK_NANOS = 1_000_000_000;

    /** How many leases that are over are known without asking. */
    private static final int OVER_MAX = 10_000;

    private static final int REQUEST_BYTES = 256;
    private static final long UNHEARD_OF = 0;

    /** What is known of a lease. */
    enum Verdict {
        ALIVE,
        /** Ask again in a moment. */
        PUT_OFF,
        OVER
    }

    private final Store store;
    private final Membership membership;
    private final Rpc rpc;

    /** Until when leases hold, as far as anybody has said; in the coordinator's milliseconds. */
    private final Long2LongHashMap expiries = new Long2LongHashMap(UNHEARD_OF);

    private final LongHashSet asking = new LongHashSet();
    private final LongHashSet over = new LongHashSet();
    private long lookedAt;

    ClientLeases(Store store, Membership membership, Rpc rpc) {
        this.store = store;
        this.membership = membership;
        this.rpc = rpc;
        lookedAt = rpc.now();
    }

    /** Judges {@code lease}, of which a request says that it holds until {@code expiry}. */
    Verdict judge(long lease, long expiry) {
        long now = membership.clusterMillisAtLeast();
        long known = expiries.get(lease);
        if (Long.compareUnsigned(expiry, known) > 0) {
            if (over.contains(lease)) {
                return Verdict.OVER;
            }
            known = expiry;
            expiries.put(lease, known);
        }
        // The clock may be ahead of what is known of it: what is over is asked about a little late,
        // and never judged without asking.
        if (known > now) {
            return Verdict.ALIVE;
        }
        if (over.contains(lease)) {
            return Verdict.OVER;
        }
        ask(lease);
        return Verdict.PUT_OFF;
    }

    private void ask(long lease) {
        if (!asking.add(lease)) {
            return;
        }
        Call call = rpc.newCall();
        CheckLeaseEncoder request = new CheckLeaseEncoder();
        request.wrapAndApplyHeader(call.request(REQUEST_BYTES), 0, new MessageHeaderEncoder())
                .lease(lease);
        membership
                .leader()
                .start(
                        call,
                        MessageHeaderEncoder.ENCODED_LENGTH + request.encodedLength(),
                        ASK_NANOS,
                        each -> answered(lease, each));
    }

    private void answered(long lease, Call call) {
        asking.remove(lease);
        if (call.status() == Status.OK && call.hasReply()) {
            LeaseDecoder reply = new LeaseDecoder();
            reply.wrap(
                    call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
            expiries.put(lease, reply.expiry());
        } else if (call.status() == Status.LEASE_EXPIRED) {
            over.add(lease);
            expiries.remove(lease);
            store.forgetLease(lease);
        }
        call.close();
    }

    /** Asks about leases that may be over, so that their results do not stay for ever. */
    void look() {
        long now = rpc.now();
        if (now - lookedAt < LOOK_NANOS) {
            return;
        }
        lookedAt = now;
        long clusterMillis = membership.clusterMillisAtLeast();
        if (clusterMillis == 0) {
            return;
        }
        LongHashSet remembered = new LongHashSet();
        for (long lease : store.leases()) {
            remembered.add(lease);
            if (expiries.get(lease) <= clusterMillis && !over.contains(lease)) {
                ask(lease);
            }
        }
        // Of what has no results nothing needs to be known: the coordinator can be asked again.
        expiries.entrySet()
                .removeIf(
                        each ->
                                each.getValue() <= clusterMillis
                                        && !remembered.contains(each.getKey().longValue()));
        if (over.size() > OVER_MAX) {
            over.clear();
        }
    }
}
