package io.silkstone.simulation.cluster;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

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

    /** The server or coordinator that is called {@code place} in the network. */
    Optional<Whom> at(String place) {
        if (place.equals(SimulatedCoordinator.ADDRESS)) {
            return Optional.of(Whom.COORDINATOR);
        }
        for (int index = 0; index < servers.size(); index++) {
            if (servers.get(index).address().equals(place)) {
                return Optional.of(new Whom(Whom.Sort.SERVER, index + 1));
            }
        }
        return Optional.empty();
    }

    boolean isGone(int client) {
        return gone.get(client);
    }

    /** Client number {@code client} has come to its end, or been killed. */
    void ended(int client) {
        gone.set(client);
    }
}
