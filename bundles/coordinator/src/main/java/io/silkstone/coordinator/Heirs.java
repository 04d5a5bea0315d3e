package io.silkstone.coordinator;

import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ServerId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;

/**
 * Who gets the tablets of servers that are down: the next process of the same node, if that is up,
 * for it has no others; else whoever has fewest, in turn among equals, so that many servers recover
 * the tablets of one. Parts of a tablet that was cut for that go to as many as there are, in any
 * case. For one decision. Threads: one at a time.
 */
final class Heirs {
    private final List<ServerId> up;
    private final Map<ServerId, Integer> places = new HashMap<>();
    private final int[] tablets;
    private final int[] parts;
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
        parts = new int[up.size()];
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
        return give(up.get(fewest(place -> tablets[place])));
    }

    /**
     * Who gets a part of a tablet that {@code former} had: whoever has fewest parts by now, and of
     * these whoever has fewest tablets; {@code former} itself if nobody is up.
     */
    ServerId nextPart(ServerId former) {
        if (up.isEmpty()) {
            return former;
        }
        int place = fewest(each -> ((long) parts[each] << Integer.SIZE) + tablets[each]);
        parts[place]++;
        return give(up.get(place));
    }

    /** The place of which {@code count} says least, in turn among equals. */
    private int fewest(IntToLongFunction count) {
        long fewest = IntStream.range(0, up.size()).mapToLong(count).min().orElseThrow();
        int place = Math.floorMod(turn++, up.size());
        while (count.applyAsLong(place) != fewest) {
            place = (place + 1) % up.size();
        }
        return place;
    }

    /** How often one of several equals was chosen, ever. */
    int turn() {
        return turn;
    }
}
