package io.silkstone.store.master;

/**
 * What one thread of a migration pulls, piece by piece: a part of the source's hash table, or a
 * stretch of its log.
 *
 * @param from a cursor, or a place in the log
 * @param until where it ends; 0 for the end of the hash table
 * @param isOfLog whether it is one of the log
 * @param onlyMoved whether only what the source's cleaner has moved is looked at
 */
record Stretch(long from, long until, boolean isOfLog, boolean onlyMoved) {
    /** One of {@code parts} of a hash table, in the order of a scan: of reversed bits. */
    static Stretch ofTable(int part, int parts) {
        return new Stretch(beginOf(part, parts), beginOf(part + 1, parts), false, false);
    }

    private static long beginOf(int part, int parts) {
        return part == parts
                ? 0
                : Long.reverse((long) part << Long.SIZE - Integer.numberOfTrailingZeros(parts));
    }
}
