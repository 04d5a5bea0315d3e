package io.silkstone.simulation.cluster;

import io.silkstone.transport.memory.Link;
import io.silkstone.transport.memory.MemoryNetwork;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Who is cut off from whom. Each cut ends for itself; what others of them cut too stays cut. */
final class Cuts {
    private final MemoryNetwork network;
    private final List<Cut> cuts = new ArrayList<>();

    /**
     * One that was made. It holds links and no names, since the place of a client that was killed
     * has none any more.
     *
     * @param isolated the address that is cut off from all others
     */
    record Cut(Optional<String> isolated, Set<Link> links) {}

    Cuts(MemoryNetwork network) {
        this.network = network;
    }

    /** Nothing comes through between {@code address} and any other place. */
    Cut isolate(String address) {
        network.isolate(address);
        return made(new Cut(Optional.of(address), Set.of()));
    }

    /** Nothing comes through between {@code one} and any of {@code others} but itself. */
    Cut between(String one, List<String> others) {
        Set<Link> links = new HashSet<>();
        for (String other : others) {
            if (!other.equals(one)) {
                links.add(network.link(one, other));
                links.add(network.link(other, one));
            }
        }
        links.forEach(Link::cut);
        return made(new Cut(Optional.empty(), links));
    }

    private Cut made(Cut cut) {
        cuts.add(cut);
        return cut;
    }

    /** Ends {@code cut}; whether it had not ended. */
    boolean end(Cut cut) {
        if (!cuts.removeIf(each -> each == cut)) {
            return false;
        }
        Set<Link> mended = new HashSet<>(cut.links);
        cuts.forEach(each -> mended.removeAll(each.links));
        mended.forEach(Link::mend);
        if (cuts.stream().noneMatch(each -> each.isolated.equals(cut.isolated))) {
            cut.isolated.ifPresent(network::rejoin);
        }
        return true;
    }

    /** Ends all; whether there was any. */
    boolean endAll() {
        boolean wasAny = !cuts.isEmpty();
        cuts.clear();
        network.heal();
        return wasAny;
    }
}
