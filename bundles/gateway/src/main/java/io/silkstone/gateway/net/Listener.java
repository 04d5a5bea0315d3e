package io.silkstone.gateway.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.silkstone.gateway.command.ServerContext;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/**
 * A listening socket. It lives on one core's loop, takes connections there, and gives each to the
 * core that has the fewest. Moves on when its core is given back.
 */
public final class Listener implements SocketPoller.Movable {
    private static final System.Logger LOG = System.getLogger(Listener.class.getName());
    private static final int LOW_WATER_BYTES = 1 << 16;

    /** A client that so many bytes of replies wait for is not served on. */
    static final int HIGH_WATER_BYTES = 1 << 18;

    private static final String TOO_MANY = "-ERR max number of clients reached\r\n";

    private final ServerChannel channel;
    private final Pollers pollers;
    private final ServerContext server;
    private final ConnectionMetrics metrics;
    private final Certificates tls;
    private volatile SocketPoller poller;
    private volatile boolean closing;
    private boolean listening;
    private boolean moving;

    private Listener(
            ServerChannel channel,
            SocketPoller poller,
            Pollers pollers,
            ServerContext server,
            ConnectionMetrics metrics,
            Certificates tls) {
        this.channel = channel;
        this.pollers = pollers;
        this.server = server;
        this.metrics = metrics;
        this.tls = tls;
        // Before its socket gets there: a core that is given back meanwhile waits for it.
        this.poller = poller.add(this);
        channel.closeFuture().addListener(closed -> this.poller.remove(this));
        channel.pipeline().addLast(new Acceptor());
    }

    /**
     * Listens at {@code address}. Completes when connections are taken, or with the reason why not.
     *
     * @param tls how connections are encrypted, or null for not
     */
    public static CompletableFuture<Listener> open(
            InetSocketAddress address,
            int backlog,
            Transport transport,
            Pollers pollers,
            ServerContext server,
            ConnectionMetrics metrics,
            Certificates tls) {
        ServerChannel channel = transport.newServerChannel();
        channel.config().setOption(ChannelOption.SO_REUSEADDR, true);
        channel.config().setOption(ChannelOption.SO_BACKLOG, backlog);
        Listener listener =
                new Listener(channel, pollers.leastLoaded(), pollers, server, metrics, tls);
        CompletableFuture<Listener> opened = new CompletableFuture<>();
        listener.poller
                .register(channel)
                .addListener(
                        registered -> {
                            if (registered.isSuccess()) {
                                channel.bind(address)
                                        .addListener(bound -> listener.bound(bound, opened));
                            } else {
                                opened.completeExceptionally(registered.cause());
                            }
                        });
        return opened;
    }

    private void bound(Future<?> bound, CompletableFuture<Listener> opened) {
        if (bound.isSuccess()) {
            listening = true;
            opened.complete(this);
            arrived();
        } else {
            channel.close();
            opened.completeExceptionally(bound.cause());
        }
    }

    /** It is on a core, which may have been given back while it was on its way there. */
    private void arrived() {
        moving = false;
        if (closing) {
            channel.close();
            return;
        }
        SocketPoller target = poller.target();
        if (target != poller) {
            moveTo(target);
        }
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return (InetSocketAddress) channel.localAddress();
    }

    /** Whether connections are encrypted. */
    public boolean encrypted() {
        return tls != null;
    }

    /** Takes no more connections; those there are stay. */
    public ChannelFuture close() {
        closing = true;
        closeSoon();
        return channel.closeFuture();
    }

    private void closeSoon() {
        try {
            poller.execute(this::closeWhereItIs);
        } catch (RejectedExecutionException loopEnded) {
            channel.close();
        }
    }

    /**
     * A socket that is closed on one core while it registers with another would leave its number
     * there, and the next socket with that number could not register.
     */
    private void closeWhereItIs() {
        if (!poller.isHere()) {
            closeSoon();
        } else if (!moving) {
            channel.close();
        }
    }

    @Override
    public void moveTo(SocketPoller successor) {
        if (moving || !listening) {
            // Still on its way here; it goes on when it has arrived.
            return;
        }
        moving = true;
        channel.deregister()
                .addListener(
                        left -> {
                            poller.remove(this);
                            if (channel.isOpen()) {
                                poller = successor.add(this);
                                poller.register(channel).addListener(this::moved);
                            }
                        });
    }

    private void moved(Future<?> registered) {
        if (registered.isSuccess()) {
            arrived();
        } else {
            channel.close();
        }
    }

    @Override
    public void drop() {
        // One that is still on its way here is closed by the loop, which takes nobody any more.
        if (!moving) {
            channel.close();
        }
    }

    @Override
    public void tick(long nowMillis) {
        if (tls != null) {
            tls.tick(nowMillis);
        }
    }

    /** Takes new connections. */
    private final class Acceptor extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            Channel child = (Channel) message;
            SocketPoller target = pollers.leastLoaded();
            if (server.clients().size() >= server.settings().clientsMax()) {
                metrics.refused();
                server.refused();
                child.pipeline().addLast(new TurnAway());
            } else {
                target = accept(child, target);
            }
            target.register(child)
                    .addListener(
                            registered -> {
                                if (!registered.isSuccess()) {
                                    child.close();
                                }
                            });
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            // Out of file descriptors, most likely: connections wait in the kernel until some are
            // closed.
            LOG.log(System.Logger.Level.WARNING, "A connection could not be taken", cause);
        }
    }

    /** Prepares a connection; returns where it is to be registered. */
    private SocketPoller accept(Channel child, SocketPoller target) {
        child.config().setOption(ChannelOption.TCP_NODELAY, true);
        child.config().setOption(ChannelOption.SO_KEEPALIVE, true);
        child.config()
                .setWriteBufferWaterMark(
                        new WriteBufferWaterMark(LOW_WATER_BYTES, HIGH_WATER_BYTES));
        Connection connection = new Connection(child, target, server, metrics, tls == null);
        metrics.connected();
        if (tls == null) {
            child.config().setRecvByteBufAllocator(new ReadIntoCore(connection));
        } else {
            child.pipeline()
                    .addLast(
                            new ChannelInitializer<>() {
                                @Override
                                protected void initChannel(Channel initialized) {
                                    initialized
                                            .pipeline()
                                            .addFirst(tls.now().newHandler(child.alloc()));
                                }
                            });
        }
        child.pipeline().addLast(connection);
        return connection.poller();
    }

    /** Tells a client that there are too many, and closes. */
    private static final class TurnAway extends ChannelInboundHandlerAdapter {
        @Override
        public void channelActive(ChannelHandlerContext context) {
            ByteBuf error = Unpooled.copiedBuffer(TOO_MANY, StandardCharsets.US_ASCII);
            context.writeAndFlush(error).addListener(ChannelFutureListener.CLOSE);
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public String toString() {
        SocketAddress address = channel.localAddress();
        return (tls == null ? "redis " : "redis+tls ") + address;
    }
}
