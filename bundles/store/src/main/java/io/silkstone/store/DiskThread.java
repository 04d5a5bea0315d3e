package io.silkstone.store;

import java.util.concurrent.locks.LockSupport;

/**
 * A platform thread that waits for a disk, and so may not be a user thread of a core. Threads: any.
 */
public final class DiskThread {
    private final Thread thread;

    /** Of {@code life}, not started yet. */
    public DiskThread(String name, Runnable life) {
        thread = Thread.ofPlatform().daemon().name(name).unstarted(life);
    }

    /** Begins. */
    public void start() {
        thread.start();
    }

    /** Ends its pause, if it parks. */
    public void wake() {
        LockSupport.unpark(thread);
    }

    /**
     * Waits until it has come to its end, and then does {@code rest}. Who is interrupted meanwhile
     * waits all the same, and is so afterwards: an interrupt would close files under what clients
     * rely on.
     */
    public void end(Runnable rest) {
        boolean interrupted = Thread.interrupted();
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        rest.run();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
