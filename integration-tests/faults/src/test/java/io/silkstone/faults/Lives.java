package io.silkstone.faults;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which process of each node the coordinator has as its server: the generation, by node.
 *
 * <p><b>When a history may be cut.</b> Objects are not replicated yet, so a node that is killed
 * comes back empty, and the keys that it had are lost at one moment. That excuses a lot, so it
 * takes two who cannot have it from each other: the test, which sent the signal that ended the
 * process, and the coordinator, in whose map the server of the node has another generation, one for
 * each process that ended. {@link #contradictions} is empty only when both say the same of every
 * node. A node that lived through the round, or was only stopped for less than its lease, has its
 * generation still, its histories are not cut, and whatever it lost is a violation. The cut lies
 * between the signal and the first map that showed the new generation, and is there once: a second
 * loss, or one of something that was written after the new process was seen, is a violation too.
 *
 * @param generations by node
 */
record Lives(Map<Integer, Integer> generations) {
    /** As {@code map} has them; nodes are told by the ports of their Redis clients. */
    static Lives of(ClusterMap map, Map<Integer, Integer> nodesByPort) {
        Map<Integer, Integer> generations = new TreeMap<>();
        for (Server server : map.servers()) {
            String endpoint = server.redisEndpoint();
            int port = Integer.parseInt(endpoint.substring(endpoint.lastIndexOf(':') + 1));
            generations.put(nodesByPort.get(port), server.id().generation());
        }
        return new Lives(generations);
    }

    /** Whether all servers of {@code map} are up and each tablet is served. */
    static boolean isWhole(ClusterMap map) {
        return map.servers().stream().allMatch(Server::up)
                && map.tablets().stream().map(Tablet::state).allMatch(TabletState.NORMAL::equals);
    }

    /** Whether {@code node} has another process here than in {@code before}. */
    boolean isAnother(int node, Lives before) {
        return generations.getOrDefault(node, 0) > before.generations.get(node);
    }

    /** What the coordinator says of the round since {@code before}, unlike who {@code killed}. */
    List<String> contradictions(Lives before, Set<Integer> killed) {
        List<String> contradictions = new ArrayList<>();
        before.generations.forEach(
                (node, generation) -> {
                    int now = generations.getOrDefault(node, 0);
                    int expected = generation + (killed.contains(node) ? 1 : 0);
                    if (now != expected) {
                        contradictions.add(
                                "node-%d was %s, and its server went from generation %d to %d"
                                        .formatted(
                                                node,
                                                killed.contains(node) ? "killed" : "not killed",
                                                generation,
                                                now));
                    }
                });
        return contradictions;
    }
}
