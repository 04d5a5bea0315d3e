package io.silkstone.shell.format;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * Any bytes as one line of text, and back, without loss. Printable UTF-8 stands for itself; a
 * backslash is {@code \\}; line feed, carriage return and tab are {@code \n}, {@code \r} and {@code
 * \t}; every other byte is {@code \xHH}.
 */
public final class Escaped {
    private static final int HEX_DIGITS = 2;
    private static final int UTF8_BYTES_MAX = 4;

    private Escaped() {}

    /** The text that {@link #bytes} turns into {@code bytes} again. */
    public static String text(byte[] bytes) {
        StringBuilder text = new StringBuilder(bytes.length);
        CharsetDecoder decoder =
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT);
        int index = 0;
        while (index < bytes.length) {
            int length = characterLength(bytes[index]);
            String character = decoded(decoder, bytes, index, length);
            if (character == null) {
                text.append(escape(bytes[index]));
                index++;
            } else {
                text.append(character);
                index += length;
            }
        }
        return text.toString();
    }

    /**
     * The bytes that {@code text} stands for.
     *
     * @throws IllegalArgumentException when a backslash is followed by none of the known escapes
     */
    public static byte[] bytes(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
        int index = 0;
        while (index < text.length()) {
            int end = text.indexOf('\\', index);
            end = end < 0 ? text.length() : end;
            bytes.writeBytes(text.substring(index, end).getBytes(StandardCharsets.UTF_8));
            index = end;
            if (index < text.length()) {
                index = unescape(text, index + 1, bytes);
            }
        }
        return bytes.toByteArray();
    }

    private static int characterLength(byte first) {
        int ones = Integer.numberOfLeadingZeros(~(first << 24));
        return ones == 0 ? 1 : Math.min(ones, UTF8_BYTES_MAX);
    }

    private static String decoded(CharsetDecoder decoder, byte[] bytes, int offset, int length) {
        if (offset + length > bytes.length || bytes[offset] == '\\') {
            return null;
        }
        try {
            CharBuffer decoded = decoder.decode(ByteBuffer.wrap(bytes, offset, length));
            boolean oneCharacter = Character.codePointCount(decoded, 0, decoded.length()) == 1;
            int codePoint = Character.codePointAt(decoded, 0);
            return oneCharacter && isPrintable(codePoint) ? decoded.toString() : null;
        } catch (CharacterCodingException _) {
            return null;
        }
    }

    private static boolean isPrintable(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.UNASSIGNED,
                    Character.PRIVATE_USE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR ->
                    false;
            default -> true;
        };
    }

    private static String escape(byte value) {
        return switch (value) {
            case '\\' -> "\\\\";
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> "\\x" + HexFormat.of().toHexDigits(value);
        };
    }

    private static int unescape(String text, int index, ByteArrayOutputStream bytes) {
        char kind = index < text.length() ? text.charAt(index) : 0;
        int next = index + 1;
        switch (kind) {
            case '\\' -> bytes.write('\\');
            case 'n' -> bytes.write('\n');
            case 'r' -> bytes.write('\r');
            case 't' -> bytes.write('\t');
            case 'x' -> {
                int end = next + HEX_DIGITS;
                if (end > text.length() || !isHex(text, next, end)) {
                    throw malformed(text);
                }
                bytes.write(HexFormat.fromHexDigits(text, next, end));
                next = end;
            }
            default -> throw malformed(text);
        }
        return next;
    }

    private static boolean isHex(String text, int from, int to) {
        for (int index = from; index < to; index++) {
            if (!HexFormat.isHexDigit(text.charAt(index))) {
                return false;
            }
        }
        return true;
    }

    private static IllegalArgumentException malformed(String text) {
        return new IllegalArgumentException(
                "'"
                        + text
                        + "' has a backslash that is followed by none of \\\\ \\n \\r \\t \\xHH.");
    }
}
