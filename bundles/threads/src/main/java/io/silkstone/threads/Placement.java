package io.silkstone.threads;

import io.silkstone.api.threads.CoreSet;
import io.silkstone.api.threads.IdleBudget;
import java.util.Arrays;

/**
 * A policy's standing answers: where threads of each class may go, and how an idle core waits.
 *
 * <p>The runtime asks the policy for them whenever something changes and after each decision, on
 * the control thread under its watchdog, and everybody else reads this snapshot. So a policy that
 * throws or hangs in {@code cores} or {@code idle} cannot hurt a creator, a swap need not wait for
 * callers inside the old policy, and creating a thread costs no call through an interface that has
 * had many implementations.
 *
 * @param perClass the cores of each thread class
 * @param held the cores held when the answers were given
 * @param idle how an idle core waits
 */
record Placement(CoreSet[] perClass, CoreSet held, IdleBudget idle) {
    /** Thread classes that a policy is asked about. */
    static final int CLASSES = 8;

    private static final long PARK_NANOS_MAX = 100_000_000;

    /** No core for any class, as before the start. */
    static Placement none(CoreSet held) {
        CoreSet[] perClass = new CoreSet[CLASSES];
        Arrays.fill(perClass, CoreSet.EMPTY);
        return new Placement(perClass, held, new IdleBudget(0, 0, PARK_NANOS_MAX));
    }

    CoreSet cores(int threadClass) {
        return perClass[threadClass];
    }
}
