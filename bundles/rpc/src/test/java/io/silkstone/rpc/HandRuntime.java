package io.silkstone.rpc;

import io.silkstone.api.threads.CorePollerFactory;
import io.silkstone.api.threads.CoreStatus;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.Mutex;
import io.silkstone.api.threads.Semaphore;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.threads.ThreadStatus;
import io.silkstone.api.threads.ThreadTask;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;

/** Threads that run when the test says so, in the test's own; or at once, in platform threads. */
final class HandRuntime implements ThreadRuntime {
    private final Queue<Runnable> created = new ArrayDeque<>();
    private final boolean isLive;
    private int contexts = Integer.MAX_VALUE;
    private long last;

    HandRuntime(boolean isLive) {
        this.isLive = isLive;
    }

    /** How many more threads there may be. */
    void contexts(int count) {
        contexts = count;
    }

    /** How many threads were created and have not run. */
    int size() {
        return created.size();
    }

    /** Runs the oldest thread to its end. */
    void runNext() {
        created.remove().run();
    }

    /** Runs threads, and those that they lead to, until there are none. */
    void runAll() {
        while (!created.isEmpty()) {
            runNext();
        }
    }

    @Override
    public synchronized long create(int threadClass, ThreadTask task, long a, long b) {
        if (contexts == 0) {
            return NONE;
        }
        contexts--;
        if (isLive) {
            Thread.ofPlatform().daemon().start(() -> task.run(a, b));
        } else {
            created.add(() -> task.run(a, b));
        }
        return ++last;
    }

    @Override
    public long create(int threadClass, Runnable task) {
        return create(threadClass, (a, b) -> task.run(), 0, 0);
    }

    @Override
    public long self() {
        return NONE;
    }

    @Override
    public void yield() {
        Thread.yield();
    }

    @Override
    public void sleep(long nanos) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void block() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void signal(long thread) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void join(long thread) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Mutex newMutex() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Semaphore newSemaphore(int permits) {
        throw new UnsupportedOperationException();
    }

    @Override
    public AutoCloseable attach(CorePollerFactory pollers) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<CoreStatus> cores() {
        return List.of();
    }

    @Override
    public LoadSample load() {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<ThreadStatus> threads() {
        return List.of();
    }

    @Override
    public String mode() {
        return "by hand";
    }
}
