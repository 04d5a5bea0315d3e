package io.silkstone.api.policy;

import org.osgi.annotation.versioning.ProviderType;

/**
 * The place in a mechanism where a policy of one kind works. The mechanism publishes it as a
 * service with {@code silkstone.kind}; the {@link PolicyDirectory} alone calls it, one call at a
 * time.
 *
 * <p>A slot is never empty: it starts with a built-in policy that needs no bundle.
 */
@ProviderType
public interface PolicySlot {
    /** The kind of policy that fits. */
    String kind();

    /** The interface that a policy of this kind implements. */
    Class<?> type();

    /** Name of the policy that works when no other does. */
    String builtIn();

    /** The policy at work. */
    PolicyId inUse();

    /**
     * Hands the work from the policy in use to {@code policy}: in-flight decisions of the old one
     * end first, nothing is dropped, and the old one is not called again after this returns. For a
     * trial time (the mechanism's setting) the new one is on probation: when it throws, hangs or is
     * too slow, the slot returns to the one before by itself and tells {@code faults}. The one
     * before stays usable until the next call of this method or of {@link #forget}.
     *
     * @param id what to call it
     * @param policy an instance of {@link #type}; null for the built-in
     * @param faults told at most once, from any thread
     * @throws PolicyRefused when the policy failed at once; the old one goes on
     */
    void use(PolicyId id, Object policy, FaultListener faults) throws PolicyRefused;

    /**
     * Drops every reference to {@code gone}, a former policy whose bundle may go now: the slot
     * returns to the built-in instead when the policy on probation fails. When the slot has
     * returned to {@code gone} just now, the built-in takes over. A slot that keeps no former
     * policy has nothing to do.
     *
     * @param gone what it was called in {@link #use}
     */
    default void forget(PolicyId gone) {}

    /**
     * What the policy decided last and from which figures, a sentence a line, for {@code
     * policy:why}.
     */
    String why();

    /** Hears of a policy that failed after it was taken into use. */
    @FunctionalInterface
    interface FaultListener {
        /**
         * @param failed the policy that failed
         * @param now the policy at work since
         * @param reason one sentence
         */
        void failed(PolicyId failed, PolicyId now, String reason);
    }
}
