package io.silkstone.rpc;

/**
 * What client and server have to agree on about the hashes of a table: in which order a scan goes
 * through them, and a number for a set of them, by which both see that they mean the same set.
 */
public final class Hashes {
    /** The number of a set that was not told, as by a version that knows of no such numbers. */
    public static final long UNTOLD = -1;

    private static final long MIX_ONE = 0xbf58476d1ce4e5b9L;
    private static final long MIX_TWO = 0x94d049bb133111ebL;

    private Hashes() {}

    /**
     * Whether a scan comes to {@code hash} before it has come to {@code cursor}, which is 0 for its
     * end. The order is that of the hashes with their bits reversed, as unsigned numbers: so go the
     * lines of a hash table, however many there are, and all servers' tables alike.
     */
    public static boolean isBefore(long hash, long cursor) {
        return cursor == 0 || Long.compareUnsigned(Long.reverse(hash), Long.reverse(cursor)) < 0;
    }

    /**
     * A number for a set of hashes: equal for equal sets, and else different but for a chance of
     * one in 2^64. Never {@link #UNTOLD}.
     *
     * @param ranges pairs of a first and a last hash, unsigned, ascending, and no two of them side
     *     by side
     */
    public static long number(long[] ranges) {
        long number = ranges.length;
        for (long border : ranges) {
            number = (number + border) * MIX_ONE;
            number = (number ^ number >>> 29) * MIX_TWO;
            number ^= number >>> 32;
        }
        return number == UNTOLD ? 0 : number;
    }
}
