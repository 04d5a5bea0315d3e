package io.silkstone.gateway.command;

import io.silkstone.api.store.Status;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * LCS: the longest common subsequence of two values, by the textbook table of lengths of all pairs
 * of prefixes. Of that table two rows are kept, and where the sequence itself is wanted, a bit for
 * each pair: whether the way back goes up. Runs in a user thread; what it takes of the heap is
 * bounded and paid for.
 */
final class LongestCommon {
    private static final long CELLS_MAX = 16L << 20;
    private static final String NO_MEMORY =
            "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len";

    private final byte[] left;
    private final byte[] right;
    private final long[] ups;
    private int[] above;
    private int[] row;

    private LongestCommon(byte[] left, byte[] right, Wanted wanted) {
        this.left = left;
        this.right = right;
        long cells = wanted.length ? 0 : (long) left.length * right.length;
        this.ups = new long[(int) (cells + Long.SIZE - 1 >> 6)];
        this.above = new int[right.length + 1];
        this.row = new int[right.length + 1];
    }

    private static long heapBytes(int left, int right) {
        long cells = (long) left * right;
        return left + right + cells / Byte.SIZE + 2L * Integer.BYTES * (right + 1);
    }

    /** What the client wants to know. */
    private static final class Wanted {
        boolean length;
        boolean ranges;
        boolean rangeLengths;
        long rangeLengthMin;
    }

    /** A run of equal bytes, both ends included. */
    private record Range(int leftFirst, int leftLast, int rightFirst, int rightLast) {
        int length() {
            return leftLast - leftFirst + 1;
        }
    }

    static void run(Exchange x) {
        Wanted wanted = wanted(x);
        if (wanted == null) {
            return;
        }
        int left = length(x, 1);
        int right = left < 0 ? left : length(x, 2);
        if (right < 0) {
            return;
        }
        if (!x.mayWork((long) left * right)) {
            return;
        }
        long bytes = heapBytes(left, right);
        boolean tooLarge = (left + 1L) * (right + 1L) > CELLS_MAX;
        if (tooLarge || !x.server.heap.take(bytes, 0)) {
            x.out.error(NO_MEMORY);
            return;
        }
        try {
            byte[] first = value(x, 1, left);
            byte[] second = value(x, 2, right);
            if (first == null || second == null) {
                // Another client wrote in between.
                x.refuse(Status.RETRY_LATER);
                return;
            }
            LongestCommon common = new LongestCommon(first, second, wanted);
            common.fill(x);
            common.answer(x, wanted);
        } finally {
            x.server.heap.give(bytes);
        }
    }

    private static Wanted wanted(Exchange x) {
        Wanted wanted = new Wanted();
        for (int i = 3; i < x.count(); i++) {
            if (x.is(i, "IDX")) {
                wanted.ranges = true;
            } else if (x.is(i, "LEN")) {
                wanted.length = true;
            } else if (x.is(i, "WITHMATCHLEN")) {
                wanted.rangeLengths = true;
            } else if (x.is(i, "MINMATCHLEN") && i + 1 < x.count()) {
                if (!x.parseLong(++i)) {
                    return null;
                }
                wanted.rangeLengthMin = Math.max(x.parsed(), 0);
            } else {
                x.out.error(Exchange.SYNTAX);
                return null;
            }
        }
        if (wanted.ranges && wanted.length) {
            x.out.error("ERR If you want both the length and indexes, please just use IDX.");
            return null;
        }
        return wanted;
    }

    /** Bytes of a value, 0 where there is none; -1 when the reply is an error already. */
    private static int length(Exchange x, int index) {
        Status seen = x.readAny(x.key(index));
        if (seen == null) {
            return -1;
        }
        if (seen == Status.NOT_FOUND) {
            return 0;
        }
        if (x.object().type() != 0) {
            x.out.error("ERR The specified keys must contain string values");
            return -1;
        }
        return x.object().valueLength();
    }

    /** A copy of a value, or null when it is not as long as it was. */
    private static byte[] value(Exchange x, int index, int expected) {
        Status seen = x.session.read(x.table, x.key(index));
        int length = seen == Status.OK ? x.object().valueLength() : 0;
        boolean isAnswer = seen == Status.OK || seen == Status.NOT_FOUND;
        if (!isAnswer || length != expected) {
            return null;
        }
        byte[] value = new byte[expected];
        if (expected == 0) {
            return value;
        }
        MemorySegment.copy(
                x.object().memory(),
                ValueLayout.JAVA_BYTE,
                x.object().valueOffset(),
                value,
                0,
                value.length);
        return value;
    }

    private void fill(Exchange x) {
        for (int i = 1; i <= left.length; i++) {
            int[] swapped = above;
            above = row;
            row = swapped;
            long cell = (long) (i - 1) * right.length;
            for (int j = 1; j <= right.length; j++, cell++) {
                if (left[i - 1] == right[j - 1]) {
                    row[j] = above[j - 1] + 1;
                } else if (above[j] > row[j - 1]) {
                    row[j] = above[j];
                    markUp(cell);
                } else {
                    row[j] = row[j - 1];
                }
            }
            x.breathe();
        }
    }

    private void markUp(long cell) {
        if (ups.length > 0) {
            ups[(int) (cell >> 6)] |= 1L << cell;
        }
    }

    private boolean isUp(int leftLength, int rightLength) {
        long cell = (long) (leftLength - 1) * right.length + rightLength - 1;
        return (ups[(int) (cell >> 6)] >>> cell & 1) != 0;
    }

    private void answer(Exchange x, Wanted wanted) {
        int length = row[right.length];
        if (wanted.length) {
            x.out.integer(length);
            return;
        }
        byte[] common = new byte[length];
        List<Range> ranges = new ArrayList<>();
        trace(common, ranges);
        if (!wanted.ranges) {
            x.out.bulk(common);
            return;
        }
        ranges.removeIf(range -> range.length() < wanted.rangeLengthMin);
        x.out.map(2);
        x.out.bulk("matches");
        x.out.array(ranges.size());
        for (Range range : ranges) {
            x.out.array(wanted.rangeLengths ? 3 : 2);
            x.out.array(2);
            x.out.integer(range.leftFirst());
            x.out.integer(range.leftLast());
            x.out.array(2);
            x.out.integer(range.rightFirst());
            x.out.integer(range.rightLast());
            if (wanted.rangeLengths) {
                x.out.integer(range.length());
            }
        }
        x.out.bulk("len");
        x.out.integer(length);
    }

    /** Walks back from the end; ranges come out last first, as in Redis. */
    private void trace(byte[] common, List<Range> ranges) {
        int i = left.length;
        int j = right.length;
        int free = common.length;
        while (i > 0 && j > 0) {
            if (left[i - 1] == right[j - 1]) {
                int leftLast = i - 1;
                int rightLast = j - 1;
                while (i > 0 && j > 0 && left[i - 1] == right[j - 1]) {
                    common[--free] = left[i - 1];
                    i--;
                    j--;
                }
                ranges.add(new Range(i, leftLast, j, rightLast));
            } else if (isUp(i, j)) {
                i--;
            } else {
                j--;
            }
        }
    }
}
