package io.silkstone.coordinator;

/**
 * What a server said last of one of its tablets.
 *
 * @param table the table's number
 * @param firstHash lowest hash, unsigned
 * @param lastHash highest hash, included
 * @param bytes about what its objects take in the log
 */
record TabletSize(int table, long firstHash, long lastHash, long bytes) {}
