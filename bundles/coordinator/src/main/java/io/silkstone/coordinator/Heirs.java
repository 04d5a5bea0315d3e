package io.silkstone.coordinator;

import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ServerId;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Who gets the tablets of servers that are down: the next process of the same node, if that is up,
 * for it has no others; else whoever has fewest, in turn among equals, so that many servers recover
 * the tablets of one. For one decision. Threads: one at a time.
 */
final class Heirs {
    private final List<ServerId> up;
    private final Map<ServerId, Integer> places = new HashMap<>();
    private final int[] tablets;
    private int turn;

    /**
     * Of the servers that are up.
     *
     * @param all tablets that there are
     * @param turn how often one of several equals was chosen before
     */
    Heirs(List<ServerId> up, List<Tablet> all, int turn) {
        this.up = up;
        this.turn = turn;
        tablets = new int[up.size()];
        up.forEach(server -> places.put(server, places.size()));
        for (Tablet tablet : all) {
            if (isUp(tablet.owner())) {
                give(tablet.owner());
            }
        }
    }

    /** Whether {@code server} can have any. */
    boolean isUp(ServerId server) {
        return places.containsKey(server);
    }

    /** Gives {@code server}, which is up, one more. */
    ServerId give(ServerId server) {
        tablets[places.get(server)]++;
        return server;
    }

    /** Who gets one that {@code former} had: {@code former} itself if nobody is up. */
    ServerId next(ServerId former) {
        if (up.isEmpty()) {
            return former;
        }
        for (ServerId server : up) {
            if (server.index() == former.index()) {
                return give(server);
            }
        }
        int fewest = Arrays.stream(tablets).min().orElseThrow();
        int place = Math.floorMod(turn++, up.size());
        while (tablets[place] != fewest) {
            place = (place + 1) % up.size();
        }
        return give(up.get(place));
    }

    /** How often one of several equals was chosen, ever. */
    int turn() {
        return turn;
    }
}
