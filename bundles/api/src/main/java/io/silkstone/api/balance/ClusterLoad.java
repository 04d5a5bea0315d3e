package io.silkstone.api.balance;

import io.silkstone.api.store.TabletLoad;
import java.util.List;
import java.util.Set;

/**
 * A cluster as a strategy sees it.
 *
 * @param servers those that are up and have answered, by id; a tablet is in the list of its owner
 * @param resting tablets that stay where they are for now: they are on their way or have come a
 *     short time ago, are being recovered, or their server and the coordinator do not agree about
 *     them yet
 * @param movesMax how many moves may be under way at a time, those included that are: what a plan
 *     has beyond that is left out
 */
public record ClusterLoad(List<ServerLoad> servers, Set<TabletLoad> resting, int movesMax) {
    /** Keeps collections of its own. */
    public ClusterLoad {
        servers = List.copyOf(servers);
        resting = Set.copyOf(resting);
    }
}
