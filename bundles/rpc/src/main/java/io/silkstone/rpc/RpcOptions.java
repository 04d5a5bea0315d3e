package io.silkstone.rpc;

import io.silkstone.base.Checks;
import java.util.concurrent.TimeUnit;

/**
 * Limits and times of an {@link Rpc}.
 *
 * @param callsMax how many {@link Call}s there can be at a time
 * @param requestsMax how many requests of others may wait or run in threads of their own
 * @param threadsMax how many of these run at a time, apart from those that others depend on
 * @param messageBytesMax longest message that is kept or sent
 * @param unsentBytesMax replies that wait because a session is full; those beyond are dropped, and
 *     asked for again
 * @param resendNanos after how long without a reply a request is sent again for the first time
 */
public record RpcOptions(
        int callsMax,
        int requestsMax,
        int threadsMax,
        int messageBytesMax,
        int unsentBytesMax,
        long resendNanos) {
    /** For a node or a client. */
    public static final RpcOptions DEFAULT =
            new RpcOptions(1024, 256, 16, 9 << 20, 32 << 20, TimeUnit.MILLISECONDS.toNanos(200));

    /** Checks every value. */
    public RpcOptions {
        Checks.inRange("calls.max", callsMax, 1, Call.PLACES);
        Checks.inRange("requests.max", requestsMax, 1, 65_536);
        Checks.inRange("threads.max", threadsMax, 1, 1_024);
        Checks.inRange("message.bytes.max", messageBytesMax, 1_024, 64 << 20);
        Checks.inRange("unsent.bytes.max", unsentBytesMax, messageBytesMax, 1 << 30);
        Checks.inRange("resend.nanos", resendNanos, 1_000, 60_000_000_000L);
    }
}
