package io.silkstone.simulation.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.simulation.Scenario;
import io.silkstone.simulation.settings.Settings;
import org.junit.jupiter.api.Test;

/**
 * A server that says good-bye has dropped what it had before the map says so; asked then for a
 * count it said that it had nothing, and clients were told too few (scenario migration-strategies,
 * seed 20001; here seed 19).
 */
class LeavingServerTest {
    private static final int RUNS = 25;

    @Test
    void count_whileServersLeave_leavesNothingOut() {
        Settings settings =
                Settings.STANDARD
                        .with(ClusterSettings.SERVERS, "3")
                        .with(ClusterSettings.TABLE_REPLICAS, "1")
                        .with(ClusterSettings.CLIENTS, "3")
                        .with(ClusterSettings.OPERATIONS, "120")
                        .with(ClusterSettings.OPERATION_KINDS, "6 count, 10 single")
                        .with(ClusterSettings.TROUBLES, "20..30")
                        .with(ClusterSettings.TROUBLE_QUIET, "1..20 ms")
                        .with(ClusterSettings.TROUBLE_TIME, "1..100 ms")
                        .with(ClusterSettings.TROUBLE_KINDS, "1 retire some server");
        Scenario scenario = new ClusterScenario(Parts.GENUINE, settings);

        for (long seed = 1; seed <= RUNS; seed++) {
            assertThat(scenario.run(seed).violations()).as("seed %d", seed).isEmpty();
        }
    }
}
