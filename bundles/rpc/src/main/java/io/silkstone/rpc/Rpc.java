package io.silkstone.rpc;

import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Session.Sent;
import io.silkstone.api.transport.Transport;
import io.silkstone.base.NanoClock;
import io.silkstone.rpc.messages.ChangeReplyDecoder;
import io.silkstone.rpc.messages.ClusterMapDecoder;
import io.silkstone.rpc.messages.DoneDecoder;
import io.silkstone.rpc.messages.EnlistedDecoder;
import io.silkstone.rpc.messages.LeaseDecoder;
import io.silkstone.rpc.messages.LeaseRenewedDecoder;
import io.silkstone.rpc.messages.LoadDecoder;
import io.silkstone.rpc.messages.MessageHeaderDecoder;
import io.silkstone.rpc.messages.MigrationPreparedDecoder;
import io.silkstone.rpc.messages.MultiReadReplyDecoder;
import io.silkstone.rpc.messages.PassBegunDecoder;
import io.silkstone.rpc.messages.PulledDecoder;
import io.silkstone.rpc.messages.ReadReplyDecoder;
import io.silkstone.rpc.messages.RefusalDecoder;
import io.silkstone.rpc.messages.ReplicaListDecoder;
import io.silkstone.rpc.messages.ReplyHeaderDecoder;
import io.silkstone.rpc.messages.RequestHeaderDecoder;
import io.silkstone.rpc.messages.ScanReplyDecoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.rpc.messages.UsageDecoder;
import io.silkstone.rpc.messages.WriteAllReplyDecoder;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One process's requests to others and theirs to it, over one {@link Transport}.
 *
 * <p><b>What is promised.</b> A {@link Call} ends with one reply or, when its time is over or the
 * other process has certainly ended, with TIMED_OUT. The transport may lose messages, bring them
 * twice or late: so a request is sent again until there is a reply, more and more seldom, over a
 * new session where the old one broke; the other side may serve it once for each time that it was
 * sent, at last long after the caller has given up. Services are written for that. A message that
 * comes twice over one session is served once ({@link Copies}), so a refusal speaks for all of a
 * request that was sent once. A reply is taken once; what comes later is counted and dropped.
 *
 * <p><b>Polling.</b> Everything that comes from others is handled within {@link #poll}, by whoever
 * calls it; of several at a time one does, and the others return at once. In a node that is a
 * poller of the thread runtime's cores, in a plain client the threads that wait ({@link Patience}).
 *
 * <p><b>Services</b> of short requests run right there, one after the other: a user thread for each
 * would cost more than the request. Those that may wait have a thread each: {@link RequestQueue}.
 *
 * <p><b>Bounds.</b> Calls, waiting requests, threads and unsent replies each have a limit (see
 * {@link RpcOptions}); a request beyond is refused with BUSY and advice, a reply beyond is dropped,
 * for the caller will ask again.
 */
public final class Rpc implements AutoCloseable {
    /** The longest time between two attempts of one call. */
    static final long RESEND_NANOS_MAX = 4_000_000_000L;

    /**
     * How often calls are looked at, and so how soon one that did not fit into its session is tried
     * again: small against any resend, large against a poll.
     */
    static final long LOOK_NANOS = 200_000;

    /** A conversation goes on for so long after its last message. */
    static final long TALK_NANOS = 2_000_000;

    /** How many messages are handled in one poll. */
    private static final int MESSAGES_PER_POLL = 64;

    /** How many unsent replies are tried again in one poll. */
    private static final int UNSENT_PER_POLL = 64;

    /** What an unsent reply takes besides its bytes. */
    private static final int UNSENT_OVERHEAD_BYTES = 256;

    /** The largest number of a kind of message. */
    private static final int TEMPLATES_MAX = 1_024;

    private static final int ALIGNMENT = 8;
    private static final Logger LOG = System.getLogger(Rpc.class.getName());

    /** The kinds of messages that begin with a replyHeader. */
    static final BitSet REPLIES = new BitSet();

    static {
        REPLIES.set(RefusalDecoder.TEMPLATE_ID);
        REPLIES.set(DoneDecoder.TEMPLATE_ID);
        REPLIES.set(EnlistedDecoder.TEMPLATE_ID);
        REPLIES.set(LeaseRenewedDecoder.TEMPLATE_ID);
        REPLIES.set(ClusterMapDecoder.TEMPLATE_ID);
        REPLIES.set(LeaseDecoder.TEMPLATE_ID);
        REPLIES.set(ReadReplyDecoder.TEMPLATE_ID);
        REPLIES.set(ChangeReplyDecoder.TEMPLATE_ID);
        REPLIES.set(MultiReadReplyDecoder.TEMPLATE_ID);
        REPLIES.set(WriteAllReplyDecoder.TEMPLATE_ID);
        REPLIES.set(ScanReplyDecoder.TEMPLATE_ID);
        REPLIES.set(UsageDecoder.TEMPLATE_ID);
        REPLIES.set(MigrationPreparedDecoder.TEMPLATE_ID);
        REPLIES.set(PulledDecoder.TEMPLATE_ID);
        REPLIES.set(PassBegunDecoder.TEMPLATE_ID);
        REPLIES.set(ReplicaListDecoder.TEMPLATE_ID);
        REPLIES.set(LoadDecoder.TEMPLATE_ID);
    }

    /** A kind of request: who serves it, and how. */
    record Kind(Service service, boolean mayWait, int level) {}

    private record Unsent(Session session, MemorySegment message, long deadline) {}

    private record Timer(long at, long number, Runnable task) implements Comparable<Timer> {
        @Override
        public int compareTo(Timer other) {
            long later = at - other.at;
            return Long.signum(later == 0 ? number - other.number : later);
        }
    }

    private final RpcOptions options;
    private final NanoClock clock;
    private final Patience patience;
    private final RandomGenerator random;
    private final RequestQueue queue;
    private final AtomicReferenceArray<Kind> kinds = new AtomicReferenceArray<>(TEMPLATES_MAX);
    private final AtomicReferenceArray<Kind> otherwise = new AtomicReferenceArray<>(TEMPLATES_MAX);
    private final AtomicReferenceArray<Call> calls;
    private final Map<String, Peer> peers = new ConcurrentHashMap<>();
    private final AtomicBoolean polling = new AtomicBoolean();

    /** Threads in {@link #await}. */
    private final AtomicInteger awaiting = new AtomicInteger();

    private final ReentrantLock unsentLock = new ReentrantLock();
    private final Queue<Unsent> unsent = new ArrayDeque<>();
    private final ReentrantLock timersLock = new ReentrantLock();
    private final Queue<Timer> timers = new PriorityQueue<>();
    private final Incoming incoming = new Incoming();
    private final Copies copies = new Copies();
    private final Request request = new Request(this);
    private volatile Transport transport;
    private volatile long cluster;
    private volatile long server;
    private volatile boolean hasUnsent;
    private volatile boolean lookSoon;
    private volatile long talksUntil;
    private volatile boolean closed;
    private volatile boolean faultLogged;
    private volatile boolean malformedLogged;
    private long unsentBytes;
    private long timersMade;
    private volatile int callsUsed;
    private long lookedAt;

    /** Written by the thread that polls; others may see it late. */
    private long messages;

    private final Counter callsCounter;
    private final Counter resent;
    private final Counter timedOut;
    private final Counter late;
    private final Counter served;
    private final Counter malformed;
    private final Counter unknown;
    private final Counter misdirected;
    private final Counter busy;
    private final Counter expired;
    private final Counter failed;
    private final Counter dropped;
    private final Counter repeated;

    /**
     * Over {@code transport}, which stays the caller's to close, after this.
     *
     * @param runtime has the threads of services that may wait; null where nothing is served
     * @param patience how this process's threads wait for calls
     * @param random for numbers that are unlike those of other processes
     */
    public Rpc(
            Transport transport,
            RpcOptions options,
            NanoClock clock,
            ThreadRuntime runtime,
            Patience patience,
            RandomGenerator random,
            MetricRegistry metrics) {
        this.transport = transport;
        this.options = options;
        this.clock = clock;
        this.patience = patience;
        this.random = random;
        calls = new AtomicReferenceArray<>(options.callsMax());
        queue = runtime == null ? null : new RequestQueue(this, runtime, options);
        callsCounter = metrics.counter(RpcMetrics.CALLS);
        resent = metrics.counter(RpcMetrics.RESENT);
        timedOut = metrics.counter(RpcMetrics.TIMED_OUT);
        late = metrics.counter(RpcMetrics.LATE);
        served = metrics.counter(RpcMetrics.SERVED);
        malformed = metrics.counter(RpcMetrics.MALFORMED);
        unknown = metrics.counter(RpcMetrics.UNKNOWN);
        misdirected = metrics.counter(RpcMetrics.MISDIRECTED);
        busy = metrics.counter(RpcMetrics.BUSY);
        expired = metrics.counter(RpcMetrics.EXPIRED);
        failed = metrics.counter(RpcMetrics.FAILED);
        dropped = metrics.counter(RpcMetrics.DROPPED);
        repeated = metrics.counter(RpcMetrics.REPEATED);
        lookedAt = clock.nanoTime();
        talksUntil = lookedAt;
    }

    /**
     * Who this process is from now on: requests that mean somebody else are refused.
     *
     * @param cluster 0 while it belongs to none
     * @param server 0 while it is no server
     */
    public void identity(long cluster, long server) {
        this.cluster = cluster;
        this.server = server;
    }

    /**
     * Has {@code service} serve requests of the kind {@code templateId} within {@link #poll}: in a
     * few microseconds and without waiting for anything.
     */
    public void serve(int templateId, Service service) {
        kinds.set(templateId, new Kind(service, false, 0));
    }

    /**
     * Has {@code service} serve requests of the kind {@code templateId} in threads of their own.
     *
     * @param level one more than the highest level of the requests that it makes, 0 for none
     */
    public void serveWaiting(int templateId, int level, Service service) {
        assert level <= RequestQueue.LEVEL_MAX;
        assert queue != null;
        kinds.set(templateId, new Kind(service, true, level));
    }

    /**
     * As {@link #serve}, as long as nothing else in this process serves that kind: what a server
     * says to those who take it for the coordinator, unless that is here too.
     */
    public void serveOtherwise(int templateId, Service service) {
        otherwise.set(templateId, new Kind(service, false, 0));
    }

    /** Ends {@link #serve} or {@link #serveWaiting}; requests under way end. */
    public void serveNoMore(int templateId) {
        kinds.set(templateId, null);
    }

    /** Ends {@link #serveOtherwise}. */
    public void serveOtherwiseNoMore(int templateId) {
        otherwise.set(templateId, null);
    }

    private Kind kindOf(int templateId) {
        if (templateId >= TEMPLATES_MAX) {
            return null;
        }
        Kind kind = kinds.get(templateId);
        return kind == null ? otherwise.get(templateId) : kind;
    }

    /**
     * A new call.
     *
     * @throws IllegalStateException when all are in use
     */
    public synchronized Call newCall() {
        for (int slot = 0; slot < options.callsMax(); slot++) {
            if (calls.get(slot) == null) {
                long first = slot + (random.nextLong() >>> 24) * Call.PLACES;
                Call call = new Call(this, slot, first);
                calls.set(slot, call);
                callsUsed = Math.max(callsUsed, slot + 1);
                return call;
            }
        }
        throw new IllegalStateException(
                "all " + options.callsMax() + " calls are in use; raise calls.max");
    }

    void ended(Call call, int slot) {
        calls.compareAndSet(slot, call, null);
    }

    /**
     * The process at {@code address}; the same for the same address.
     *
     * @throws IllegalArgumentException when that is no address of the transport's
     */
    public Peer peer(String address) {
        Peer known = peers.get(address);
        if (known != null) {
            return known;
        }
        Peer fresh = new Peer(this, address);
        fresh.connect();
        Peer first = peers.putIfAbsent(address, fresh);
        if (first != null) {
            fresh.disconnect();
        }
        return first == null ? fresh : first;
    }

    /** Closes the session to {@code peer}, which is not needed any more. */
    public void forget(Peer peer) {
        peers.remove(peer.address(), peer);
        peer.disconnect();
    }

    /** Waits until {@code result} is done. Not within {@link #poll}. */
    public void await(Waitable result) {
        awaiting.incrementAndGet();
        try {
            patience.await(this, result);
        } finally {
            awaiting.decrementAndGet();
        }
    }

    /** Wakes who waits for {@code result}, which is done. */
    public void wake(Waitable result) {
        patience.wake(result);
    }

    /**
     * Has {@code task} run by the thread that polls, not before {@code nanos} have passed. For what
     * is seldom: it allocates.
     */
    public void after(long nanos, Runnable task) {
        timersLock.lock();
        try {
            timers.add(new Timer(clock.nanoTime() + Math.max(1, nanos), timersMade++, task));
        } finally {
            timersLock.unlock();
        }
    }

    private Timer nextDue(long now) {
        timersLock.lock();
        try {
            Timer next = timers.peek();
            return next == null || next.at - now > 0 ? null : timers.remove();
        } finally {
            timersLock.unlock();
        }
    }

    /**
     * Goes over to another transport of the same kind: calls under way are sent again over it. When
     * this returns nobody polls the old one any more, which the caller closes. Not within {@link
     * #poll}.
     */
    public void transport(Transport next) {
        transport = next;
        while (!polling.compareAndSet(false, true)) {
            Thread.yield();
        }
        copies.forgetAll();
        polling.set(false);
    }

    /**
     * Handles what has come, and sends again what has to be. Threads: any; one does it at a time.
     *
     * @return how much was done; 0 also when another thread is at it
     */
    public int poll() {
        if (!polling.compareAndSet(false, true)) {
            return 0;
        }
        try {
            long messagesBefore = messages;
            int work = transport.poll(incoming, MESSAGES_PER_POLL);
            if (hasUnsent) {
                work += sendUnsent();
            }
            long now = clock.nanoTime();
            if (messages != messagesBefore) {
                talks(now);
            }
            if (lookSoon || now - lookedAt >= LOOK_NANOS) {
                lookSoon = false;
                lookedAt = now;
                work += lookAtCalls(now);
                for (Timer due = nextDue(now); due != null; due = nextDue(now)) {
                    run(due);
                    work++;
                }
                work += queue == null ? 0 : queue.startSome();
            }
            return work;
        } finally {
            polling.set(false);
        }
    }

    /**
     * How long it takes until {@link #poll} has something to do that nobody sends, as things are
     * now; {@link Long#MAX_VALUE} when there is no such thing. For those who wait between polls.
     */
    public long nanosToNext() {
        long now = clock.nanoTime();
        long next = Long.MAX_VALUE;
        int used = callsUsed;
        for (int slot = 0; slot < used; slot++) {
            Call call = calls.get(slot);
            next = Math.min(next, call == null ? Long.MAX_VALUE : call.nanosToNext(now));
        }
        timersLock.lock();
        try {
            Timer first = timers.peek();
            next = Math.min(next, first == null ? Long.MAX_VALUE : first.at - now);
        } finally {
            timersLock.unlock();
        }
        if (hasUnsent) {
            next = 0;
        }
        if (lookSoon) {
            return 0;
        }
        // What is due is seen when calls and timers are looked at again.
        return next == Long.MAX_VALUE ? next : Math.max(next, lookedAt + LOOK_NANOS - now);
    }

    /** Something has come or gone at {@code now}: an answer or the next request is likely soon. */
    void talks(long now) {
        // Seldom written, for every thread that calls comes here.
        if (talksUntil - now < TALK_NANOS / 2) {
            talksUntil = now + TALK_NANOS;
        }
    }

    /**
     * Whether the next message is likely soon: whoever polls is to sleep as shortly as it can
     * between two looks.
     */
    boolean isTalking() {
        return clock.nanoTime() - talksUntil < 0;
    }

    /** Whether a reply to a call of ours may come at any moment. */
    boolean hasCallsUnderWay() {
        int used = callsUsed;
        for (int slot = 0; slot < used; slot++) {
            Call call = calls.get(slot);
            if (call != null && call.isUnderWay()) {
                return true;
            }
        }
        return false;
    }

    /** How many messages have come: grows while there is anything going on. */
    long messages() {
        return messages;
    }

    private void run(Timer due) {
        try {
            due.task.run();
        } catch (RuntimeException e) {
            failed(e, "what was to be done at a certain time failed");
        }
    }

    private int lookAtCalls(long now) {
        int work = 0;
        int used = callsUsed;
        for (int slot = 0; slot < used; slot++) {
            Call call = calls.get(slot);
            if (call != null && call.advance(now)) {
                work++;
            }
        }
        return work;
    }

    /** What the transport brings. */
    private final class Incoming implements MessageHandler {
        private final UnsafeBuffer message = new UnsafeBuffer(0, 0);
        private final MessageHeaderDecoder header = new MessageHeaderDecoder();
        private final ReplyHeaderDecoder replyHeader = new ReplyHeaderDecoder();

        @Override
        public void onMessage(Session session, MemorySegment memory, long offset, int length) {
            messages++;
            message.wrap(memory.address() + offset, length);
            if (length < Call.BODY
                    || header.wrap(message, 0).schemaId() != MessageHeaderDecoder.SCHEMA_ID
                    || Call.BODY + header.blockLength() > length) {
                malformed.increment();
            } else if (REPLIES.get(header.templateId())) {
                onReply(memory, offset, length);
            } else {
                onRequest(session, memory, offset, length);
            }
        }

        private void onReply(MemorySegment memory, long offset, int length) {
            boolean isRefusal = header.templateId() == RefusalDecoder.TEMPLATE_ID;
            if (header.blockLength() < ReplyHeaderDecoder.ENCODED_LENGTH
                    || length > options.messageBytesMax()
                    || isRefusal && !isWholeRefusal(length)) {
                malformed.increment();
                return;
            }
            long id = replyHeader.wrap(message, Call.BODY).call();
            int place = (int) (id & Call.PLACES - 1);
            Call call = place < calls.length() ? calls.get(place) : null;
            if (call != null && call.expects(id)) {
                call.replied(memory, offset, length);
            } else {
                late.increment();
            }
        }

        /** Calls decode refusals here, where nobody would expect an exception. */
        private boolean isWholeRefusal(int length) {
            int text = Call.BODY + header.blockLength();
            int textBytesOffset = text + RefusalDecoder.textHeaderLength();
            return header.blockLength() >= RefusalDecoder.BLOCK_LENGTH
                    && textBytesOffset <= length
                    && textBytesOffset
                                    + Short.toUnsignedInt(
                                            message.getShort(text, RefusalDecoder.BYTE_ORDER))
                            <= length;
        }

        private void onRequest(Session session, MemorySegment memory, long offset, int length) {
            if (header.blockLength() < RequestHeaderDecoder.ENCODED_LENGTH) {
                malformed.increment();
                return;
            }
            request.wrap(session, memory, offset, length, clock.nanoTime());
            if (!copies.isNew(session, request.call(), request.attempt())) {
                repeated.increment();
                return;
            }
            Kind kind = kindOf(request.templateId());
            // First whom it means: who is that no more may have ended some services already.
            if (request.cluster() != 0 && request.cluster() != cluster) {
                misdirected.increment();
                request.refuse(Status.WRONG_CLUSTER);
            } else if (request.target() != 0 && request.target() != server) {
                misdirected.increment();
                request.refuse(Status.WRONG_SERVER);
            } else if (kind == null) {
                unknown.increment();
                request.refuse(Status.UNKNOWN_REQUEST);
            } else if (length > options.messageBytesMax()) {
                request.refuse(Status.TOO_LARGE);
            } else if (kind.mayWait()) {
                queue.add(kind, request);
            } else {
                serve(kind, request);
            }
        }

        @Override
        public void onClosed(Session session) {
            // A peer finds out when it sends; replies to strangers have nowhere to go.
            copies.forget(session);
        }
    }

    /** Serves a request that has waited, if the caller still does. */
    void serveInTime(Kind kind, Request request) {
        if (clock.nanoTime() - request.deadline() >= 0) {
            expired.increment();
        } else {
            serve(kind, request);
        }
    }

    private void serve(Kind kind, Request request) {
        served.increment();
        try {
            kind.service().serve(request);
        } catch (IndexOutOfBoundsException e) {
            malformed.increment();
            if (!malformedLogged) {
                malformedLogged = true;
                String text = "the first request that cannot be read is of kind ";
                LOG.log(Level.WARNING, text + request.templateId(), e);
            }
            refuseAfter(request, Status.MALFORMED);
        } catch (RuntimeException e) {
            failed(e, "a request of kind " + request.templateId() + " failed");
            refuseAfter(request, Status.RETRY_LATER);
        }
    }

    void completionFailed(RuntimeException e) {
        failed(e, "what was to be done after a call failed");
    }

    private void failed(RuntimeException e, String text) {
        failed.increment();
        if (!faultLogged) {
            faultLogged = true;
            LOG.log(Level.ERROR, text, e);
        }
    }

    private static void refuseAfter(Request request, Status status) {
        if (!request.isAnswered()) {
            request.refuse(status);
        }
    }

    /** Keeps a reply for a session that is full, as long as the caller waits for it. */
    void sendLater(Session session, MemorySegment message, int length, long deadline) {
        unsentLock.lock();
        try {
            if (closed || unsentBytes + length > options.unsentBytesMax()) {
                dropped.increment();
                return;
            }
            MemorySegment copy = Arena.ofAuto().allocate(length, ALIGNMENT);
            MemorySegment.copy(message, 0, copy, 0, length);
            unsent.add(new Unsent(session, copy, deadline));
            unsentBytes += length + UNSENT_OVERHEAD_BYTES;
            hasUnsent = true;
        } finally {
            unsentLock.unlock();
        }
    }

    /** Tries some in turn: that one session is full says nothing of the others. */
    private int sendUnsent() {
        int done = 0;
        long now = clock.nanoTime();
        unsentLock.lock();
        try {
            for (int left = Math.min(unsent.size(), UNSENT_PER_POLL); left > 0; left--) {
                Unsent next = unsent.remove();
                int length = (int) next.message.byteSize();
                boolean wanted = now - next.deadline < 0;
                Sent sent = wanted ? next.session.send(next.message, 0, length) : Sent.CLOSED;
                if (sent == Sent.FULL) {
                    unsent.add(next);
                    continue;
                }
                unsentBytes -= length + UNSENT_OVERHEAD_BYTES;
                done++;
                if (sent == Sent.CLOSED) {
                    dropped.increment();
                }
            }
            hasUnsent = !unsent.isEmpty();
        } finally {
            unsentLock.unlock();
        }
        return done;
    }

    /** The time, by this process's clock. */
    public long now() {
        return clock.nanoTime();
    }

    /**
     * Ends calls to {@code server}, of which somebody else knows that it is down, with TIMED_OUT:
     * soon, by the thread that polls. Threads: any.
     */
    public void giveUpOn(long server) {
        after(
                0,
                () -> {
                    int used = callsUsed;
                    for (int slot = 0; slot < used; slot++) {
                        Call call = calls.get(slot);
                        if (call != null) {
                            call.giveUpOn(server);
                        }
                    }
                });
    }

    /** See {@link Transport#hasEnded}. */
    public boolean hasEnded(String address) {
        return transport.hasEnded(address);
    }

    /** Where others reach this process; empty when it only calls others. */
    public String address() {
        return transport.address();
    }

    Transport transport() {
        return transport;
    }

    /** Has the next poll look at calls. */
    void lookSoon() {
        lookSoon = true;
    }

    /** Whether {@link #close} was called: nothing is sent any more. */
    public boolean isClosed() {
        return closed;
    }

    /**
     * Whether any thread is in {@link #await}. Those who stop polling after {@link #close} do so
     * when it is false: who comes later finds it closed, and polls himself.
     */
    boolean isAwaited() {
        return awaiting.get() != 0;
    }

    /** Longest message. */
    public int messageBytesMax() {
        return options.messageBytesMax();
    }

    long resendNanos() {
        return options.resendNanos();
    }

    /** The cluster that this process belongs to, 0 for none. */
    public long cluster() {
        return cluster;
    }

    /** The server that this process is, 0 for none. */
    public long server() {
        return server;
    }

    void countCall() {
        callsCounter.increment();
    }

    void countResent() {
        resent.increment();
    }

    void countTimedOut() {
        timedOut.increment();
    }

    void countBusy() {
        busy.increment();
    }

    void countDropped() {
        dropped.increment();
    }

    /**
     * Closes the sessions to peers and opens no more; calls under way end by their time, if anybody
     * polls.
     */
    @Override
    public void close() {
        closed = true;
        if (queue != null) {
            queue.close();
        }
        peers.values().forEach(Peer::disconnect);
        peers.clear();
    }
}
