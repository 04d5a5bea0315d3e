package io.silkstone.api.threads;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Decides how many cores the runtime holds, which of them a thread class may use, and how an idle
 * core waits (Arachne, OSDI'18, section 5). Publish it as a service with {@code
 * silkstone.kind=cores} and {@code silkstone.name}; {@link io.silkstone.api.policy.Policy} does
 * both.
 *
 * <p>The runtime calls {@link #start}, then any other method, then {@link #stop}, each from one
 * control thread, one at a time; only {@link #cores} and {@link #idle} are called from everywhere
 * and at any time between them. A method that throws, or takes longer than the runtime's limit (100
 * ms on the control thread), makes the runtime return to the policy before. Keep no state that must
 * outlive a swap: what a successor needs goes into {@link PolicyState}. When a successor fails, its
 * predecessor is started once more.
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
     * The cores that a new thread of {@code threadClass} may be put on. Hot path: an immutable
     * snapshot from a volatile field, no allocation, no lock. An empty set refuses the thread.
     */
    CoreSet cores(int threadClass);

    /** Judges the load and says how many cores are wanted; called once per interval. */
    CoreRequest decide(LoadSample sample);

    /** How an idle core waits. Hot path, as {@link #cores}. */
    IdleBudget idle();
}
