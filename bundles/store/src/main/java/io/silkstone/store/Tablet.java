package io.silkstone.store;

/**
 * A range of a table's key hashes, unsigned, both ends included, and the session that keeps all
 * others out of it for the moment.
 */
final class Tablet {
    final long firstHash;
    final long lastHash;

    /** Changed by {@link TabletGate} only. */
    volatile KeySession holder;

    Tablet(long firstHash, long lastHash) {
        this.firstHash = firstHash;
        this.lastHash = lastHash;
    }
}
