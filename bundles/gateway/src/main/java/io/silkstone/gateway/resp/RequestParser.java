package io.silkstone.gateway.resp;

/**
 * Finds requests in bytes as they come from a client: arrays of bulk strings, or inline commands
 * (words on a line, quoted where wanted). Stateless but for its limits; what is known of an
 * unfinished request is in the {@link Request}, and the next call goes on from there, so that a
 * request of any size is looked at once.
 *
 * <p>The wording of errors is Redis's, since clients and tests look for it. An argument longer than
 * the limit but shorter than {@link #BULK_BYTES_MAX} does not break the connection: its bytes are
 * passed over, kept nowhere, and the request comes out {@link Request#refused}.
 */
public final class RequestParser {
    /** The request is whole. */
    public static final int COMPLETE = 0;

    /** More bytes are needed. */
    public static final int INCOMPLETE = 1;

    /** An empty request was passed over. */
    public static final int NOTHING = 2;

    /** The bytes are not the protocol's; {@link Request#error} says why. Close the connection. */
    public static final int BROKEN = 3;

    /** Most arguments of a request. */
    public static final int ARGUMENTS_MAX = 1 << 20;

    /** Longest line: an inline command, or a length. */
    public static final int LINE_BYTES_MAX = 1 << 16;

    /** A longer argument breaks the connection. */
    public static final int BULK_BYTES_MAX = 512 << 20;

    /** Most arguments before the client has authenticated itself. */
    public static final int STRANGER_ARGUMENTS_MAX = 10;

    /** Longest argument before the client has authenticated itself. */
    public static final int STRANGER_BULK_BYTES_MAX = 1 << 14;

    private static final long PENDING = -1;
    private static final long WRONG = -2;
    private static final long TOO_LONG = -3;
    private static final int DIGITS_MAX = 18;

    private final int argumentBytesMax;
    private final long requestBytesMax;

    /**
     * With our own limits.
     *
     * @param argumentBytesMax longest argument that is kept
     * @param requestBytesMax most bytes of all arguments of a request
     */
    public RequestParser(int argumentBytesMax, long requestBytesMax) {
        this.argumentBytesMax = argumentBytesMax;
        this.requestBytesMax = requestBytesMax;
    }

    /**
     * Goes on with {@code request}.
     *
     * @param end address behind the last byte there is
     * @param trusted whether the client has authenticated itself
     */
    public int parse(Request<?> request, long end, boolean trusted) {
        if (request.expected == Request.NO_HEADER) {
            if (request.end() >= end) {
                return INCOMPLETE;
            }
            if (Memory.getByte(request.end()) != '*') {
                return parseInline(request, end);
            }
            long number = number(request, end);
            if (number == PENDING) {
                return INCOMPLETE;
            } else if (number == TOO_LONG) {
                return broken(request, "too big mbulk count string");
            } else if (number == WRONG || number > ARGUMENTS_MAX) {
                return broken(request, "invalid multibulk length");
            } else if (number <= 0) {
                return NOTHING;
            } else if (!trusted && number > STRANGER_ARGUMENTS_MAX) {
                return broken(request, "unauthenticated multibulk length");
            }
            request.expected = (int) number;
        }
        while (request.seen < request.expected) {
            if (request.bulk == Request.NO_BULK && request.skip == 0) {
                int state = parseBulkHeader(request, end, trusted);
                if (state != COMPLETE) {
                    return state;
                }
            }
            int there = (int) (end - request.end());
            if (request.skip > 0) {
                int passed = Math.min(request.skip, there);
                request.position += passed;
                request.skip -= passed;
                if (request.skip > 0) {
                    return INCOMPLETE;
                }
            } else {
                if (there < request.bulk + 2) {
                    return INCOMPLETE;
                }
                request.add(request.position, request.bulk);
                request.position += request.bulk + 2;
                request.bulk = Request.NO_BULK;
            }
            request.seen++;
        }
        return COMPLETE;
    }

    private int parseBulkHeader(Request<?> request, long end, boolean trusted) {
        if (request.end() >= end) {
            return INCOMPLETE;
        }
        byte marker = Memory.getByte(request.end());
        if (marker != '$') {
            return broken(request, "expected '$', got '" + (char) (marker & 0xff) + "'");
        }
        long number = number(request, end);
        if (number == PENDING) {
            return INCOMPLETE;
        } else if (number == TOO_LONG) {
            return broken(request, "too big bulk count string");
        } else if (number < 0 || number > BULK_BYTES_MAX) {
            return broken(request, "invalid bulk length");
        } else if (!trusted && number > STRANGER_BULK_BYTES_MAX) {
            return broken(request, "unauthenticated bulk length");
        }
        request.bytes += number;
        if (request.refused || number > argumentBytesMax || request.bytes > requestBytesMax) {
            request.refused = true;
            request.skip = (int) number + 2;
        } else {
            request.bulk = (int) number;
        }
        return COMPLETE;
    }

    /**
     * The number between the marker at the request's position and the end of the line; the position
     * moves behind the line when it is whole. Minus values stand for {@link #WRONG}, except that
     * any negative length counts as "no more than 0" and comes out as 0 for arrays.
     */
    private static long number(Request<?> request, long end) {
        long first = request.end() + 1;
        long at = first;
        long value = 0;
        int digit = Memory.getByte(at) - '0';
        // Behind the end lies slack with stale bytes: what is read there is not used, because the
        // line's end must lie before it.
        while (digit >= 0 && digit <= 9 && at - first < DIGITS_MAX) {
            value = value * 10 + digit;
            at++;
            digit = Memory.getByte(at) - '0';
        }
        if (digit == '\r' - '0' && at > first && at + 2 <= end) {
            if (Memory.getByte(first) == '0' && at - first > 1) {
                return WRONG;
            }
            request.position = (int) (at + 2 - request.begin());
            return value;
        }
        return unusualNumber(request, first, end);
    }

    private static long unusualNumber(Request<?> request, long first, long end) {
        long at = first;
        while (at < end && Memory.getByte(at) != '\r') {
            at++;
        }
        if (at + 2 > end) {
            return end - first > LINE_BYTES_MAX ? TOO_LONG : PENDING;
        }
        boolean array = Memory.getByte(first - 1) == '*';
        int length = (int) Math.min(at - first, Decimal.LONG_CHARACTERS_MAX + 1);
        if (array && Decimal.isLong(first, length) && Memory.getByte(first) == '-') {
            request.position = (int) (at + 2 - request.begin());
            return 0;
        }
        return WRONG;
    }

    private static int parseInline(Request<?> request, long end) {
        long from = request.begin();
        long newline = from + request.searched;
        while (newline < end && Memory.getByte(newline) != '\n') {
            newline++;
        }
        if (newline == end) {
            request.searched = (int) (end - from);
            return end - from > LINE_BYTES_MAX
                    ? broken(request, "too big inline request")
                    : INCOMPLETE;
        }
        long last = newline > from && Memory.getByte(newline - 1) == '\r' ? newline - 1 : newline;
        request.position = (int) (newline + 1 - from);
        if (!InlineSplitter.split(request, from, last)) {
            return broken(request, "unbalanced quotes in request");
        }
        request.expected = request.count();
        request.seen = request.count();
        return request.count() == 0 ? NOTHING : COMPLETE;
    }

    private static int broken(Request<?> request, String error) {
        request.error = error;
        return BROKEN;
    }
}
