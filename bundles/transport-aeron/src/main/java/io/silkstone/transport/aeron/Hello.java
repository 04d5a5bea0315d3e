package io.silkstone.transport.aeron;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * What a transport says to another to open a session, on the stream that every listening transport
 * subscribes to. The side that calls chooses everything: a random key, and a random stream and
 * Aeron session for each direction. It makes its ends of both streams first and repeats its hello
 * until the other side, which makes its own ends, answers with a {@link ControlFrame#WELCOME} that
 * carries the key, as the first frame of the stream towards the caller.
 *
 * <pre>
 *   0        8          12         16     24            28             32            36
 *   | magic  | protocol | longest  | key  | out stream  | out session  | back stream | back session
 *   40     48             56          58            60           62
 *   | pid  | start millis | namespace | reply to    | name       | three texts, ASCII
 *                         (three lengths in bytes)
 * </pre>
 *
 * Little-endian. "Longest" is the longest message that the caller takes. "Out" leads away from the
 * caller, "back" towards it. A later protocol may append fields; one that cannot be understood has
 * another number and is ignored.
 *
 * @param messageBytesMax longest message that the caller takes
 * @param key names the session
 * @param outStream stream away from the caller
 * @param outSession Aeron session of it
 * @param backStream stream towards the caller
 * @param backSession Aeron session of it
 * @param process the caller's
 * @param replyTo the caller's address for UDP, empty for shared memory
 * @param name what the caller is called in {@link io.silkstone.api.transport.Session#peer}
 */
record Hello(
        int messageBytesMax,
        long key,
        int outStream,
        int outSession,
        int backStream,
        int backSession,
        ProcessIdentity process,
        String replyTo,
        String name) {
    /** The stream of hellos. */
    static final int STREAM = 0x51_1C;

    static final long MAGIC = 0x31_4F_4C_4C_45_48_4B_53L;
    static final int PROTOCOL = 1;
    static final int LENGTH_MAX = 1_024;

    private static final int PROTOCOL_OFFSET = 8;
    private static final int MESSAGE_BYTES_MAX_OFFSET = 12;
    private static final int KEY_OFFSET = 16;
    private static final int OUT_STREAM_OFFSET = 24;
    private static final int OUT_SESSION_OFFSET = 28;
    private static final int BACK_STREAM_OFFSET = 32;
    private static final int BACK_SESSION_OFFSET = 36;
    private static final int PID_OFFSET = 40;
    private static final int START_OFFSET = 48;
    private static final int TEXT_LENGTHS_OFFSET = 56;
    private static final int TEXTS_OFFSET = 62;

    /** Writes it at the beginning of {@code buffer}, which has {@link #LENGTH_MAX} bytes. */
    int encode(MutableDirectBuffer buffer) {
        buffer.putLong(0, MAGIC);
        buffer.putInt(PROTOCOL_OFFSET, PROTOCOL);
        buffer.putInt(MESSAGE_BYTES_MAX_OFFSET, messageBytesMax);
        buffer.putLong(KEY_OFFSET, key);
        buffer.putInt(OUT_STREAM_OFFSET, outStream);
        buffer.putInt(OUT_SESSION_OFFSET, outSession);
        buffer.putInt(BACK_STREAM_OFFSET, backStream);
        buffer.putInt(BACK_SESSION_OFFSET, backSession);
        buffer.putLong(PID_OFFSET, process.pid());
        buffer.putLong(START_OFFSET, process.startMillis());
        int offset = TEXTS_OFFSET;
        int index = 0;
        for (String text : new String[] {process.namespace(), replyTo, name}) {
            byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
            buffer.putShort(TEXT_LENGTHS_OFFSET + index * Short.BYTES, (short) bytes.length);
            buffer.putBytes(offset, bytes);
            offset += bytes.length;
            index++;
        }
        return offset;
    }

    /** Reads one; null when those bytes are no hello of this protocol. */
    static Hello decode(DirectBuffer buffer, int offset, int length) {
        if (length < TEXTS_OFFSET
                || length > LENGTH_MAX
                || buffer.getLong(offset) != MAGIC
                || buffer.getInt(offset + PROTOCOL_OFFSET) != PROTOCOL) {
            return null;
        }
        String[] texts = new String[3];
        int end = TEXTS_OFFSET;
        for (int index = 0; index < texts.length; index++) {
            int lengthOffset = offset + TEXT_LENGTHS_OFFSET + index * Short.BYTES;
            int bytes = Short.toUnsignedInt(buffer.getShort(lengthOffset));
            if (end + bytes > length) {
                return null;
            }
            texts[index] = buffer.getStringWithoutLengthAscii(offset + end, bytes);
            end += bytes;
        }
        return new Hello(
                buffer.getInt(offset + MESSAGE_BYTES_MAX_OFFSET),
                buffer.getLong(offset + KEY_OFFSET),
                buffer.getInt(offset + OUT_STREAM_OFFSET),
                buffer.getInt(offset + OUT_SESSION_OFFSET),
                buffer.getInt(offset + BACK_STREAM_OFFSET),
                buffer.getInt(offset + BACK_SESSION_OFFSET),
                new ProcessIdentity(
                        buffer.getLong(offset + PID_OFFSET),
                        buffer.getLong(offset + START_OFFSET),
                        texts[0]),
                texts[1],
                texts[2]);
    }
}
