package io.silkstone.gateway.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerAdapter;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Time stands still here, but for what is served. */
@Timeout(60)
class WaitMeterTest {
    private static final long WORK_NANOS = 1_000;

    private long time;

    /** What an accepted connection costs. */
    private final class Work extends ChannelHandlerAdapter {
        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            time += WORK_NANOS;
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void waitEnd_connectionServedInTheSamePass_isBeforeTheWork(Transport transport)
            throws IOException {
        assumeThat(transport == Transport.NIO || Epoll.isAvailable()).isTrue();
        IoHandlerFactory handlers = transport.handlers();
        AtomicReference<WaitMeter> meter = new AtomicReference<>();
        ManualIoEventLoop loop =
                new ManualIoEventLoop(
                        Thread.currentThread(),
                        executor -> {
                            meter.set(new WaitMeter(handlers.newHandler(executor), () -> time));
                            return meter.get();
                        });
        ChannelFuture bound =
                new ServerBootstrap()
                        .group(loop)
                        .channelFactory(transport::newServerChannel)
                        .childHandler(new Work())
                        .bind(InetAddress.getLoopbackAddress(), 0);
        while (!bound.isDone()) {
            loop.runNow();
        }
        InetSocketAddress address = (InetSocketAddress) bound.channel().localAddress();
        long waited = 0;
        try (Socket client = new Socket(address.getAddress(), address.getPort())) {
            while (time == 0) {
                long began = time;
                meter.get().expectWait();
                loop.run(TimeUnit.SECONDS.toNanos(1));
                waited += meter.get().waitEnd() - began;
            }
            assertThat(client.isConnected()).isTrue();
        } finally {
            loop.shutdownGracefully(0, 0, TimeUnit.MILLISECONDS);
            while (!loop.isTerminated()) {
                loop.runNow();
            }
        }
        assertThat(time).isEqualTo(WORK_NANOS);
        assertThat(waited).isZero();
    }
}
