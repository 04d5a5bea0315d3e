package io.silkstone.store;

import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.MetricRegistry;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongConsumer;

/**
 * Drives agents in one thread until it is stopped. It gives the core to others after each slice,
 * and sleeps longer and longer while there is nothing to do, so that an idle store costs next to
 * nothing; whoever leaves work behind wakes it.
 *
 * <p>An agent that throws is a bug, but not the end of the others, nor of the agent: without the
 * cleaner a node would be full before long. It is counted, and said in the log the first time and
 * every time that the count has doubled.
 */
public final class AgentLoop implements Runnable {
    private static final long SLEEP_NANOS_MIN = 1_000_000;
    private static final long SLEEP_NANOS_MAX = 64_000_000;

    private static final Logger LOG = System.getLogger(AgentLoop.class.getName());

    private final List<Agent> agents;
    private final Runnable yield;
    private final LongConsumer sleep;
    private final Counter failures;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean stopped;

    /**
     * Not running yet.
     *
     * @param yield lets other threads of the core run
     * @param sleep sleeps for as many nanoseconds, or until somebody wakes the thread
     */
    public AgentLoop(
            List<Agent> agents, Runnable yield, LongConsumer sleep, MetricRegistry metrics) {
        this.agents = agents;
        this.yield = yield;
        this.sleep = sleep;
        failures = metrics.counter(StoreMetrics.AGENT_FAILURES);
    }

    @Override
    public void run() {
        long rest = SLEEP_NANOS_MIN;
        try {
            while (!stopped) {
                boolean idle = true;
                for (Agent agent : agents) {
                    if (work(agent) > 0) {
                        idle = false;
                        yield.run();
                    }
                }
                if (idle) {
                    sleep.accept(rest);
                    rest = Math.min(2 * rest, SLEEP_NANOS_MAX);
                } else {
                    rest = SLEEP_NANOS_MIN;
                }
            }
        } finally {
            ended.countDown();
        }
    }

    /** One slice; one that failed counts as none, so that the loop rests between failures. */
    private int work(Agent agent) {
        try {
            return agent.doWork();
        } catch (RuntimeException | Error e) {
            failures.increment();
            long count = failures.get();
            if (Long.bitCount(count) == 1) {
                String message =
                        String.format(
                                "the store's agent %s failed and goes on; failures of agents: %d",
                                agent.name(), count);
                LOG.log(Level.ERROR, message, e);
            }
            return 0;
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
