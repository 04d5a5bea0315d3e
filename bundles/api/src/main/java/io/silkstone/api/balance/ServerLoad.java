package io.silkstone.api.balance;

import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.TabletLoad;
import java.util.List;

/**
 * A server that is up, and what it said of itself when it was asked.
 *
 * @param id who it is
 * @param bytesCapacity its memory for objects and hash tables
 * @param bytesAllocated what is taken of it
 * @param tablets what it serves
 */
public record ServerLoad(
        ServerId id, long bytesCapacity, long bytesAllocated, List<TabletLoad> tablets) {
    /** Keeps a list of its own. */
    public ServerLoad {
        tablets = List.copyOf(tablets);
    }

    /** What is done with all of its tablets. */
    public long operationsPerSecond() {
        return tablets.stream().mapToLong(TabletLoad::operationsPerSecond).sum();
    }
}
