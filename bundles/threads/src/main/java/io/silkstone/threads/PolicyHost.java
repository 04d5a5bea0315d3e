package io.silkstone.threads;

import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicySlot.FaultListener;
import io.silkstone.api.threads.CoreControl;
import io.silkstone.api.threads.CorePolicy;
import io.silkstone.api.threads.CoreRequest;
import io.silkstone.api.threads.CoreSet;
import io.silkstone.api.threads.IdleBudget;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.PolicyState;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/**
 * One core policy and the thread that calls it. Every call is awaited for a limited time; a policy
 * that throws, or does not return, has had its last call, and its thread is abandoned. The thread
 * belongs to this policy alone, so that nothing the policy leaves in it (thread locals, an endless
 * loop) outlives the policy's use or delays its successor.
 */
final class PolicyHost {
    /**
     * How often a starved call is given its time again: even a native call that hangs has an end.
     */
    private static final int STARVED_ROUNDS_MAX = 30;

    private static final long NOT_BEGUN = Long.MIN_VALUE;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final PolicyId id;
    private final CorePolicy policy;
    private final FaultListener faults;
    private final LongSupplier limitNanos;
    private final ExecutorService caller;
    private volatile Thread callerThread;

    /** The caller thread's processor time when the call that runs began. */
    private volatile long cpuAtBeginNanos;

    /**
     * @param faults told when the policy fails, null for nobody
     * @param limitNanos longest call; 0 trusts the policy and calls it on the caller's thread
     */
    PolicyHost(PolicyId id, CorePolicy policy, FaultListener faults, LongSupplier limitNanos) {
        this.id = id;
        this.policy = policy;
        this.faults = faults;
        this.limitNanos = limitNanos;
        caller =
                limitNanos.getAsLong() == 0
                        ? null
                        : Executors.newSingleThreadExecutor(this::newCallerThread);
    }

    private Thread newCallerThread(Runnable body) {
        Thread thread =
                Thread.ofPlatform()
                        .daemon()
                        .inheritInheritableThreadLocals(false)
                        .name("silkstone-threads-policy-0")
                        .unstarted(body);
        thread.setContextClassLoader(null);
        callerThread = thread;
        return thread;
    }

    PolicyId id() {
        return id;
    }

    FaultListener faults() {
        return faults;
    }

    void start(CoreControl control, PolicyState handover) throws PolicyFault {
        call(
                "start",
                () -> {
                    policy.start(control, handover);
                    return null;
                });
    }

    PolicyState stop() throws PolicyFault {
        PolicyState left = call("stop", policy::stop);
        return left == null ? PolicyState.EMPTY : left;
    }

    void coreAvailable(int core) throws PolicyFault {
        call(
                "coreAvailable",
                () -> {
                    policy.coreAvailable(core);
                    return null;
                });
    }

    void coreUnavailable(int core) throws PolicyFault {
        call(
                "coreUnavailable",
                () -> {
                    policy.coreUnavailable(core);
                    return null;
                });
    }

    CoreRequest decide(LoadSample sample) throws PolicyFault {
        CoreRequest request = call("decide", () -> policy.decide(sample));
        if (request == null) {
            throw new PolicyFault("decide returned null");
        }
        return request;
    }

    /** The policy's standing answers, but for cores that are not held (any more). */
    Placement placement(CoreSet held) throws PolicyFault {
        Placement answers =
                call(
                        "cores or idle",
                        () -> {
                            CoreSet[] perClass = new CoreSet[Placement.CLASSES];
                            for (int index = 0; index < perClass.length; index++) {
                                perClass[index] = policy.cores(index);
                            }
                            return new Placement(perClass, held, policy.idle());
                        });
        IdleBudget idle = answers.idle();
        if (idle == null || idle.spinNanos() < 0 || idle.yields() < 0 || idle.parkNanosMax() < 1) {
            throw new PolicyFault("idle returned " + idle);
        }
        CoreSet[] perClass = answers.perClass();
        for (int index = 0; index < perClass.length; index++) {
            if (perClass[index] == null) {
                throw new PolicyFault("cores(" + index + ") returned null");
            }
            perClass[index] = held(perClass[index], held);
        }
        if (perClass[0].size() == 0) {
            throw new PolicyFault("cores(0) names no core that is held for ordinary threads");
        }
        return answers;
    }

    private static CoreSet held(CoreSet named, CoreSet held) {
        for (int index = 0; index < named.size(); index++) {
            if (!held.contains(named.get(index))) {
                return held(named.without(named.get(index)), held);
            }
        }
        return named;
    }

    /** The policy is not called again. */
    void end() {
        if (caller != null) {
            caller.shutdownNow();
        }
    }

    private <T> T call(String method, Callable<T> body) throws PolicyFault {
        try {
            if (caller == null) {
                return guarded(method, body);
            }
            cpuAtBeginNanos = NOT_BEGUN;
            return await(
                    method,
                    caller.submit(
                            () -> {
                                cpuAtBeginNanos = THREADS.getCurrentThreadCpuTime();
                                return guarded(method, body);
                            }));
        } catch (PolicyFault fault) {
            throw fault;
        } catch (Throwable failure) {
            throw new PolicyFault(method + " failed: " + failure);
        }
    }

    /**
     * What a policy throws is its own code, too: asked on this thread, within the time of the call,
     * what it has to say, and then let go.
     */
    private static <T> T guarded(String method, Callable<T> body) throws PolicyFault {
        try {
            return body.call();
        } catch (Throwable failure) {
            throw new PolicyFault(method + " threw " + say(failure));
        }
    }

    private static String say(Throwable failure) {
        try {
            return failure.toString();
        } catch (Throwable again) {
            return failure.getClass().getName();
        }
    }

    private <T> T await(String method, Future<T> answer) throws Throwable {
        long limit = limitNanos.getAsLong();
        boolean interrupted = false;
        try {
            for (int round = 0; ; round++) {
                try {
                    return answer.get(limit, TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw e.getCause();
                } catch (TimeoutException e) {
                    boolean starved = isStarved(limit);
                    // It may have answered while we looked; then it waits for its next call.
                    if (!answer.isDone() && (!starved || round == STARVED_ROUNDS_MAX)) {
                        answer.cancel(true);
                        throw new PolicyFault(
                                method + " took longer than " + limit / 1_000_000 + " ms");
                    }
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private boolean isStarved(long limit) {
        long cpuAtBegin = cpuAtBeginNanos;
        if (cpuAtBegin == NOT_BEGUN) {
            return true;
        }
        Thread thread = callerThread;
        long usedNanos = THREADS.getThreadCpuTime(thread.threadId()) - cpuAtBegin;
        return isStarved(thread.getState(), usedNanos, limit);
    }

    /**
     * Whether a call that has not returned in time is the machine's fault. On a machine without a
     * free processor a policy that does not get to run is no policy that hangs. Its own fault is
     * what it did itself: use the processor for as long as it may, or wait for something. A monitor
     * that another thread holds, such as a class loader's, is not of its choosing.
     *
     * @param usedNanos processor time that the call has had
     */
    static boolean isStarved(Thread.State state, long usedNanos, long limitNanos) {
        return switch (state) {
            case RUNNABLE, BLOCKED -> usedNanos < limitNanos;
            default -> false;
        };
    }
}
