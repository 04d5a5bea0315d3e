package io.silkstone.simulation.cluster;

import io.silkstone.api.store.KvSession;
import io.silkstone.api.transport.Transport;
import io.silkstone.base.EpochClock;
import io.silkstone.base.disk.Disk;
import io.silkstone.store.Store;
import java.util.function.BooleanSupplier;

/**
 * What the processes of a run get put in. Here each part is as it comes; a test that asks whether a
 * fault would be seen puts a faulty one in its place.
 */
interface Parts {
    /** Everything as it comes. */
    Parts GENUINE = new Parts() {};

    /** The session in which a server serves. */
    default KvSession session(KvSession genuine) {
        return genuine;
    }

    /** Whether a server's lease holds. */
    default BooleanSupplier lease(BooleanSupplier genuine) {
        return genuine;
    }

    /** The time of day by which a server's objects expire. */
    default EpochClock timeOfDay(EpochClock genuine) {
        return genuine;
    }

    /** What brings messages to the server called {@code name}. */
    default Transport transport(String name, Transport genuine) {
        return genuine;
    }

    /** The server called {@code name} has this store, in which nothing is yet. */
    default void begins(String name, Store store) {}

    /** What the coordinator's journal is on. */
    default Disk disk(Disk genuine) {
        return genuine;
    }
}
