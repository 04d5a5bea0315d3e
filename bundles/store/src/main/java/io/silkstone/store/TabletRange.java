package io.silkstone.store;

/**
 * A range of a table's key hashes, unsigned, both ends included, and the session that keeps all
 * others out of it for the moment.
 */
final class TabletRange {
    final long firstHash;
    final long lastHash;

    /** Changed by {@link TabletGate} only. */
    volatile StoreSession holder;

    TabletRange(long firstHash, long lastHash) {
        this.firstHash = firstHash;
        this.lastHash = lastHash;
    }
}
