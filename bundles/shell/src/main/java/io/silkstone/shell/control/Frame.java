package io.silkstone.shell.control;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * What travels over the control socket.
 *
 * <pre>
 *   0      1                      5                  5 + length
 *   | kind | length, big-endian   | bytes            |
 * </pre>
 *
 * The server begins with {@link Kind#HELLO}, or with a sentence and {@link Kind#EXIT} when it will
 * not serve; the client answers with its own. Then the client sends {@link Kind#COMMAND}s, each of
 * which is answered by any number of {@link Kind#OUT} and {@link Kind#ERR} and one {@link
 * Kind#EXIT}; or one {@link Kind#OPEN}, after which {@link Kind#INPUT} and {@link Kind#WINDOW} go
 * up and {@code OUT} comes down until {@code EXIT} ends it. Text is UTF-8.
 *
 * @param kind what it is
 * @param bytes what it carries, at most {@link Kind#lengthMax}
 */
public record Frame(Kind kind, byte[] bytes) {
    /** Version of this protocol, in the first byte of {@link Kind#HELLO}. */
    public static final int VERSION = 1;

    /** Bytes before the payload. */
    public static final int HEADER_LENGTH = 1 + Integer.BYTES;

    /** Kinds of frames; ids are never reused. */
    public enum Kind {
        /** Both: version in one byte, then the client's directory. */
        HELLO(1, 8 << 10),
        /** Client: a line to run. */
        COMMAND(2, 64 << 10),
        /** Client: begin an interactive session; columns, rows (two bytes each), terminal type. */
        OPEN(3, 1 << 10),
        /** Client: keys pressed. */
        INPUT(4, 8 << 10),
        /** Client: the window now has these columns and rows, two bytes each. */
        WINDOW(5, 2 * Short.BYTES),
        /** Server: output. */
        OUT(17, 8 << 10),
        /** Server: what goes wrong. */
        ERR(18, 8 << 10),
        /** Server: the line or the session is over; exit code in four bytes. */
        EXIT(19, Integer.BYTES);

        private static final Kind[] BY_ID = new Kind[32];

        static {
            for (Kind kind : values()) {
                BY_ID[kind.id] = kind;
            }
        }

        private final int id;
        private final int lengthMax;

        Kind(int id, int lengthMax) {
            this.id = id;
            this.lengthMax = lengthMax;
        }

        /** The most bytes that a frame of this kind carries. */
        public int lengthMax() {
            return lengthMax;
        }

        int id() {
            return id;
        }

        /** The kind numbered {@code id}, or null. */
        static Kind of(int id) {
            return 0 <= id && id < BY_ID.length ? BY_ID[id] : null;
        }
    }

    /** A frame that carries {@code text}. */
    public static Frame of(Kind kind, String text) {
        return new Frame(kind, text.getBytes(StandardCharsets.UTF_8));
    }

    /** The first frame of a client that is in {@code directory}. */
    public static Frame hello(String directory) {
        byte[] text = directory.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(1 + text.length);
        return new Frame(Kind.HELLO, bytes.put((byte) VERSION).put(text).array());
    }

    /** Opens an interactive session. */
    public static Frame open(int columns, int rows, String terminalType) {
        byte[] text = terminalType.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(2 * Short.BYTES + text.length);
        bytes.putShort((short) columns).putShort((short) rows).put(text);
        return new Frame(Kind.OPEN, bytes.array());
    }

    /** Tells the size of the window. */
    public static Frame window(int columns, int rows) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * Short.BYTES);
        return new Frame(
                Kind.WINDOW, bytes.putShort((short) columns).putShort((short) rows).array());
    }

    /** Ends a line or a session. */
    public static Frame exit(int code) {
        return new Frame(Kind.EXIT, ByteBuffer.allocate(Integer.BYTES).putInt(code).array());
    }

    /** The payload from {@code offset} on as text. */
    public String text(int offset) {
        return offset >= bytes.length
                ? ""
                : new String(bytes, offset, bytes.length - offset, StandardCharsets.UTF_8);
    }

    /** The unsigned 16-bit number at {@code offset}, 0 when the payload ends before it. */
    public int number(int offset) {
        return offset + Short.BYTES > bytes.length
                ? 0
                : Short.toUnsignedInt(ByteBuffer.wrap(bytes).getShort(offset));
    }

    /** The version that a hello names, 0 when it names none. */
    public int version() {
        return bytes.length == 0 ? 0 : bytes[0];
    }

    /** The exit code, 1 when the payload is too short for one. */
    public int exitCode() {
        return bytes.length < Integer.BYTES ? 1 : ByteBuffer.wrap(bytes).getInt();
    }
}
