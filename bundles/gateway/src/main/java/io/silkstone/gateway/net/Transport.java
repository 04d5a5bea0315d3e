package io.silkstone.gateway.net;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;

/** How sockets are polled on this machine. */
public enum Transport {
    /** Linux epoll, through Netty's native library. */
    EPOLL {
        @Override
        IoHandlerFactory handlers() {
            return EpollIoHandler.newFactory();
        }

        @Override
        ServerChannel newServerChannel() {
            return new EpollServerSocketChannel();
        }

        @Override
        long waitNanosMin() {
            return 1;
        }
    },
    /** The JDK's selector; everywhere. */
    NIO {
        @Override
        IoHandlerFactory handlers() {
            return NioIoHandler.newFactory();
        }

        @Override
        ServerChannel newServerChannel() {
            return new NioServerSocketChannel();
        }

        @Override
        long waitNanosMin() {
            // Whole milliseconds, and what is left of one when it comes to the call does not count.
            return 2_000_000;
        }
    };

    private static final System.Logger LOG = System.getLogger(Transport.class.getName());

    /** The best that works here; says so once when it is not the fastest. */
    public static Transport best() {
        if (Epoll.isAvailable()) {
            return EPOLL;
        }
        LOG.log(
                System.Logger.Level.WARNING,
                "Native epoll is not available, the JDK's selector serves instead: "
                        + Epoll.unavailabilityCause());
        return NIO;
    }

    abstract IoHandlerFactory handlers();

    abstract ServerChannel newServerChannel();

    /** The shortest wait that does not count as none. */
    abstract long waitNanosMin();
}
