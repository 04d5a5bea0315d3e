package io.silkstone.store;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongConsumer;

/**
 * Drives agents in one thread until it is stopped. It gives the core to others after each cycle,
 * and sleeps longer and longer while there is nothing to do, so that an idle store costs next to
 * nothing; whoever leaves work behind wakes it.
 */
public final class AgentLoop implements Runnable {
    private static final long SLEEP_NANOS_MIN = 1_000_000;
    private static final long SLEEP_NANOS_MAX = 64_000_000;

    private final List<Agent> agents;
    private final Runnable yield;
    private final LongConsumer sleep;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean stopped;

    /**
     * Not running yet.
     *
     * @param yield lets other threads of the core run
     * @param sleep sleeps for as many nanoseconds, or until somebody wakes the thread
     */
    public AgentLoop(List<Agent> agents, Runnable yield, LongConsumer sleep) {
        this.agents = agents;
        this.yield = yield;
        this.sleep = sleep;
    }

    @Override
    public void run() {
        long rest = SLEEP_NANOS_MIN;
        try {
            while (!stopped) {
                int work = 0;
                for (Agent agent : agents) {
                    work += agent.doWork();
                }
                if (work > 0) {
                    rest = SLEEP_NANOS_MIN;
                    yield.run();
                } else {
                    sleep.accept(rest);
                    rest = Math.min(2 * rest, SLEEP_NANOS_MAX);
                }
            }
        } finally {
            ended.countDown();
        }
    }

    /** Ends the loop after the cycle under way. Any thread. */
    public void stop() {
        stopped = true;
    }

    /** Waits until the loop has ended. */
    public void awaitEnd() throws InterruptedException {
        ended.await();
    }
}
