package io.silkstone.gateway.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ManualIoEventLoop;
import io.silkstone.api.threads.CorePoller;
import io.silkstone.gateway.command.RequestServer;
import io.silkstone.gateway.command.ServerContext;
import io.silkstone.gateway.resp.Memory;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The sockets of one core: an event loop that the core's own thread drives, so that a request is
 * read, run and answered on one core without a hand-off. All connections of the core share one
 * buffer that is read into, one that replies are written to, an {@link Outbox} and a {@link
 * SettleWatch}.
 *
 * <p>Everything but {@link #wakeup}, {@link #execute} and {@link #load} belongs to the core's
 * thread.
 */
public final class SocketPoller implements CorePoller {
    private static final int READ_BYTES = 1 << 16;
    private static final long TICK_SECONDS = 1;

    /**
     * Time between two looks at sockets while there is nothing to do. A look costs a system call
     * and a lock that senders need as well: at pipeline 1, looking at once again made two calls for
     * each request and cost 5 % of the throughput.
     */
    private static final long LOOK_NANOS = 5_000;

    private final Outbox outbox;
    private final Runnable wakeUp = this::wakeup;
    private final SettleWatch settles;
    private final long waitNanosMin;
    private final WaitMeter waits;
    private final Loop loop;
    private final ServerContext server;
    private final RequestServer requests;
    private final ByteBuf readMemory;
    private final ByteBuf readBuffer;
    private final Set<Movable> sources = ConcurrentHashMap.newKeySet();
    private final Runnable whenClosed;
    private volatile SocketPoller successor;
    private volatile boolean awake;
    private long requestsReported;
    private boolean wasEmpty;
    private long emptySince;
    private long batches;

    /** Something that is polled here and may go to another core. */
    interface Movable {
        /** Goes to {@code successor}, soon. On this core's thread. */
        void moveTo(SocketPoller successor);

        /** Ends, without ceremony. On this core's thread. */
        void drop();

        /** Called about once a second. */
        void tick(long nowMillis);
    }

    /** Netty's loop, which must not sleep when the core has been woken. */
    private final class Loop extends ManualIoEventLoop {
        Loop(Thread owner, IoHandlerFactory handlers) {
            super(owner, handlers);
        }

        @Override
        protected boolean canBlock() {
            return !awake;
        }
    }

    /**
     * For the calling thread.
     *
     * @param whenClosed called at the end
     */
    public SocketPoller(ServerContext server, Transport transport, Runnable whenClosed) {
        this.server = server;
        this.whenClosed = whenClosed;
        IoHandlerFactory handlers = transport.handlers();
        AtomicReference<WaitMeter> meter = new AtomicReference<>();
        this.loop =
                new Loop(
                        Thread.currentThread(),
                        executor -> {
                            meter.set(
                                    new WaitMeter(handlers.newHandler(executor), server::nanoTime));
                            return meter.get();
                        });
        this.waits = meter.get();
        this.requests = new RequestServer(server);
        this.readMemory = ByteBufAllocator.DEFAULT.directBuffer(READ_BYTES + Memory.SLACK);
        this.readBuffer = readMemory.slice(0, READ_BYTES);
        this.outbox = new Outbox();
        this.waitNanosMin = transport.waitNanosMin();
        this.settles =
                new SettleWatch(
                        requests::isSettled,
                        mark -> requests.wakeWhenSettled(mark, wakeUp),
                        server::nanoTime,
                        server.settings()::settleNanosMax);
        loop.scheduleAtFixedRate(this::tick, TICK_SECONDS, TICK_SECONDS, TimeUnit.SECONDS);
    }

    private void tick() {
        server.statistics().sampleRate(server.nanoTime());
        long now = server.nowMillis();
        for (Movable source : sources) {
            source.tick(now);
        }
    }

    @Override
    public int poll() {
        int settled = settles.look();
        if (settled == 0 && wasEmpty && server.nanoTime() - emptySince < LOOK_NANOS) {
            return 0;
        }
        int ran = loop.runNow() + settled;
        outbox.flush();
        long total = requests.requests();
        int served = (int) (total - requestsReported);
        requestsReported = total;
        wasEmpty = served == 0 && ran == 0;
        if (wasEmpty) {
            emptySince = server.nanoTime();
        }
        return Math.max(served, ran);
    }

    @Override
    public long park(long nanosMax) {
        long began = server.nanoTime();
        waits.expectWait();
        long looksIn = Math.max(settles.parkNanosMax(began), waitNanosMin);
        // The loop serves what woke it before it returns; the requests count in the next poll.
        loop.run(Math.clamp(nanosMax, 1, looksIn));
        outbox.flush();
        awake = false;
        return waits.waitEnd() - began;
    }

    @Override
    public void wakeup() {
        // Often called while the core is awake anyway: then a read is all it costs.
        if (!awake) {
            awake = true;
            loop.wakeup();
        }
    }

    @Override
    public void handOver(CorePoller to) {
        SocketPoller target = (SocketPoller) to;
        synchronized (sources) {
            successor = target;
        }
        for (Movable source : sources) {
            source.moveTo(target);
        }
    }

    @Override
    public boolean isEmpty() {
        return sources.isEmpty();
    }

    @Override
    public void close() {
        outbox.flush();
        for (Movable source : sources) {
            source.drop();
        }
        loop.shutdownGracefully(0, 0, TimeUnit.MILLISECONDS);
        while (!loop.isTerminated()) {
            loop.runNow();
        }
        outbox.flush();
        outbox.release();
        requests.close();
        readMemory.release();
        whenClosed.run();
    }

    /** Where sources go that come here now: elsewhere when this core is being given back. */
    SocketPoller target() {
        SocketPoller target = this;
        while (target.successor != null) {
            target = target.successor;
        }
        return target;
    }

    /** How many connections are here. Threads: any. */
    int load() {
        return sources.size();
    }

    /**
     * Adds {@code source} to what is polled here, or where sources of this core go by now: a core
     * ends only when it has none left, so it must not get any after it began to hand them over.
     * Threads: any.
     *
     * @return where it is polled
     */
    SocketPoller add(Movable source) {
        SocketPoller target = target();
        while (!target.addHere(source)) {
            target = target.target();
        }
        return target;
    }

    private boolean addHere(Movable source) {
        synchronized (sources) {
            return successor == null && sources.add(source);
        }
    }

    void remove(Movable source) {
        sources.remove(source);
    }

    /** Runs {@code task} on the core's thread soon. Threads: any. */
    void execute(Runnable task) throws RejectedExecutionException {
        loop.execute(task);
    }

    /** Lets the core poll {@code channel} from soon on. Threads: any. */
    ChannelFuture register(Channel channel) {
        EventLoopGroup group = loop;
        return group.register(channel);
    }

    /** Whether the caller is the core's thread. */
    boolean isHere() {
        return loop.inEventLoop();
    }

    /** What the core's connections will have sent at the end of the pass. */
    Outbox outbox() {
        return outbox;
    }

    /** What the core's connections may not send yet. */
    SettleWatch settles() {
        return settles;
    }

    /** Serves requests for this core's connections. */
    RequestServer requests() {
        return requests;
    }

    /** Empty buffer of the core; what is in it must be used before the next read. */
    ByteBuf readBuffer() {
        return readBuffer.clear();
    }

    /** Whether the batch that begins now is one of those whose time is measured. */
    boolean isSampled(int every) {
        return ++batches % every == 0;
    }
}
