package io.silkstone.rpc;

import io.silkstone.api.threads.CorePoller;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Selector;
import java.util.concurrent.TimeUnit;

/**
 * Has a core of the thread runtime poll an {@link Rpc}, and what belongs to it. Every core has one;
 * of several at a time one polls, so that none has to be handed over.
 *
 * <p>Messages between processes of one host come through shared memory, where the kernel cannot
 * wait for them: a core that has nothing to do looks again after a millisecond, or as seldom as its
 * idle budget says.
 */
public final class RpcPoller implements CorePoller {
    private static final long PARK_MILLIS_MAX = 1;

    private final Rpc rpc;
    private final Runnable duty;
    private final Selector selector;

    /** Polls {@code rpc} and runs {@code duty} after each time. */
    public RpcPoller(Rpc rpc, Runnable duty) {
        this.rpc = rpc;
        this.duty = duty;
        try {
            selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public int poll() {
        int work = rpc.poll();
        duty.run();
        return work;
    }

    /** Waits in the kernel, on the core's own thread: nothing but {@link #wakeup} ends it early. */
    @Override
    public long park(long nanosMax) {
        long millis = Math.min(TimeUnit.NANOSECONDS.toMillis(nanosMax), PARK_MILLIS_MAX);
        if (millis == 0) {
            return 0;
        }
        long began = rpc.now();
        try {
            selector.select(millis);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return rpc.now() - began;
    }

    @Override
    public void wakeup() {
        selector.wakeup();
    }

    @Override
    public void handOver(CorePoller successor) {
        // Every core polls the same.
    }

    @Override
    public boolean isEmpty() {
        return true;
    }

    @Override
    public void close() {
        try {
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
