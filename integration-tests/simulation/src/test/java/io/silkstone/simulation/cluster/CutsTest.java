package io.silkstone.simulation.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.base.Metrics;
import io.silkstone.simulation.cluster.Cuts.Cut;
import io.silkstone.transport.memory.MemoryNetwork;
import io.silkstone.transport.memory.MemoryOptions;
import io.silkstone.transport.memory.MemoryTransport;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CutsTest {
    private static final String ONE = "memory:1";
    private static final String TWO = "memory:2";
    private static final String THREE = "memory:3";

    private final MemoryNetwork network =
            new MemoryNetwork(
                    () -> 0, new SplittableRandom(1), MemoryOptions.DEFAULTS, new Metrics());
    private final Cuts cuts = new Cuts(network);

    @AfterEach
    void close() {
        network.close();
    }

    private boolean isCut(String one, String other) {
        boolean there = network.link(one, other).isCut();
        assertThat(network.link(other, one).isCut()).isEqualTo(there);
        return there;
    }

    @Test
    void between_someAndOthers_leavesTheRest() {
        cuts.between(ONE, List.of(ONE, TWO));
        assertThat(isCut(ONE, TWO)).isTrue();
        assertThat(isCut(ONE, THREE)).isFalse();
        assertThat(network.link(ONE, ONE).isCut()).isFalse();
    }

    @Test
    void isolate_cutsFromEverybody() {
        cuts.isolate(ONE);
        assertThat(isCut(ONE, TWO)).isTrue();
        assertThat(isCut(ONE, THREE)).isTrue();
        assertThat(isCut(TWO, THREE)).isFalse();
    }

    @Test
    void end_ofOneOfTwo_leavesTheOther() {
        Cut first = cuts.between(ONE, List.of(TWO));
        Cut same = cuts.between(ONE, List.of(TWO));
        assertThat(cuts.end(first)).isTrue();
        assertThat(isCut(ONE, TWO)).isTrue();
        assertThat(cuts.end(same)).isTrue();
        assertThat(isCut(ONE, TWO)).isFalse();
        assertThat(cuts.end(same)).isFalse();
    }

    @Test
    void end_ofOneOfTwoIsolations_leavesTheOther() {
        Cut first = cuts.isolate(ONE);
        Cut same = cuts.isolate(ONE);
        assertThat(cuts.end(first)).isTrue();
        assertThat(isCut(ONE, TWO)).isTrue();
        assertThat(cuts.end(same)).isTrue();
        assertThat(isCut(ONE, TWO)).isFalse();
    }

    /** Nobody can name it any more, but the cut ends as others do. */
    @Test
    void end_ofACutFromSomebodyWhoIsGone_endsIt() {
        MemoryTransport caller = network.transport("");
        Cut cut = cuts.between(ONE, List.of(caller.name()));
        caller.crash();
        assertThat(cuts.end(cut)).isTrue();
    }

    @Test
    void endAll_endsThemForGood() {
        Cut cut = cuts.isolate(ONE);
        assertThat(cuts.endAll()).isTrue();
        assertThat(isCut(ONE, TWO)).isFalse();
        assertThat(cuts.end(cut)).isFalse();
        assertThat(cuts.endAll()).isFalse();
    }
}
