package io.silkstone.api.migration;

import io.silkstone.api.cluster.ServerId;

/**
 * A tablet that is to move.
 *
 * @param table the table's number
 * @param firstHash lowest hash of the tablet
 * @param lastHash highest hash
 * @param source who has it
 * @param objects about how many there are
 * @param bytes about what they take in the log
 * @param bytesLeft how much this server has left for them, which is enough
 */
public record MigratingTablet(
        int table,
        long firstHash,
        long lastHash,
        ServerId source,
        long objects,
        long bytes,
        long bytesLeft) {}
