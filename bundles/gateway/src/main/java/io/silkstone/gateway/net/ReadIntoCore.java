package io.silkstone.gateway.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;

/**
 * Lets a connection read into its core's one buffer, once for each time that the socket is ready:
 * other connections come first when there is more.
 */
final class ReadIntoCore implements RecvByteBufAllocator {
    private final Connection connection;

    ReadIntoCore(Connection connection) {
        this.connection = connection;
    }

    @Override
    public ExtendedHandle newHandle() {
        return new CoreHandle();
    }

    private final class CoreHandle implements ExtendedHandle {
        private int attempted;
        private int last;

        @Override
        public ByteBuf allocate(ByteBufAllocator unused) {
            connection.beforeRead();
            return connection.poller().readBuffer().retain();
        }

        @Override
        public int guess() {
            return connection.poller().readBuffer().capacity();
        }

        @Override
        public void reset(ChannelConfig config) {
            attempted = 0;
            last = 0;
        }

        @Override
        public void incMessagesRead(int messages) {
            // One read a turn: nothing to count.
        }

        @Override
        public void lastBytesRead(int bytes) {
            last = bytes;
            if (bytes < 0) {
                connection.beforeEnd();
            }
        }

        @Override
        public int lastBytesRead() {
            return last;
        }

        @Override
        public void attemptedBytesRead(int bytes) {
            attempted = bytes;
        }

        @Override
        public int attemptedBytesRead() {
            return attempted;
        }

        @Override
        public boolean continueReading() {
            return false;
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier more) {
            return false;
        }

        @Override
        public void readComplete() {
            // Sizes are fixed: nothing to learn from this read.
        }
    }
}
