package io.silkstone.api.threads;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Decides how many cores the runtime holds, which of them a thread class may use, and how an idle
 * core waits (Arachne, OSDI'18, section 5). Publish it as a service with {@code
 * silkstone.kind=cores} and {@code silkstone.name}; {@link io.silkstone.api.policy.Policy} does
 * both.
 *
 * <p>The runtime calls {@link #start}, then any other method, then {@link #stop}, all on one thread
 * that belongs to this policy. The answers of {@link #cores} and {@link #idle} are asked for after
 * the start, after each change of cores and after each decision, and whoever creates a thread or
 * waits goes by the newest: a change of mind in between is heard at the next decision. A method
 * that throws, or works or waits for longer than the runtime's limit (100 ms unless configured),
 * makes the runtime return to the policy before. Keep no state that must outlive a swap: what a
 * successor needs goes into {@link PolicyState}. When a successor fails, its predecessor is started
 * once more.
 */
@ConsumerType
public interface CorePolicy {
    /**
     * The policy takes over with the cores that are held now; none is given back in between.
     *
     * @param control what the policy may know of the machine
     * @param handover what the policy before it left, {@link PolicyState#EMPTY} when there was none
     */
    void start(CoreControl control, PolicyState handover);

    /** The policy ends; it must not expect another call. */
    PolicyState stop();

    /** The runtime has got {@code core}, which is in no list yet. */
    void coreAvailable(int core);

    /** The runtime is about to lose {@code core}: no list may name it when this returns. */
    void coreUnavailable(int core);

    /**
     * The cores that a new thread of {@code threadClass} may be put on, of those that are held. An
     * empty set refuses the thread; there must be one for {@link ThreadRuntime#NORMAL}.
     */
    CoreSet cores(int threadClass);

    /** Judges the load and says how many cores are wanted; called once per interval. */
    CoreRequest decide(LoadSample sample);

    /** How an idle core waits, until the next answer. */
    IdleBudget idle();
}
