package io.silkstone.gateway.resp;

/**
 * Cuts a line into words. A word may be quoted: between double quotes a backslash gives {@code \n
 * \r \t \b \a}, {@code \xHH} or the next character itself; between single quotes only {@code \'} is
 * special. What a quoted word stands for is never longer than what was written, so it is decoded in
 * place.
 */
final class InlineSplitter {
    private InlineSplitter() {}

    /**
     * Adds the words between two addresses to {@code request}.
     *
     * @return false when a quote is not closed, or something other than a space follows it
     */
    static boolean split(Request<?> request, long from, long end) {
        long at = from;
        while (true) {
            while (at < end && isSpace(Memory.getByte(at))) {
                at++;
            }
            if (at == end) {
                return true;
            }
            long word = at;
            long out = at;
            while (at < end && !isSpace(Memory.getByte(at))) {
                byte character = Memory.getByte(at);
                if (character != '"' && character != '\'') {
                    Memory.putByte(out++, character);
                    at++;
                    continue;
                }
                at++;
                boolean closed = false;
                while (at < end && !closed) {
                    byte next = Memory.getByte(at);
                    if (next == character) {
                        closed = true;
                        at++;
                    } else if (next == '\\' && at + 1 < end) {
                        at = character == '"' ? unescape(at, end, out) : unquote(at, out);
                        out++;
                    } else {
                        Memory.putByte(out++, next);
                        at++;
                    }
                }
                if (!closed || at < end && !isSpace(Memory.getByte(at))) {
                    return false;
                }
            }
            request.add((int) (word - request.begin()), (int) (out - word));
        }
    }

    private static long unescape(long at, long end, long out) {
        byte next = Memory.getByte(at + 1);
        if (next == 'x' && at + 3 < end) {
            int high = Character.digit(Memory.getByte(at + 2), 16);
            int low = Character.digit(Memory.getByte(at + 3), 16);
            if (high >= 0 && low >= 0) {
                Memory.putByte(out, high << 4 | low);
                return at + 4;
            }
        }
        Memory.putByte(
                out,
                switch (next) {
                    case 'n' -> '\n';
                    case 'r' -> '\r';
                    case 't' -> '\t';
                    case 'b' -> '\b';
                    case 'a' -> 7;
                    default -> next;
                });
        return at + 2;
    }

    private static long unquote(long at, long out) {
        boolean quote = Memory.getByte(at + 1) == '\'';
        Memory.putByte(out, quote ? '\'' : '\\');
        return quote ? at + 2 : at + 1;
    }

    private static boolean isSpace(byte character) {
        return character == ' ' || character >= '\t' && character <= '\r' || character == 0;
    }
}
