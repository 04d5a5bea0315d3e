package io.silkstone.transport.aeron;

import io.aeron.exceptions.AeronException;
import io.aeron.logbuffer.ControlledFragmentHandler.Action;
import io.aeron.logbuffer.FragmentHandler;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Transport;
import io.silkstone.base.Checks;
import io.silkstone.base.NanoClock;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A transport over Aeron.
 *
 * <p><b>Ways.</b> A transport that listens owns a media driver, whose directory is part of its
 * address. A caller that finds this directory, with the address's token in it, is on the same host,
 * and so is one that finds a home whose driver listens at a shorter address, of host and port: it
 * attaches to that driver as a client, and the session's two streams are ring buffers in shared
 * memory that both sides map. It needs no driver of its own for that. Any other session goes by UDP
 * between the drivers of both sides; a transport that only calls starts its own at the first.
 *
 * <p><b>Threads.</b> Everything but sending happens within {@link #poll}: the clients' conductors,
 * on small machines the driver itself, handshakes, and the clearing up after sessions. Other
 * threads leave their wishes in queues. Work that may wait a little is done every {@value
 * #SERVICE_MICROS} microseconds, since it costs more than receiving a message.
 *
 * <p><b>Ends.</b> A session says goodbye by a last frame; that, the end of the peer's stream, the
 * death of its process on this host, and the end of the client that it uses close it. Aeron ends a
 * client that was not run for longer than the liveness time-out, to protect itself from reading
 * memory that was given to others. Sessions do not survive that; the transport does: it builds
 * driver and client anew, at the same address.
 */
public final class AeronTransport implements Transport {
    private static final System.Logger LOG = System.getLogger(AeronTransport.class.getName());
    private static final long SERVICE_MICROS = 50;
    private static final long SERVICE_INTERVAL_NANOS =
            TimeUnit.MICROSECONDS.toNanos(SERVICE_MICROS);
    private static final long WATCH_INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long REBUILD_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long START_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long CLOSE_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long GOODBYE_TIMEOUT_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long ERROR_LOG_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int DATA_STREAM_MIN = 1 << 16;

    final AeronCounters counters;
    private final AeronOptions options;
    private final NanoClock clock;
    private final RandomGenerator random;
    private final DriverHome home;
    private final String address;
    private final int port;
    private final ProcessIdentity process = ProcessIdentity.own();
    private final Neighbours neighbours;
    private final UnsafeBuffer control = new UnsafeBuffer(new byte[Hello.LENGTH_MAX]);
    private final FragmentHandler onHelloOverIpc =
            (buffer, offset, length, header) -> onHello(buffer, offset, length, true);
    private final FragmentHandler onHelloOverUdp =
            (buffer, offset, length, header) -> onHello(buffer, offset, length, false);

    private final Queue<Caller> calls = new ConcurrentLinkedQueue<>();
    private final Queue<AeronSession> closedByCaller = new ConcurrentLinkedQueue<>();
    private final AtomicInteger sessionCount = new AtomicInteger();
    private final AtomicLong errorLoggedNanos = new AtomicLong();
    private volatile boolean closed;

    private final List<AeronSession> sessions = new ArrayList<>();
    private final List<AeronSession> leaving = new ArrayList<>();
    private final Queue<AeronSession> reports = new ArrayDeque<>();
    private final Set<Long> calledKeys = new HashSet<>();
    private OwnDriver own;
    private int udpSessions;
    private int firstReceiver;
    private long nextServiceNanos;
    private long nextWatchNanos;
    private long nextBuildNanos;

    private Thread poller;
    private boolean closeWanted;
    private MessageHandler handler;
    private int messagesLeft;
    private int messagesReceived;
    private long bytesReceived;
    private Throwable thrown;

    /**
     * Starts a transport; one that listens is reachable when this returns.
     *
     * @throws IllegalArgumentException when an option cannot be met, with a sentence for operators
     * @throws IllegalStateException when the system refuses something, likewise
     */
    public AeronTransport(
            AeronOptions options, NanoClock clock, RandomGenerator random, MetricRegistry metrics) {
        this.options = options;
        this.clock = clock;
        this.random = random;
        counters = new AeronCounters(metrics);
        neighbours = new Neighbours(options, this::onError);
        long nowNanos = clock.nanoTime();
        errorLoggedNanos.set(nowNanos - ERROR_LOG_INTERVAL_NANOS);
        nextServiceNanos = nowNanos;
        nextWatchNanos = nowNanos;
        nextBuildNanos = nowNanos;
        try {
            home = new DriverHome(options.directory(), random);
        } catch (IOException e) {
            throw new IllegalStateException(
                    "Cannot write in directory " + options.directory() + ": " + e.getMessage(), e);
        }
        try {
            if (options.listens()) {
                own = new OwnDriver(options, home, options.port(), this::onError);
                awaitReady(own);
                port = own.port();
                address = checkedAddress();
            } else {
                port = 0;
                address = "";
            }
        } catch (RuntimeException e) {
            if (own != null) {
                own.close();
            }
            home.remove();
            throw e;
        }
    }

    private void awaitReady(OwnDriver driver) {
        long deadlineNanos = clock.nanoTime() + START_TIMEOUT_NANOS;
        while (!driver.isReady()) {
            if (clock.nanoTime() - deadlineNanos >= 0) {
                throw new IllegalStateException(
                        "The Aeron driver in " + home.path() + " did not start in time");
            }
            driver.driverWork();
            driver.client().doWork();
            Thread.yield();
        }
    }

    private String checkedAddress() {
        String text =
                new PeerAddress(
                                AeronOptions.literal(options.host()),
                                port,
                                home.path(),
                                home.token())
                        .toString();
        Checks.require(
                text.length() <= PeerAddress.LENGTH_MAX,
                "directory %s is too long for an address",
                options.directory());
        return text;
    }

    @Override
    public String address() {
        return address;
    }

    @Override
    public Session connect(String to) {
        PeerAddress peer = PeerAddress.parse(to);
        long nowNanos = clock.nanoTime();
        Caller caller =
                new Caller(
                        this,
                        to,
                        peer,
                        nextKey(),
                        options.messageBytesMax(),
                        nowNanos,
                        options.connectTimeoutNanos());
        if (sessionCount.incrementAndGet() > options.sessionsMax() || closed) {
            caller.close();
        }
        calls.add(caller);
        return caller;
    }

    private long nextKey() {
        synchronized (random) {
            return random.nextLong();
        }
    }

    @Override
    public int poll(MessageHandler to, int messagesMax) {
        if (messagesMax <= 0) {
            throw new IllegalArgumentException("messagesMax must be at least 1: " + messagesMax);
        }
        poller = Thread.currentThread();
        handler = to;
        try {
            int work = 0;
            if (closed) {
                takeWishes();
                releaseLeaving();
            } else {
                long nowNanos = clock.nanoTime();
                if (nowNanos - nextServiceNanos >= 0) {
                    nextServiceNanos = nowNanos + SERVICE_INTERVAL_NANOS;
                    work += service(nowNanos);
                } else if (udpSessions > 0) {
                    work += own.driverWork();
                }
                work += receive(messagesMax);
            }
            return work + report();
        } finally {
            handler = null;
            poller = null;
            if (closeWanted) {
                close();
            }
        }
    }

    private int receive(int messagesMax) {
        messagesLeft = messagesMax;
        int work = 0;
        int count = sessions.size();
        for (int index = 0; index < count && messagesLeft > 0 && thrown == null; index++) {
            AeronSession session = sessions.get((firstReceiver + index) % count);
            if (session.isReceiving()) {
                work += session.receive();
            }
        }
        // Whoever comes first must not take the whole allowance every time.
        firstReceiver = count == 0 ? 0 : (firstReceiver + 1) % count;
        if (messagesReceived > 0) {
            counters.received(messagesReceived, bytesReceived);
            messagesReceived = 0;
            bytesReceived = 0;
        }
        if (thrown != null) {
            throwAgain();
        }
        return work;
    }

    private void throwAgain() {
        Throwable failure = thrown;
        thrown = null;
        switch (failure) {
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(failure);
        }
    }

    /** Hands a message on; whether the caller may go on tells what it returns. */
    Action deliver(AeronSession session, long messageAddress, int length) {
        if (session.state() == Session.State.CLOSED) {
            return Action.BREAK;
        }
        messagesLeft--;
        messagesReceived++;
        bytesReceived += length;
        try {
            handler.onMessage(session, AeronSession.ALL, messageAddress, length);
        } catch (Throwable e) {
            // Aeron would swallow it.
            thrown = e;
        }
        return messagesLeft == 0 || thrown != null ? Action.BREAK : Action.CONTINUE;
    }

    private int report() {
        int work = 0;
        for (AeronSession each = reports.poll(); each != null; each = reports.poll()) {
            work++;
            handler.onClosed(each);
        }
        return work;
    }

    private int service(long nowNanos) {
        int work = serveOwn(nowNanos) + neighbours.doWork() + takeWishes();
        for (int index = 0; index < sessions.size(); index++) {
            AeronSession session = sessions.get(index);
            try {
                if (session.hasEnded()) {
                    retire(session);
                } else if (session.state() != Session.State.OPEN || !session.hasImage()) {
                    session.advance(nowNanos);
                }
            } catch (AeronException e) {
                onError(e);
                retire(session);
            }
        }
        work += releaseLeaving();
        if (nowNanos - nextWatchNanos >= 0) {
            nextWatchNanos = nowNanos + WATCH_INTERVAL_NANOS;
            watch();
        }
        return work;
    }

    private int serveOwn(long nowNanos) {
        try {
            if (own == null) {
                if (options.listens() && nowNanos - nextBuildNanos >= 0) {
                    nextBuildNanos = nowNanos + REBUILD_INTERVAL_NANOS;
                    own = new OwnDriver(options, home, port, this::onError);
                }
                return 0;
            }
            int work = own.driverWork() + own.client().doWork();
            if (own.client().isDead()) {
                if (!own.client().isUsed()) {
                    counters.rebuilds.increment();
                    closeOwn();
                    LOG.log(
                            System.Logger.Level.WARNING,
                            "Aeron stopped after a stall or an error; it is built anew");
                }
            } else if (isOwnReady() && options.listens()) {
                work += own.pollHellos(onHelloOverIpc, onHelloOverUdp);
            }
            return work;
        } catch (IllegalStateException | IllegalArgumentException | AeronException e) {
            onError(e);
            return 0;
        }
    }

    /** Whether the own driver receives; one that never will makes room for the next. */
    private boolean isOwnReady() {
        try {
            return own != null && own.isReady();
        } catch (IllegalStateException e) {
            onError(e);
            closeOwn();
            return false;
        }
    }

    private void closeOwn() {
        OwnDriver former = own;
        own = null;
        former.close();
    }

    private int takeWishes() {
        int work = 0;
        for (Caller each = calls.poll(); each != null; each = calls.poll()) {
            if (closed) {
                each.close();
            } else if (each.state() != Session.State.CLOSED) {
                sessions.add(each);
            }
            work++;
        }
        for (AeronSession each = closedByCaller.poll();
                each != null;
                each = closedByCaller.poll()) {
            retire(each);
            work++;
        }
        return work;
    }

    private int releaseLeaving() {
        int work = 0;
        for (int index = leaving.size() - 1; index >= 0; index--) {
            AeronSession session = leaving.get(index);
            if (session.release()) {
                leaving.remove(index);
                sessionCount.decrementAndGet();
                udpSessions -= session.isOverUdp() ? 1 : 0;
                work++;
            }
        }
        return work;
    }

    private void watch() {
        for (int index = sessions.size() - 1; index >= 0; index--) {
            AeronSession session = sessions.get(index);
            if (session.isPeerDead()) {
                retire(session);
            }
        }
        neighbours.closeUnused();
    }

    /** Finds a way for {@code caller}; it asks again later when there is none yet. */
    void call(Caller caller) {
        if (options.path() != AeronOptions.Route.UDP) {
            Optional<DriverHome.Owner> neighbour = neighbour(caller.address());
            try {
                if (neighbour.isPresent() && callOverIpc(caller, neighbour.get())) {
                    return;
                }
            } catch (AeronException | IllegalStateException e) {
                onError(e);
            }
            if (options.path() == AeronOptions.Route.IPC) {
                return;
            }
        }
        callOverUdp(caller);
    }

    /** A home whose process has ended says so until somebody clears it away. */
    @Override
    public boolean hasEnded(String address) {
        return PeerAddress.isOne(address) && hasEnded(PeerAddress.parse(address));
    }

    private boolean hasEnded(PeerAddress peer) {
        // No other place: what a peer says of itself may lead to a disk that does not answer.
        return peer.directory() != null
                && options.directory().equals(peer.directory().getParent())
                && DriverHome.owner(peer.directory())
                        .filter(owner -> owner.token().equals(peer.token()))
                        .filter(owner -> owner.process().isGone())
                        .isPresent();
    }

    /** An address without a home, as people write it, may be that of a neighbour all the same. */
    private Optional<DriverHome.Owner> neighbour(PeerAddress peer) {
        if (peer.directory() == null) {
            return DriverHome.at(options.directory(), peer.endpoint());
        }
        return DriverHome.owner(peer.directory())
                .filter(owner -> owner.token().equals(peer.token()))
                .filter(owner -> !owner.process().isDead());
    }

    /**
     * Calls, or waits for the driver of a process that lives, which is being built anew.
     *
     * @return false when there is nobody to wait for: a process of another container that shows no
     *     life may have left its home behind, and another may have its port by now
     */
    private boolean callOverIpc(Caller caller, DriverHome.Owner neighbour) {
        Optional<ProcessHandle> process = neighbour.process().find();
        DriverClient client = neighbours.client(neighbour.driver());
        if (client == null) {
            return process.isPresent();
        }
        process.ifPresent(caller::watch);
        caller.callOverIpc(client, options, hello(caller, ""));
        return true;
    }

    private void callOverUdp(Caller caller) {
        try {
            if (own == null && !options.listens()) {
                own = new OwnDriver(options, home, 0, this::onError);
            }
        } catch (IllegalStateException | IllegalArgumentException e) {
            onError(e);
            retire(caller);
            return;
        }
        if (isOwnReady() && !own.client().isDead()) {
            udpSessions++;
            caller.callOverUdp(
                    own.client(), options, hello(caller, own.endpoint()), own.endpoint());
        }
    }

    private Hello hello(Caller caller, String replyTo) {
        String name =
                address.isEmpty() ? "process " + process.pid() + " at " + options.host() : address;
        synchronized (random) {
            return new Hello(
                    options.messageBytesMax(),
                    caller.key,
                    random.nextInt(DATA_STREAM_MIN, Integer.MAX_VALUE),
                    random.nextInt(),
                    random.nextInt(DATA_STREAM_MIN, Integer.MAX_VALUE),
                    random.nextInt(),
                    process,
                    replyTo,
                    name);
        }
    }

    private void onHello(DirectBuffer buffer, int offset, int length, boolean overIpc) {
        Hello hello = Hello.decode(buffer, offset, length);
        PeerAddress caller = null;
        boolean valid = hello != null && overIpc == hello.replyTo().isEmpty();
        if (valid && !overIpc) {
            try {
                caller = PeerAddress.parse("aeron:" + hello.replyTo());
            } catch (IllegalArgumentException noAddress) {
                valid = false;
            }
        }
        if (!valid) {
            counters.strangers.increment();
            return;
        }
        if (calledKeys.contains(hello.key())) {
            return;
        }
        if (sessionCount.incrementAndGet() > options.sessionsMax()) {
            sessionCount.decrementAndGet();
            return;
        }
        calledKeys.add(hello.key());
        Callee callee =
                new Callee(
                        this,
                        hello,
                        options.messageBytesMax(),
                        clock.nanoTime() + options.connectTimeoutNanos());
        sessions.add(callee);
        if (overIpc) {
            callee.answerOverIpc(own.client(), options);
        } else {
            udpSessions++;
            callee.answerOverUdp(own.client(), options, caller, own.endpoint());
        }
    }

    /** A session's user has closed it. Any thread. */
    void closedByCaller(AeronSession session) {
        closedByCaller.add(session);
    }

    /** Takes {@code session} out of the running; nothing when that was done. */
    void retire(AeronSession session) {
        if (!session.retire(control)) {
            return;
        }
        counters.closed.increment();
        sessions.remove(session);
        leaving.add(session);
        if (!session.isOfCaller()) {
            calledKeys.remove(session.key);
        }
        if (session.isKnown()) {
            reports.add(session);
        }
    }

    /** A buffer for frames that the polling thread writes. */
    UnsafeBuffer control() {
        return control;
    }

    /** Aeron reports an error; any thread. */
    void onError(Throwable error) {
        counters.errors.increment();
        long nowNanos = clock.nanoTime();
        long loggedNanos = errorLoggedNanos.get();
        boolean due = nowNanos - loggedNanos >= ERROR_LOG_INTERVAL_NANOS;
        if (due && errorLoggedNanos.compareAndSet(loggedNanos, nowNanos)) {
            // Who closes is told of everything that it cuts off.
            System.Logger.Level level =
                    closed ? System.Logger.Level.DEBUG : System.Logger.Level.WARNING;
            LOG.log(level, "Aeron: " + text(error));
            LOG.log(System.Logger.Level.DEBUG, "Aeron", error);
        }
    }

    /** Without Aeron's own word for how bad it is, which the level says. */
    private static String text(Throwable error) {
        String text = String.valueOf(error.getMessage());
        String word = error instanceof AeronException aeron ? aeron.category() + " - " : "";
        return text.startsWith(word) ? text.substring(word.length()) : text;
    }

    /**
     * Over UDP nobody speaks for a transport when its driver is gone, and peers would wait for a
     * time-out. A stream may be full, so its reader gets a moment to make room.
     */
    private void sayGoodbyes() {
        long deadlineNanos = clock.nanoTime() + GOODBYE_TIMEOUT_NANOS;
        boolean said = false;
        while (!said && clock.nanoTime() - deadlineNanos < 0) {
            own.driverWork();
            own.client().doWork();
            said = true;
            for (AeronSession each : leaving) {
                each.sayGoodbye(control);
                said &= !each.isOverUdp() || each.hasSaidGoodbye();
            }
            Thread.yield();
        }
        own.flush();
    }

    @Override
    public void close() {
        if (poller == Thread.currentThread()) {
            // From within a handler: the memory that it was given is still in use.
            closeWanted = true;
            return;
        }
        if (closed) {
            return;
        }
        closed = true;
        takeWishes();
        while (!sessions.isEmpty()) {
            retire(sessions.getLast());
        }
        if (own != null && udpSessions > 0 && !own.client().isDead()) {
            sayGoodbyes();
        }
        long deadlineNanos = clock.nanoTime() + CLOSE_TIMEOUT_NANOS;
        while (!leaving.isEmpty() && clock.nanoTime() - deadlineNanos < 0) {
            releaseLeaving();
            Thread.yield();
        }
        if (leaving.isEmpty()) {
            neighbours.closeUnused();
            if (own != null) {
                closeOwn();
            }
        } else {
            // Unmapping memory under a thread would end the process.
            LOG.log(
                    System.Logger.Level.WARNING,
                    "A thread has been sending for seconds: Aeron's memory is not given back");
        }
        home.remove();
    }
}
