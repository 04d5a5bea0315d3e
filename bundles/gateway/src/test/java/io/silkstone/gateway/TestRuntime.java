package io.silkstone.gateway;

import io.silkstone.api.threads.CorePoller;
import io.silkstone.api.threads.CorePollerFactory;
import io.silkstone.api.threads.CoreStatus;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.Mutex;
import io.silkstone.api.threads.Semaphore;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.threads.ThreadStatus;
import io.silkstone.api.threads.ThreadTask;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** A platform thread a core, and one a user thread: the least that drives pollers in tests. */
public final class TestRuntime implements ThreadRuntime, AutoCloseable {
    private static final long PARK_NANOS_MAX = 20_000_000;

    private final List<Core> cores = new ArrayList<>();
    private final ConcurrentMap<Long, Thread> threads = new ConcurrentHashMap<>();
    private final AtomicLong nextThread = new AtomicLong(1);
    private final AtomicInteger running = new AtomicInteger();
    private volatile int threadsMax = Integer.MAX_VALUE;
    private CorePollerFactory factory;

    private final int coresAtFirst;

    public TestRuntime(int cores) {
        coresAtFirst = cores;
    }

    private static final class Core {
        final int number;
        final CorePollerFactory factory;
        final Thread thread;
        volatile CorePoller poller;
        volatile Core successor;
        volatile boolean stopping;

        Core(int number, CorePollerFactory factory) {
            this.number = number;
            this.factory = factory;
            thread = new Thread(this::run, "test-core-" + number);
            thread.setDaemon(true);
            thread.start();
        }

        private void run() {
            CorePoller mine = factory.create(number);
            poller = mine;
            boolean handedOver = false;
            while (!stopping) {
                if (successor != null && !handedOver) {
                    handedOver = true;
                    mine.handOver(successor.poller);
                }
                if (handedOver && mine.isEmpty()) {
                    break;
                }
                if (mine.poll() == 0) {
                    mine.park(PARK_NANOS_MAX);
                }
            }
            mine.close();
        }
    }

    @Override
    public synchronized AutoCloseable attach(CorePollerFactory pollers) {
        factory = pollers;
        for (int i = 0; i < coresAtFirst; i++) {
            addCore();
        }
        return this::stopCores;
    }

    public synchronized void addCore() {
        Core core = new Core(cores.size(), factory);
        cores.add(core);
        while (core.poller == null) {
            Thread.onSpinWait();
        }
    }

    /** Gives a core back; its sources go to the last one. */
    public synchronized void removeCore(int index) {
        Core core = cores.remove(index);
        core.successor = cores.getLast();
        core.poller.wakeup();
        joinCore(core);
    }

    private synchronized void stopCores() {
        for (Core core : cores) {
            core.stopping = true;
            core.poller.wakeup();
            joinCore(core);
        }
        cores.clear();
    }

    private static void joinCore(Core core) {
        try {
            core.thread.join();
        } catch (InterruptedException stopped) {
            throw new AssertionError(stopped);
        }
    }

    /** From now on no thread is to be had. */
    public void refuseThreads() {
        threadsMax = 0;
    }

    @Override
    public long create(int threadClass, ThreadTask task, long a, long b) {
        return create(threadClass, () -> task.run(a, b));
    }

    @Override
    public long create(int threadClass, Runnable task) {
        if (running.get() >= threadsMax) {
            return NONE;
        }
        long id = nextThread.getAndIncrement();
        running.incrementAndGet();
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                task.run();
                            } finally {
                                running.decrementAndGet();
                                threads.remove(id);
                            }
                        },
                        "test-thread-" + id);
        thread.setDaemon(true);
        threads.put(id, thread);
        thread.start();
        return id;
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
        LockSupport.parkNanos(nanos);
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
        return "test";
    }

    @Override
    public void close() {
        stopCores();
    }
}
