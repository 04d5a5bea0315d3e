package io.silkstone.gateway.net;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoRegistration;
import java.util.function.LongSupplier;

/**
 * Says when the wait of an event loop ended. The loop serves what woke it before it returns, so its
 * caller cannot tell waiting from working. Netty asks the context whether it should time its work
 * right after the wait and right before the work: that is the moment. Passes that do not wait read
 * no clock. Everything but {@link #wakeup} belongs to the loop's thread.
 */
final class WaitMeter implements IoHandler {
    private final IoHandler handler;
    private final LongSupplier nanoTime;
    private final MeteredContext metered = new MeteredContext();
    private boolean isWaiting;
    private long waitEnd;

    WaitMeter(IoHandler handler, LongSupplier nanoTime) {
        this.handler = handler;
        this.nanoTime = nanoTime;
    }

    /** The next pass may wait: the time of its end is wanted. */
    void expectWait() {
        isWaiting = true;
    }

    /** When the wait after {@link #expectWait} ended. */
    long waitEnd() {
        noteEnd();
        return waitEnd;
    }

    private void noteEnd() {
        if (isWaiting) {
            isWaiting = false;
            waitEnd = nanoTime.getAsLong();
        }
    }

    @Override
    public int run(IoHandlerContext context) {
        if (!isWaiting) {
            return handler.run(context);
        }
        metered.context = context;
        int ready = handler.run(metered);
        // Nothing was ready: woken up, or out of time.
        noteEnd();
        return ready;
    }

    private final class MeteredContext implements IoHandlerContext {
        private IoHandlerContext context;

        @Override
        public boolean canBlock() {
            return context.canBlock();
        }

        @Override
        public long delayNanos(long currentTimeNanos) {
            return context.delayNanos(currentTimeNanos);
        }

        @Override
        public long deadlineNanos() {
            return context.deadlineNanos();
        }

        @Override
        public boolean shouldReportActiveIoTime() {
            noteEnd();
            return false;
        }
    }

    @Override
    public void initialize() {
        handler.initialize();
    }

    @Override
    public void prepareToDestroy() {
        handler.prepareToDestroy();
    }

    @Override
    public void destroy() {
        handler.destroy();
    }

    @Override
    public IoRegistration register(IoHandle handle) throws Exception {
        return handler.register(handle);
    }

    @Override
    public void wakeup() {
        handler.wakeup();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return handler.isCompatible(handleType);
    }
}
