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
 * wait for them: a core that has nothing to do looks again after a while. A while is {@value
 * #UNPOLLED_NANOS_MIN} ns after there was something, and grows to {@value #UNPOLLED_NANOS_MAX} ns
 * while there is nothing: looking a thousand times a second costs an idle node more than all else
 * that it does. So who calls a node after a silence waits for up to that long, once; in a
 * conversation looks are {@value #UNPOLLED_NANOS_TALKING} ns apart, until it has been silent for
 * {@value Rpc#TALK_NANOS} ns. A call of ours that is under way for longer is never looked after
 * less often than at first.
 */
public final class RpcPoller implements CorePoller {
    /** The least time between two looks. */
    static final long UNPOLLED_NANOS_MIN = 1_000_000;

    /** The time between two looks in a conversation. */
    static final long UNPOLLED_NANOS_TALKING = 50_000;

    /** The longest time between two looks; small against a lease and what people notice. */
    static final long UNPOLLED_NANOS_MAX = 10_000_000;

    /** So many looks that found nothing double the time until the next. */
    private static final int LOOKS_PER_STEP = 2;

    private static final int LOOKS_MAX = 16 * LOOKS_PER_STEP;

    private final Rpc rpc;
    private final Runnable duty;
    private final Selector selector;
    private long messagesSeen;
    private int looksInVain;

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

    /**
     * What a transport does for itself, such as saying that it is alive, keeps the core from
     * waiting while there is a conversation, and is no load in a silence.
     */
    @Override
    public int poll() {
        int work = rpc.poll();
        long messages = rpc.messages();
        if (messages != messagesSeen) {
            messagesSeen = messages;
            looksInVain = 0;
        }
        duty.run();
        return looksInVain < LOOKS_PER_STEP ? work : 0;
    }

    /** The core asks before it waits: a look in vain is behind it. */
    @Override
    public long nanosUnpolledMax() {
        if (rpc.isTalking()) {
            return UNPOLLED_NANOS_TALKING;
        }
        if (rpc.hasCallsUnderWay()) {
            return UNPOLLED_NANOS_MIN;
        }
        looksInVain = Math.min(looksInVain + 1, LOOKS_MAX);
        long nanos = UNPOLLED_NANOS_MIN << looksInVain / LOOKS_PER_STEP;
        long most = Math.min(nanos, UNPOLLED_NANOS_MAX);
        return Math.clamp(rpc.nanosToNext(), UNPOLLED_NANOS_MIN, most);
    }

    /** Where there is no other poller to wait in; nothing but {@link #wakeup} ends it early. */
    @Override
    public long park(long nanosMax) {
        long millis = TimeUnit.NANOSECONDS.toMillis(nanosMax);
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
