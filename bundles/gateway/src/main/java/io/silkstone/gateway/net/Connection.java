package io.silkstone.gateway.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.unix.UnixChannel;
import io.netty.handler.codec.DecoderException;
import io.silkstone.gateway.command.Client;
import io.silkstone.gateway.command.DetachedRequest;
import io.silkstone.gateway.command.RequestServer;
import io.silkstone.gateway.command.ServerContext;
import io.silkstone.gateway.resp.Memory;
import io.silkstone.gateway.resp.ReplySink;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;

/**
 * One client's connection: takes bytes from the socket to the requests' server and replies back.
 * Runs on the thread of the core that it belongs to.
 *
 * <p><b>Waiting.</b> While a long request of the client runs in a user thread, or while the client
 * does not read its replies, nothing more is read from its socket; what had been read waits in the
 * {@link Intake}. So a client can neither overtake itself nor pile up memory, and others are
 * served.
 *
 * <p><b>Replies</b> go to the socket past Netty's queue when nothing waits before them, which is
 * nearly always: short ones by way of the core's {@link Outbox}, long ones at once. Only what the
 * kernel does not take goes through the queue, and then the client counts as clogged until that is
 * sent. Whatever ends or moves a connection empties the outbox first.
 *
 * <p><b>Settling.</b> Replies that tell what the store has not settled, and all behind them, are
 * {@link Withheld} until it has; the core's {@link SettleWatch} says when. The client is served on
 * meanwhile, until it counts as clogged by them. Whoever ends a connection sends what is settled
 * and nothing else; a client that only ends its sending gets them all.
 *
 * <p><b>Moving.</b> When its core is given back, a connection leaves one event loop and enters
 * another; in between the kernel keeps what arrives. The end of a long request may fall into that
 * gap, so it is left in {@link #finished} and looked at when the connection has arrived.
 */
final class Connection extends ChannelInboundHandlerAdapter
        implements Client.Link,
                ReplySink,
                RequestServer.Clogged,
                SocketPoller.Movable,
                Outbox.Receiver,
                SettleWatch.Waiter {
    private static final System.Logger LOG = System.getLogger(Connection.class.getName());
    private static final long FAREWELL_MILLIS = 10_000;
    private static final int SAMPLE_EVERY = 64;

    /** As much as of replies that the kernel does not take. */
    private static final int WITHHELD_BYTES_MAX = Listener.HIGH_WATER_BYTES;

    private final Channel channel;
    private final ServerContext server;
    private final ConnectionMetrics metrics;
    private final boolean plain;
    private final UnixChannel unix;
    private final Client client;
    private final Intake intake;
    private final Withheld withheld;
    private final AtomicReference<DetachedRequest.Finished> finished = new AtomicReference<>();
    private long queuedBytes;
    private boolean waiting;
    private boolean clogged;
    private boolean saidAll;
    private boolean closing;
    private boolean dropped;
    private boolean kept;
    private boolean watched;
    private boolean sendsSettled;
    private long closingSince;
    private volatile boolean moving;
    private volatile SocketPoller poller;

    /**
     * For a channel that is to be registered with {@link #poller}, which is {@code poller} unless
     * that core is being given back.
     */
    Connection(
            Channel channel,
            SocketPoller poller,
            ServerContext server,
            ConnectionMetrics metrics,
            boolean plain) {
        this.channel = channel;
        this.poller = poller;
        this.server = server;
        this.metrics = metrics;
        this.plain = plain;
        this.unix = plain && channel instanceof UnixChannel socket ? socket : null;
        this.client =
                new Client(
                        server.nextClientId(),
                        this,
                        server.users().stranger(),
                        server.nowMillis(),
                        server.memory());
        this.intake = new Intake(client, this, this, server.memory(), server.heap());
        this.withheld = new Withheld(server.memory());
        server.add(client);
        this.poller = poller.add(this);
        channel.closeFuture().addListener(closed -> ended());
    }

    SocketPoller poller() {
        return poller;
    }

    // ---- from the socket ----

    /**
     * The socket is about to be read. That may find the client's end, which closes the socket, and
     * with requests right before it happens in the same pass.
     */
    void beforeRead() {
        sendWhatIsSettled();
        if (kept) {
            poller.outbox().flush();
        }
    }

    /**
     * The client will send no more. Its socket is about to be closed, which must wait for replies
     * that are not settled: {@link #userEventTriggered} is called instead.
     */
    void beforeEnd() {
        if (!withheld.isEmpty()) {
            channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            pause();
            saidAll = true;
            // What is in the intake is served first.
            if (!waiting && !clogged) {
                closeAfterReplies();
            }
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            int length = bytes.readableBytes();
            if (length > 0 && !closing) {
                client.seen(server.nowMillis());
                receive(Memory.address(bytes) + bytes.readerIndex(), length);
            }
        } finally {
            bytes.release();
        }
    }

    private void receive(long address, int length) {
        if (waiting || clogged) {
            if (!intake.store(address, address + length)) {
                cutOff("clients hold too much memory to keep what it sent");
            }
            return;
        }
        boolean sampled = poller.isSampled(SAMPLE_EVERY);
        long started = sampled ? server.nanoTime() : 0;
        RequestServer requests = poller.requests();
        follow(intake.receive(requests, address, address + length, plain), requests);
        if (sampled) {
            metrics.batch(server.nanoTime() - started);
        }
    }

    private void follow(RequestServer.Outcome outcome, RequestServer requests) {
        switch (outcome) {
            case SERVED -> {
                if (isClogged()) {
                    clog();
                }
            }
            case DETACHED -> {
                pause();
                waiting = true;
                requests.detached().start(this::finish);
            }
            case CLOGGED -> clog();
            case CLOSING -> closeAfterReplies();
        }
    }

    private void clog() {
        pause();
        clogged = true;
        if (keepsUp()) {
            // The last replies of the batch went through, and what was before them too: nobody else
            // would tell.
            poller.execute(this::unclog);
        }
    }

    /** Whether few replies wait, for the client to read them or until they are settled. */
    private boolean keepsUp() {
        return channel.isWritable() && withheld.length() <= WITHHELD_BYTES_MAX;
    }

    private void unclog() {
        if (clogged && keepsUp() && !moving && !sendsSettled) {
            clogged = false;
            goOn();
        }
    }

    private void pause() {
        channel.config().setAutoRead(false);
    }

    private void goOn() {
        if (closing || waiting || clogged) {
            return;
        }
        RequestServer requests = poller.requests();
        follow(intake.resume(requests), requests);
        if (closing || waiting || clogged) {
            return;
        }
        if (saidAll) {
            closeAfterReplies();
        } else {
            channel.config().setAutoRead(true);
        }
    }

    private void closeAfterReplies() {
        if (!closing) {
            closing = true;
            pause();
            if (withheld.isEmpty()) {
                sayFarewell();
            }
        }
    }

    private void sayFarewell() {
        poller.outbox().flush();
        closingSince = server.nowMillis();
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    // ---- to the socket ----

    @Override
    public boolean take(ByteBuf replies, long mark) {
        ChannelOutboundBuffer queue = dropped ? null : channel.unsafe().outboundBuffer();
        if (queue == null) {
            replies.release();
            return false;
        }
        try {
            if (!withheld.isEmpty() || mark != 0 && !poller.settles().isSettled(mark)) {
                withhold(replies, mark);
            } else if (unix != null && queue.isEmpty()) {
                sendPastQueue(replies);
            } else {
                enqueue(replies);
            }
        } catch (OutOfMemoryError full) {
            outOfMemory(full);
        }
        return !dropped;
    }

    private void outOfMemory(OutOfMemoryError full) {
        cutOff("there is no memory for its replies: " + full.getMessage());
    }

    /** The buffer is the core's: it must come back at once. */
    private void sendPastQueue(ByteBuf replies) {
        try {
            long address = Memory.address(replies);
            int begin = replies.readerIndex();
            int end = replies.writerIndex();
            kept = poller.outbox().add(this, address + begin, end - begin);
            if (!kept) {
                send(address, begin, end);
            }
        } finally {
            replies.release();
        }
    }

    @Override
    public void send(long address, int begin, int end) {
        kept = false;
        // The descriptor of a closed socket may be another one's by now.
        if (dropped || !channel.isOpen()) {
            return;
        }
        try {
            ChannelOutboundBuffer queue = channel.unsafe().outboundBuffer();
            boolean isFirst = queue == null || queue.isEmpty();
            int sent = isFirst && unix != null ? unix.fd().writeAddress(address, begin, end) : 0;
            int left = end - begin - Math.max(sent, 0);
            if (left > 0) {
                ByteBuf rest = ByteBufAllocator.DEFAULT.directBuffer(left + Memory.SLACK);
                Memory.copy(address + end - left, Memory.address(rest), left);
                enqueue(rest.writerIndex(left));
            }
        } catch (IOException gone) {
            cutOff();
        } catch (OutOfMemoryError full) {
            outOfMemory(full);
        }
    }

    private void enqueue(ByteBuf replies) {
        int bytes = replies.capacity();
        if (!server.memory().take(bytes, queuedBytes)) {
            replies.release();
            cutOff("clients leave too many replies unread, and it has more of them");
            return;
        }
        queuedBytes += bytes;
        channel.write(replies)
                .addListener(
                        sent -> {
                            queuedBytes -= bytes;
                            server.memory().give(bytes);
                        });
        channel.flush();
        ChannelOutboundBuffer queue = channel.unsafe().outboundBuffer();
        long limit = server.settings().outputLimitBytes();
        if (queue != null && queue.totalPendingWriteBytes() > limit) {
            cutOff("it left more than " + limit + " bytes of replies unread");
        }
    }

    // ---- until it is settled ----

    private void withhold(ByteBuf replies, long mark) {
        try {
            long address = Memory.address(replies) + replies.readerIndex();
            if (!withheld.add(address, replies.readableBytes(), mark, server.nanoTime())) {
                cutOff("clients hold too much memory to keep replies that are not settled");
                return;
            }
        } finally {
            replies.release();
        }
        long limit = server.settings().outputLimitBytes();
        if (withheld.length() + queuedBytes > limit) {
            cutOff("more than " + limit + " bytes of its replies are not settled");
        } else if (!watched) {
            watched = true;
            poller.settles().add(this, withheld.mark());
        }
        // Else the watch has a lower mark of it, or one that is settled already.
    }

    @Override
    public long sendSettled() {
        sendWhatIsSettled();
        watched = !dropped && !withheld.isEmpty();
        return watched ? withheld.mark() : 0;
    }

    private void sendWhatIsSettled() {
        if (withheld.isEmpty() || dropped || sendsSettled) {
            return;
        }
        int bytes = withheld.settled(poller.settles()::isSettled);
        if (bytes == 0) {
            return;
        }
        // Nothing must be added while it is being sent.
        sendsSettled = true;
        try {
            sendAgain(withheld.address(), bytes);
        } finally {
            sendsSettled = false;
            withheld.take(bytes);
        }
        if (closing && !dropped && withheld.isEmpty()) {
            sayFarewell();
        }
        unclog();
    }

    private void sendAgain(long address, int bytes) {
        ChannelOutboundBuffer queue = channel.unsafe().outboundBuffer();
        boolean isFirst = queue != null && queue.isEmpty();
        kept = unix != null && isFirst && poller.outbox().add(this, address, bytes);
        if (!kept) {
            send(address, 0, bytes);
        }
    }

    @Override
    public long waitsSince() {
        return withheld.since();
    }

    @Override
    public void giveUp() {
        // What was settled before has been waiting for the end of the pass.
        poller.outbox().flush();
        watched = false;
        metrics.unsettled();
        cutOff();
    }

    private void cutOff(String reason) {
        LOG.log(System.Logger.Level.WARNING, "Client {0} is disconnected: {1}", peer(), reason);
        metrics.outputLimit();
        cutOff();
    }

    @Override
    public boolean isClogged() {
        return dropped || !keepsUp();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        unclog();
    }

    // ---- long requests ----

    /** The replies of a long request are there. Threads: any. */
    private void finish(DetachedRequest.Finished said) {
        finished.set(said);
        wake();
    }

    private void wake() {
        SocketPoller target = poller;
        try {
            target.execute(this::takeFinished);
        } catch (RejectedExecutionException loopEnded) {
            if (poller == target) {
                DetachedRequest.Finished unheard = finished.getAndSet(null);
                if (unheard != null) {
                    unheard.release();
                }
            } else {
                wake();
            }
        }
    }

    private void takeFinished() {
        if (moving) {
            return;
        }
        if (!poller.isHere()) {
            wake();
            return;
        }
        DetachedRequest.Finished said = finished.getAndSet(null);
        if (said == null) {
            return;
        }
        waiting = false;
        if (!channel.isOpen()) {
            said.release();
            intake.leave();
            return;
        }
        said.replies().forEach(replies -> take(replies, said.mark()));
        if (client.closing()) {
            closeAfterReplies();
        } else if (isClogged()) {
            clog();
        } else {
            goOn();
        }
    }

    // ---- coming, moving, going ----

    @Override
    public void channelRegistered(ChannelHandlerContext context) {
        if (moving) {
            moving = false;
            metrics.handedOver();
            channel.flush();
            if (!withheld.isEmpty()) {
                watched = true;
                poller.settles().add(this, withheld.mark());
            }
            takeFinished();
            unclog();
        }
        // The core may have been given back while this connection was on its way to it.
        SocketPoller target = poller.target();
        if (target != poller) {
            moveTo(target);
        }
    }

    @Override
    public void moveTo(SocketPoller successor) {
        if (moving || !channel.isRegistered()) {
            // Still on its way here; it goes on when it has arrived.
            return;
        }
        channel.deregister()
                .addListener(
                        left -> {
                            moving = true;
                            poller.outbox().flush();
                            poller.settles().remove(this);
                            watched = false;
                            poller.remove(this);
                            if (channel.isOpen()) {
                                SocketPoller target = successor.add(this);
                                poller = target;
                                target.register(channel)
                                        .addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
                            }
                        });
    }

    @Override
    public void tick(long nowMillis) {
        long quiet = nowMillis - client.lastMillis();
        long limit = server.settings().idleTimeoutSeconds() * 1000L;
        if (!withheld.isEmpty()) {
            // It is us who have nothing to say yet; the watch sees to it that this ends.
            return;
        }
        if (closing) {
            // It was told that this is the end and does not read it.
            if (nowMillis - closingSince > FAREWELL_MILLIS) {
                close();
            }
        } else if (limit > 0 && quiet > limit && !waiting) {
            metrics.idle();
            close();
        }
    }

    @Override
    public void drop() {
        // One that is still on its way here is closed by the loop, which takes nobody any more.
        if (channel.isRegistered()) {
            close();
        }
    }

    /** Closes, but not before what may be sent has been. On the core's thread. */
    private void close() {
        sendWhatIsSettled();
        poller.outbox().flush();
        channel.close();
    }

    /**
     * Nothing more is served or sent. Closes a little later: its socket may be about to be read.
     */
    @Override
    public void cutOff() {
        dropped = true;
        closing = true;
        kill();
    }

    /** The channel is closed. */
    private void ended() {
        closing = true;
        dropped = true;
        poller.remove(this);
        server.remove(client);
        withheld.release();
        // A long request may be looking at the transaction still.
        if (!waiting) {
            intake.leave();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        // Resets and broken TLS records are everyday events; anything else is ours.
        if (!(cause instanceof IOException) && !(cause instanceof DecoderException)) {
            LOG.log(System.Logger.Level.ERROR, "Connection " + peer() + " failed", cause);
        }
        close();
    }

    @Override
    public void kill() {
        try {
            poller.execute(this::closeWhereItIs);
        } catch (RejectedExecutionException loopEnded) {
            channel.close();
        }
    }

    /** It may have gone to another core since. */
    private void closeWhereItIs() {
        if (poller.isHere()) {
            close();
        } else {
            kill();
        }
    }

    @Override
    public String peer() {
        return text(channel.remoteAddress());
    }

    @Override
    public String local() {
        return text(channel.localAddress());
    }

    private static String text(SocketAddress address) {
        return address instanceof InetSocketAddress socket
                ? socket.getAddress().getHostAddress() + ":" + socket.getPort()
                : "?:0";
    }
}
