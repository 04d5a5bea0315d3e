package io.silkstone.base.policy;

import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicySlot.FaultListener;
import io.silkstone.base.NanoClock;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * One strategy and the thread that calls it, which is there only while there is something to call.
 * Whoever asks waits for a limited time, in the way that it brings along: a user thread must not
 * keep its core. A strategy that rests is not called, but may be again; one that has ended is
 * forgotten here, however long somebody remembers this host.
 *
 * <p>Threads: any.
 *
 * @param <S> the interface of such strategies
 */
public final class StrategyHost<S> {
    private static final long LIMIT_NANOS = 2_000_000_000;
    private static final long IDLE_SECONDS = 1;

    /** One for each that asks at a time, and some. */
    private static final int CALLS_WAITING_MAX = 256;

    private final PolicyId id;
    private final FaultListener faults;
    private final NanoClock clock;
    private final ThreadPoolExecutor caller;
    private volatile S strategy;
    private volatile boolean resting;

    /**
     * @param faults told when the strategy fails, null for nobody
     * @param clock for the limit of a call; null trusts the strategy and calls it on the caller's
     *     thread
     * @param threadName of the thread that calls
     */
    StrategyHost(
            PolicyId id, S strategy, FaultListener faults, NanoClock clock, String threadName) {
        this.id = id;
        this.strategy = strategy;
        this.faults = faults;
        this.clock = clock;
        caller =
                clock == null
                        ? null
                        : new ThreadPoolExecutor(
                                0,
                                1,
                                IDLE_SECONDS,
                                TimeUnit.SECONDS,
                                new LinkedBlockingQueue<>(CALLS_WAITING_MAX),
                                body -> newCallerThread(threadName, body));
    }

    private static Thread newCallerThread(String name, Runnable body) {
        Thread thread =
                Thread.ofPlatform()
                        .daemon()
                        .inheritInheritableThreadLocals(false)
                        .name(name)
                        .unstarted(body);
        thread.setContextClassLoader(null);
        return thread;
    }

    /** What the strategy is called. */
    public PolicyId id() {
        return id;
    }

    FaultListener faults() {
        return faults;
    }

    /** The strategy is not called any more, or it may be again. Calls under way go on. */
    void rest(boolean rests) {
        resting = rests;
    }

    /**
     * Waits until no call is under way, once it rests; no longer than a call may take.
     *
     * @return false when one still is
     */
    boolean awaitRest(Runnable pause) {
        try {
            await("rest", () -> "", pause);
            return true;
        } catch (StrategyFault hangs) {
            return false;
        }
    }

    /** The strategy is not called again, and nothing leads to it from here. */
    void end() {
        resting = true;
        strategy = null;
        if (caller != null) {
            caller.shutdownNow();
        }
    }

    /**
     * What {@code body} has the strategy answer.
     *
     * @param method what to call that in a sentence
     * @param pause a short wait between two looks at whether there is an answer
     * @return null when the strategy rests
     */
    public <T> T call(String method, Function<S, T> body, Runnable pause) throws StrategyFault {
        return await(
                method,
                () -> {
                    S present = resting ? null : strategy;
                    return present == null ? null : answer(method, present, body);
                },
                pause);
    }

    /**
     * What a strategy throws is its own code, too: asked on this thread, within the time of the
     * call, what it has to say, and then let go.
     */
    private static <S, T> T answer(String method, S strategy, Function<S, T> body)
            throws StrategyFault {
        T answer;
        try {
            answer = body.apply(strategy);
        } catch (Throwable failure) {
            throw new StrategyFault(method + " threw " + say(failure));
        }
        if (answer == null) {
            throw new StrategyFault(method + " returned null");
        }
        return answer;
    }

    private static String say(Throwable failure) {
        try {
            return failure.toString();
        } catch (Throwable again) {
            return failure.getClass().getName();
        }
    }

    private <T> T await(String method, Callable<T> body, Runnable pause) throws StrategyFault {
        try {
            if (caller == null) {
                return body.call();
            }
            Future<T> answer = caller.submit(body);
            long deadline = clock.nanoTime() + LIMIT_NANOS;
            while (!answer.isDone()) {
                if (clock.nanoTime() - deadline > 0) {
                    answer.cancel(true);
                    throw new StrategyFault(
                            method + " took longer than " + LIMIT_NANOS / 1_000_000 + " ms");
                }
                pause.run();
            }
            return answer.get();
        } catch (StrategyFault fault) {
            throw fault;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof StrategyFault fault
                    ? fault
                    : new StrategyFault(method + " failed");
        } catch (RejectedExecutionException e) {
            if (resting) {
                return null;
            }
            throw new StrategyFault(method + " was asked for too often, and has not answered");
        } catch (Exception e) {
            throw new StrategyFault(method + " failed: " + e);
        }
    }
}
