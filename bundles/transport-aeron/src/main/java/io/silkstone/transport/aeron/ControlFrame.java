package io.silkstone.transport.aeron;

import io.aeron.ReservedValueSupplier;

/**
 * Frames of a session's stream that are no whole messages. They are told apart by the eight bytes
 * that Aeron's frame header reserves for applications and that are 0 in an ordinary message, which
 * therefore needs no header of ours.
 *
 * <pre>
 *   63        48 47   40 39   32 31                0
 *   | 0x534B   | kind  | 0     | argument          |
 * </pre>
 */
final class ControlFrame {
    /** The first frame towards the caller; its body is the session's key. */
    static final int WELCOME = 1;

    /** The last frame: the sender has closed the session. */
    static final int BYE = 2;

    /** A part of a message that is too long for Aeron; the argument is the message's length. */
    static final int PART = 3;

    /** A frame of somebody else. */
    static final int UNKNOWN = -1;

    static final ReservedValueSupplier WELCOME_MARK = (buffer, offset, length) -> mark(WELCOME, 0);
    static final ReservedValueSupplier BYE_MARK = (buffer, offset, length) -> mark(BYE, 0);

    private static final long SIGNATURE = 0x53_4B;
    private static final int SIGNATURE_SHIFT = 48;
    private static final int KIND_SHIFT = 40;
    private static final long KIND_MASK = 0xFF;

    private ControlFrame() {}

    static long mark(int kind, int argument) {
        return SIGNATURE << SIGNATURE_SHIFT
                | (long) kind << KIND_SHIFT
                | Integer.toUnsignedLong(argument);
    }

    static int kind(long mark) {
        return mark >>> SIGNATURE_SHIFT == SIGNATURE
                ? (int) (mark >>> KIND_SHIFT & KIND_MASK)
                : UNKNOWN;
    }

    static int argument(long mark) {
        return (int) mark;
    }
}
