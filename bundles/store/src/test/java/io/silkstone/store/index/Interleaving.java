package io.silkstone.store.index;

import java.util.concurrent.Semaphore;

/**
 * Runs two operations in one exactly known interleaving: the first for some steps, the second for
 * some steps, the first to its end, the second to its end. A step ends before each access to shared
 * memory; one that waits for the other lets the other go on. Trying all numbers of steps explores
 * every interleaving of two preemptions, which is where such protocols break.
 */
final class Interleaving {
    private static final int STEPS_MAX = 1_000_000;

    /** An operation may look again a few times at what the other left behind. */
    private static final int WAITS_ALONE_MAX = 3;

    private final Semaphore[] turns = {new Semaphore(0), new Semaphore(0)};
    private final boolean[] finished = new boolean[2];
    private final Throwable[] thrown = new Throwable[2];
    private final boolean[] cutShort = new boolean[4];
    private final int[] budgets;
    private int waitsAlone;
    private int running;
    private int leg;
    private int steps;
    private boolean active;

    Interleaving(int firstSteps, int secondSteps) {
        budgets = new int[] {firstSteps, secondSteps, STEPS_MAX, STEPS_MAX};
    }

    /** Whether the first operation did not end, nor wait, within its steps. */
    boolean firstWasCutShort() {
        return cutShort[0];
    }

    /** Whether the second operation did not end, nor wait, within its steps. */
    boolean secondWasCutShort() {
        return cutShort[1];
    }

    void run(Runnable first, Runnable second) throws InterruptedException {
        Thread[] threads = {start(0, first), start(1, second)};
        active = true;
        running = 0;
        turns[0].release();
        for (Thread thread : threads) {
            thread.join();
        }
        active = false;
        for (Throwable failure : thrown) {
            if (failure != null) {
                throw new AssertionError(failure);
            }
        }
    }

    /** Called before each access to shared memory. */
    void step() {
        int current = Math.min(leg, 3);
        if (active && ++steps > budgets[current]) {
            cutShort[current] = true;
            leg++;
            yieldTo(1 - running);
        }
    }

    /** Called by the operation that has the turn when it can only wait. */
    void waits() {
        if (!active) {
            return;
        }
        if (finished[1 - running] && ++waitsAlone > WAITS_ALONE_MAX) {
            throw new AssertionError("waits for nobody");
        }
        leg++;
        yieldTo(1 - running);
    }

    private Thread start(int self, Runnable operation) {
        return Thread.ofVirtual()
                .start(
                        () -> {
                            turns[self].acquireUninterruptibly();
                            try {
                                operation.run();
                            } catch (RuntimeException | Error e) {
                                thrown[self] = e;
                            }
                            finished[self] = true;
                            running = 1 - self;
                            steps = 0;
                            turns[1 - self].release();
                        });
    }

    private void yieldTo(int other) {
        steps = 0;
        if (finished[other]) {
            return;
        }
        int self = running;
        running = other;
        turns[other].release();
        turns[self].acquireUninterruptibly();
    }
}
