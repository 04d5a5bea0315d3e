package io.silkstone.api.cluster;

/**
 * How far a tablet is on its way to this server.
 *
 * @param table the table's number
 * @param firstHash lowest hash of the tablet
 * @param lastHash highest hash
 * @param source who had it
 * @param objects how many have come
 * @param bytes what they take in the log
 * @param bytesExpected about what all of them take
 * @param nanos how long it has been on its way, pauses included
 * @param paused whether only what clients ask for is fetched at present
 * @param strategy name and version of the migration strategy that planned it
 * @param copying whether the tablet is not this server's before all has come
 * @param bytesPerSecondMax how much the bulk may bring in a second by the word of who had it move;
 *     0 when the strategy decides that
 */
public record MigrationStatus(
        int table,
        long firstHash,
        long lastHash,
        ServerId source,
        long objects,
        long bytes,
        long bytesExpected,
        long nanos,
        boolean paused,
        String strategy,
        boolean copying,
        long bytesPerSecondMax) {
    /** At a pace that the strategy decides. */
    public MigrationStatus(
            int table,
            long firstHash,
            long lastHash,
            ServerId source,
            long objects,
            long bytes,
            long bytesExpected,
            long nanos,
            boolean paused,
            String strategy,
            boolean copying) {
        this(
                table,
                firstHash,
                lastHash,
                source,
                objects,
                bytes,
                bytesExpected,
                nanos,
                paused,
                strategy,
                copying,
                0);
    }
}
