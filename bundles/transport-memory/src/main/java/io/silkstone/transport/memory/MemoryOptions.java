package io.silkstone.transport.memory;

import io.silkstone.base.Checks;

/**
 * Limits and times of a {@link MemoryNetwork} that stay as they are while it runs.
 *
 * @param messageBytesMax longest message
 * @param sessionMessagesMax messages that are under way in one direction of a session before it is
 *     FULL
 * @param connectNanos how long a transport tries to open a session
 * @param noticeNanosMax after at most this time one hears of a session that broke or whose other
 *     side crashed
 * @param lateNoticeOneIn of one crash in so many one hears late, 0 for none
 * @param lateNoticeNanosMax how late, at most
 */
public record MemoryOptions(
        int messageBytesMax,
        int sessionMessagesMax,
        long connectNanos,
        long noticeNanosMax,
        int lateNoticeOneIn,
        long lateNoticeNanosMax) {
    /** Messages of 1 MiB, 256 of them; a second to connect, 50 ms or now and then 10 s to hear. */
    public static final MemoryOptions DEFAULTS =
            new MemoryOptions(1 << 20, 256, 1_000_000_000L, 50_000_000, 4, 10_000_000_000L);

    private static final long HOUR_NANOS = 3_600_000_000_000L;
    private static final int MESSAGE_BYTES_LIMIT = 1 << 28;

    /** Checks what was set. */
    public MemoryOptions {
        Checks.inRange("messageBytesMax", messageBytesMax, 1, MESSAGE_BYTES_LIMIT);
        Checks.inRange("sessionMessagesMax", sessionMessagesMax, 1, 1 << 20);
        Checks.inRange("connectNanos", connectNanos, 1, HOUR_NANOS);
        Checks.inRange("noticeNanosMax", noticeNanosMax, 1, HOUR_NANOS);
        Checks.inRange("lateNoticeOneIn", lateNoticeOneIn, 0, Integer.MAX_VALUE);
        Checks.inRange("lateNoticeNanosMax", lateNoticeNanosMax, 1, HOUR_NANOS);
    }

    /** Messages may have so many bytes. */
    public MemoryOptions withMessageBytesMax(int bytes) {
        return new MemoryOptions(
                bytes,
                sessionMessagesMax,
                connectNanos,
                noticeNanosMax,
                lateNoticeOneIn,
                lateNoticeNanosMax);
    }

    /** So many messages may be under way. */
    public MemoryOptions withSessionMessagesMax(int messages) {
        return new MemoryOptions(
                messageBytesMax,
                messages,
                connectNanos,
                noticeNanosMax,
                lateNoticeOneIn,
                lateNoticeNanosMax);
    }

    /** Transports try for so long to open a session. */
    public MemoryOptions withConnectNanos(long nanos) {
        return new MemoryOptions(
                messageBytesMax,
                sessionMessagesMax,
                nanos,
                noticeNanosMax,
                lateNoticeOneIn,
                lateNoticeNanosMax);
    }

    /** One hears of a break within {@code nanosMax}, but late of one crash in {@code lateOneIn}. */
    public MemoryOptions withNotice(long nanosMax, int lateOneIn, long lateNanosMax) {
        return new MemoryOptions(
                messageBytesMax,
                sessionMessagesMax,
                connectNanos,
                nanosMax,
                lateOneIn,
                lateNanosMax);
    }
}
