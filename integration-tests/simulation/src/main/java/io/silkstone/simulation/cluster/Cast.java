package io.silkstone.simulation.cluster;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Who is in a run: its world, its processes, and which of its clients have ended. */
final class Cast {
    final World world;
    final SimulatedCoordinator coordinator;
    final Tables tables;
    final List<SimulatedServer> servers = new ArrayList<>();
    final List<SimulatedClient> clients = new ArrayList<>();

    private final BitSet gone = new BitSet();

    Cast(World world, SimulatedCoordinator coordinator, Tables tables) {
        this.world = world;
        this.coordinator = coordinator;
        this.tables = tables;
    }

    /** How many clients have not ended; the run ends with the last of them. */
    int clientsLeft() {
        return clients.size() - gone.cardinality();
    }

    boolean isGone(int client) {
        return gone.get(client);
    }

    /** Client number {@code client} has come to its end, or been killed. */
    void ended(int client) {
        gone.set(client);
    }
}
