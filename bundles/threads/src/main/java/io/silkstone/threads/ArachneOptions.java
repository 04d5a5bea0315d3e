package io.silkstone.threads;

import io.silkstone.base.Checks;

/**
 * What an operator may set of the runtime, checked. Start from {@link #defaults} and change what
 * matters.
 *
 * @param coresMin the fewest cores held, at least 1
 * @param coresMax the most cores held, 0 for as many as the process may use
 * @param pin whether cores stay on one processor each
 * @param othersNice how far the process's other threads step back behind the cores, from 0 (not at
 *     all) to 19; needs pinned cores
 * @param mode how user threads are run
 * @param policyLimitNanos longest call of a core policy that is not a fault
 * @param policyProbationNanos how long the policy before stays ready to take over again
 */
public record ArachneOptions(
        int coresMin,
        int coresMax,
        Pin pin,
        int othersNice,
        Mode mode,
        long policyLimitNanos,
        long policyProbationNanos) {
    private static final long NANOS_PER_MILLI = 1_000_000;

    /** Whether a core stays on one processor. */
    public enum Pin {
        /** Pins where the system can. */
        AUTO,
        /** Never pins: the system may move cores between processors. */
        OFF
    }

    /** How user threads are run. */
    public enum Mode {
        /** On virtual threads if the JDK allows a scheduler of our own, else as the last. */
        AUTO,
        /** On virtual threads, or not at all. */
        VIRTUAL,
        /** On platform threads: a task that blocks keeps its platform thread. */
        RUN_TO_COMPLETION
    }

    /** Checks each value. */
    public ArachneOptions {
        Checks.inRange("cores.min", coresMin, 1, Machine.CORES_LIMIT);
        Checks.inRange("cores.max", coresMax, 0, Machine.CORES_LIMIT);
        Checks.require(
                coresMax == 0 || coresMin <= coresMax,
                "cores.min must be at most cores.max (%d), was %d",
                coresMax,
                coresMin);
        Checks.inRange("others.nice", othersNice, 0, 19);
        Checks.inRange("policy.limit.ms", policyLimitNanos / NANOS_PER_MILLI, 1, 60_000);
        Checks.inRange("policy.probation.ms", policyProbationNanos / NANOS_PER_MILLI, 0, 3_600_000);
    }

    /**
     * One core at least, all at most, pinned, on virtual threads where possible; the process's
     * other threads are left alone.
     */
    public static ArachneOptions defaults() {
        return new ArachneOptions(
                1, 0, Pin.AUTO, 0, Mode.AUTO, 100 * NANOS_PER_MILLI, 2_000 * NANOS_PER_MILLI);
    }

    /** These options but for the bounds of the number of cores. */
    public ArachneOptions withCores(int min, int max) {
        return new ArachneOptions(
                min, max, pin, othersNice, mode, policyLimitNanos, policyProbationNanos);
    }

    /** These options but for pinning. */
    public ArachneOptions withPin(Pin newPin) {
        return new ArachneOptions(
                coresMin,
                coresMax,
                newPin,
                othersNice,
                mode,
                policyLimitNanos,
                policyProbationNanos);
    }

    /** These options but for how far the process's other threads step back. */
    public ArachneOptions withOthersNice(int nice) {
        return new ArachneOptions(
                coresMin, coresMax, pin, nice, mode, policyLimitNanos, policyProbationNanos);
    }

    /** These options but for the mode. */
    public ArachneOptions withMode(Mode newMode) {
        return new ArachneOptions(
                coresMin,
                coresMax,
                pin,
                othersNice,
                newMode,
                policyLimitNanos,
                policyProbationNanos);
    }

    /** These options but for the patience with core policies. */
    public ArachneOptions withPolicyPatience(long limitNanos, long probationNanos) {
        return new ArachneOptions(
                coresMin, coresMax, pin, othersNice, mode, limitNanos, probationNanos);
    }
}
