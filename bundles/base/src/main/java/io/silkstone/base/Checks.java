package io.silkstone.base;

import java.util.Locale;

/**
 * Checks of what operators and callers hand in. A failure is one sentence that says what to change.
 */
public final class Checks {
    private Checks() {}

    /**
     * Does nothing when {@code holds}.
     *
     * @param message a sentence in the manner of {@link String#format}
     * @throws IllegalArgumentException with the sentence otherwise
     */
    public static void require(boolean holds, String message, Object... arguments) {
        if (!holds) {
            throw new IllegalArgumentException(String.format(Locale.ROOT, message, arguments));
        }
    }

    /** Whether {@code value} is 1, 2, 4 and so on. */
    public static boolean isPowerOfTwo(long value) {
        return value > 0 && (value & value - 1) == 0;
    }

    /**
     * Returns {@code value} when it lies between the two bounds, both allowed.
     *
     * @param key the configuration key, for the message
     * @throws IllegalArgumentException naming the key and what is allowed otherwise
     */
    public static long inRange(String key, long value, long lowest, long highest) {
        require(
                lowest <= value && value <= highest,
                "%s must be between %d and %d, was %d",
                key,
                lowest,
                highest,
                value);
        return value;
    }
}
