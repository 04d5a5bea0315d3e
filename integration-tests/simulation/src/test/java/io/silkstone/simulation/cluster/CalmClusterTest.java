package io.silkstone.simulation.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.silkstone.simulation.cluster.CalmCluster.Cost;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CalmClusterTest {
    private static final int CLIENTS = 3;
    private static final int OPERATIONS = 200;
    private static final long SECOND = 1_000_000_000;

    @Test
    void ask_anyNumberOfServers_isOneMessageThereAndOneBack() {
        for (int servers : new int[] {1, 5}) {
            Cost cost = ask(1, servers);
            assertThat((double) cost.messages() / (CLIENTS * OPERATIONS))
                    .as("messages per operation with %d servers", servers)
                    .isCloseTo(2, within(0.1));
        }
    }

    @Test
    void ask_sameSeed_costsTheSame() {
        assertThat(ask(2, 3)).isEqualTo(ask(2, 3));
    }

    private static Cost ask(long seed, int servers) {
        try (CalmCluster cluster = new CalmCluster(seed, servers, CLIENTS)) {
            return cluster.ask(OPERATIONS);
        }
    }

    @Test
    void rest_passesTimeInWhichLeasesAreRenewed() {
        try (CalmCluster cluster = new CalmCluster(3, 2, 1)) {
            Cost cost = cluster.rest(10 * SECOND);
            assertThat(cost.nanos()).isBetween(10 * SECOND, 11 * SECOND);
            assertThat(cost.messages()).isPositive();
        }
    }
}
