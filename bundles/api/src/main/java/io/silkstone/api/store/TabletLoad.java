package io.silkstone.api.store;

/**
 * What a tablet holds and how much it is used, as the server says that has it. All but the range
 * are estimates: good to spread load by, and for people.
 *
 * @param table the table's number
 * @param firstHash lowest hash, unsigned
 * @param lastHash highest hash, included
 * @param epoch in which the server has it
 * @param objects about how many there are; of a tablet that is on its way, those that have come
 * @param bytes about what they take in the log, without what is dead
 * @param operationsPerSecond reads and changes of single keys in the last seconds; what scans is
 *     not counted
 * @param cutHash the border of a hash slot on both sides of which a good part of the operations
 *     falls; {@link #NO_CUT} when there is none, as where all of them are about one key
 * @param operationsPerSecondBelowCut how many of the operations are about hashes below {@code
 *     cutHash}
 */
public record TabletLoad(
        int table,
        long firstHash,
        long lastHash,
        long epoch,
        long objects,
        long bytes,
        long operationsPerSecond,
        long cutHash,
        long operationsPerSecondBelowCut) {
    /** In the place of a hash to cut at: no tablet begins with it but by being the first. */
    public static final long NO_CUT = 0;
}
