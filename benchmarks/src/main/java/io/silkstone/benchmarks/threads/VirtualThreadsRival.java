package io.silkstone.benchmarks.threads;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/** Virtual threads of the JDK on the scheduler that it brings. */
final class VirtualThreadsRival implements Rival {
    private static final int YIELDS = 100;
    private static final int HANDOVERS = 100;

    private final int processors;

    /** With two threads a processor where that matters. */
    VirtualThreadsRival(int processors) {
        this.processors = processors;
    }

    @Override
    public String key() {
        return "virtual_";
    }

    @Override
    public String name() {
        return "virtual threads";
    }

    @Override
    public void create(Histogram latencies, long deadline) throws InterruptedException {
        inside(
                () -> {
                    Birth birth = new Birth();
                    while (System.nanoTime() - deadline < 0) {
                        int here = Processor.current();
                        birth.expect();
                        long start = System.nanoTime();
                        Thread thread = Thread.startVirtualThread(birth::now);
                        long begun = birth.await();
                        if (begun != 0 && birth.processor() != here) {
                            latencies.recordValue(Math.max(1, begun - start));
                        }
                        join(thread);
                    }
                });
    }

    @Override
    public void createAndJoin(Histogram latencies, long deadline) throws InterruptedException {
        inside(
                () -> {
                    Runnable nothing = () -> {};
                    while (System.nanoTime() - deadline < 0) {
                        long start = System.nanoTime();
                        join(Thread.startVirtualThread(nothing));
                        latencies.recordValue(System.nanoTime() - start);
                    }
                });
    }

    @Override
    public void yieldToOthers(Histogram latencies, long deadline) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int index = 0; index < 2 * processors; index++) {
            Histogram own = index == 0 ? latencies : null;
            threads.add(Thread.startVirtualThread(() -> yieldOften(own, deadline)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private static void yieldOften(Histogram latencies, long deadline) {
        while (System.nanoTime() - deadline < 0) {
            long start = System.nanoTime();
            for (int count = 0; count < YIELDS; count++) {
                Thread.yield();
            }
            if (latencies != null) {
                // Between two of its own yields the other thread of the core has yielded once.
                latencies.recordValue(Math.max(1, (System.nanoTime() - start) / (2 * YIELDS)));
            }
        }
    }

    @Override
    public void wake(Histogram latencies, long deadline) throws InterruptedException {
        Turn turn = new Turn();
        Thread[] pair = new Thread[2];
        pair[1] = Thread.ofVirtual().unstarted(() -> answer(turn, pair));
        pair[0] = Thread.ofVirtual().unstarted(() -> ask(turn, pair, latencies, deadline));
        pair[1].start();
        pair[0].start();
        pair[0].join();
        pair[1].join();
    }

    private static void ask(Turn turn, Thread[] pair, Histogram latencies, long deadline) {
        while (System.nanoTime() - deadline < 0) {
            long start = System.nanoTime();
            for (int count = 0; count < HANDOVERS; count++) {
                turn.give(1);
                LockSupport.unpark(pair[1]);
                while (turn.holder() != 0) {
                    LockSupport.park();
                }
            }
            latencies.recordValue(Math.max(1, (System.nanoTime() - start) / (2 * HANDOVERS)));
        }
        turn.end();
        LockSupport.unpark(pair[1]);
    }

    private static void answer(Turn turn, Thread[] pair) {
        while (true) {
            while (turn.holder() != 1) {
                if (turn.hasEnded()) {
                    return;
                }
                LockSupport.park();
            }
            turn.give(0);
            LockSupport.unpark(pair[0]);
        }
    }

    @Override
    public void close() {}

    /** Runs {@code body} in a virtual thread, since that is where its users create others. */
    private static void inside(Runnable body) throws InterruptedException {
        Thread.startVirtualThread(body).join();
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
