package io.silkstone.client;

import io.silkstone.base.Checks;
import java.util.concurrent.TimeUnit;

/**
 * Limits and times of a {@link ClusterStore}.
 *
 * @param timeoutNanos how long an operation tries before it gives up
 * @param attemptNanos how long one server may be silent before the client looks whether the key has
 *     another one
 * @param valueBytesMax longest value
 */
public record ClientOptions(long timeoutNanos, long attemptNanos, int valueBytesMax) {
    /** Ten seconds, half a second, 1 MiB. */
    public static final ClientOptions DEFAULT =
            new ClientOptions(
                    TimeUnit.SECONDS.toNanos(10), TimeUnit.MILLISECONDS.toNanos(500), 1 << 20);

    /** Checks every value. */
    public ClientOptions {
        Checks.inRange("timeout.nanos", timeoutNanos, 1_000_000, 3_600_000_000_000L);
        Checks.inRange("attempt.nanos", attemptNanos, 1_000_000, timeoutNanos);
        Checks.inRange("value.bytes.max", valueBytesMax, 1, 8 << 20);
    }
}
