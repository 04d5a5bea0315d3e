package io.silkstone.log.aeroncluster;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One entry of the log, as it is proposed and kept. Little-endian.
 *
 * <pre>
 *   0         1      2          8           16         24
 *   | version | kind | reserved | proposer  | sequence | payload
 * </pre>
 *
 * Proposers are random numbers, one for each time that somebody begins to propose; the sequence
 * tells the frames of one apart.
 */
record LogFrame(Kind kind, long proposer, long sequence, byte[] payload) {
    static final int HEADER_BYTES = 24;

    private static final byte VERSION = 1;

    /** What a frame says. Their order is part of the layout. */
    enum Kind {
        /** The payload is a command of the state machine. */
        COMMAND,
        /** The proposer leads, and is reached at the address in the payload. */
        LEAD,
        /** A part of the state with which the log begins: see {@link FoundingState}. */
        FOUND
    }

    byte[] encoded() {
        ByteBuffer bytes =
                ByteBuffer.allocate(HEADER_BYTES + payload.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(VERSION).put((byte) kind.ordinal()).putShort((short) 0).putInt(0);
        return bytes.putLong(proposer).putLong(sequence).put(payload).array();
    }

    /**
     * @return null when it is none that this version knows; every replica leaves such a one out in
     *     the same way
     */
    static LogFrame decoded(byte[] frame) {
        if (frame.length < HEADER_BYTES || frame[0] != VERSION) {
            return null;
        }
        int kind = frame[1];
        if (kind < 0 || kind >= Kind.values().length) {
            return null;
        }
        ByteBuffer bytes = ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN).position(8);
        long proposer = bytes.getLong();
        long sequence = bytes.getLong();
        byte[] payload = new byte[bytes.remaining()];
        bytes.get(payload);
        return new LogFrame(Kind.values()[kind], proposer, sequence, payload);
    }
}
