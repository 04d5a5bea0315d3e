package io.silkstone.simulation.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.simulation.Report;
import io.silkstone.simulation.Scenario;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClusterScenarioTest {
    private static final int RUNS_UNTIL_CAUGHT = 500;
    private static final int RUNS_FOR_COVERAGE = 200;

    /** What nobody does here: it would be news if somebody did. */
    private static final List<String> NOT_ASKED_FOR =
            List.of(
                    // For people and tests; no process sends it.
                    "message Ping",
                    // No tablet migrates in the scenario.
                    "message MigrateTablet",
                    "message PrepareMigration",
                    "message MigrationPrepared",
                    "message PullResults",
                    "message Pull",
                    "message Pulled",
                    "message PriorityPull",
                    "message PullAhead",
                    "message BeginCopy",
                    "message PullChanges",
                    "message BeginPass",
                    "message PassBegun",
                    "message PullLog",
                    "message TakeTablet",
                    "message MigrationEnded",
                    "message RecallTablet",
                    "key lost with the source of its migration, or not",
                    "key lost with the target of its migration",
                    "key migrated",
                    "key whose tablet was frozen, and recalled",
                    "tablet migrated",
                    // No table has replicas in it.
                    "message WriteReplica",
                    "message DropReplicas",
                    "message ListReplicas",
                    "message ReplicaList",
                    "message ReadReplica",
                    "message RaiseLogEpoch",
                    "message AcceptLoss",
                    "coordinator.recovery.cuts_total",
                    // For operators and for who spreads load.
                    "message GetLoad",
                    "message Load",
                    // Processes of one version with whole messages, and memory enough.
                    "coordinator.commands.unknown_total",
                    "rpc.messages.malformed_total",
                    "rpc.requests.unknown_total",
                    "rpc.requests.failed_total",
                    "rpc.requests.busy_total",
                    "transport.memory.message.full_total");

    /** What comes about in hundreds of runs, and need not in so few. */
    private static final List<String> RARE =
            List.of(
                    "REMOVE LOST",
                    "EXPIRE LOST",
                    "CLEAR UNAVAILABLE",
                    "COUNT of some servers",
                    "refusal LEASE_EXPIRED",
                    "refusal UNAVAILABLE",
                    "retry whose result was forgotten",
                    "client.operations.unknown_total",
                    "coordinator.journal.failures_total",
                    "coordinator.stalls_total",
                    "rpc.replies.dropped_total",
                    "rpc.requests.expired_total");

    private static final Logger SILENT = Logger.getLogger("io.silkstone");

    @BeforeAll
    static void silence() {
        SILENT.setLevel(Level.OFF);
    }

    @AfterAll
    static void speak() {
        SILENT.setLevel(null);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void run_fixedSeeds_passAndReplayExactly(long seed) {
        Report report = new ClusterScenario().run(seed);
        assertThat(report.violations()).isEmpty();
        assertThat(new ClusterScenario().run(seed)).isEqualTo(report);
    }

    /** A clear asked servers a second time, and removed what was written since the first. */
    @ParameterizedTest
    @ValueSource(longs = {501_265, 501_345})
    void clear_whileTabletsAreCut_clearsOnce(long seed) {
        assertThat(new ClusterScenario().run(seed).violations()).isEmpty();
    }

    /** A server that had dropped what it held, and not yet said so, had nothing to show. */
    @Test
    void scan_ofAServerThatLeaves_isNotWhole() {
        assertThat(new ClusterScenario().run(501_697).violations()).isEmpty();
    }

    @Test
    void run_anotherSeed_goesAnotherWay() {
        assertThat(new ClusterScenario().run(1).fingerprint())
                .isNotEqualTo(new ClusterScenario().run(2).fingerprint());
    }

    @Test
    void run_freshSeed_passes() {
        long seed = System.nanoTime() & 0xffff_ffffL;
        assertThat(new ClusterScenario().run(seed).violations()).as("seed %d", seed).isEmpty();
    }

    @Test
    void run_someSeeds_coverWhatTheyAreMeantTo() {
        Map<String, Long> coverage = new TreeMap<>();
        for (long seed = 0; seed < RUNS_FOR_COVERAGE; seed++) {
            new ClusterScenario()
                    .run(seed)
                    .coverage()
                    .forEach((what, count) -> coverage.merge(what, count, Long::sum));
        }
        Set<String> never = new TreeSet<>(coverage.keySet());
        never.removeIf(step -> coverage.get(step) != 0);
        never.removeAll(RARE);
        assertThat(never).isSubsetOf(NOT_ASKED_FOR);
    }

    /** But for those that nothing shows where no tablet ever migrates or is recovered. */
    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {
                "TOLD_BEFORE_THE_REPLICAS",
                "TOMBSTONES_LEFT_OUT",
                "HALF_A_PART_LEFT_OUT",
                "RESULTS_LEFT_BEHIND",
                "PRIORITY_PULL_LOST",
                "CHANGES_LEFT_OUT",
                "REMOVALS_LEFT_OUT",
                "MOVED_LEFT_OUT",
                "DEPENDENCY_DROPPED_EARLY",
                "SOURCE_DROPPED_BEFORE_REPLICATION",
                "NO_VERSION_CEILING"
            })
    void plantedBug_isCaught(Bug bug) {
        assertThat(runsUntilCaught(bug)).isLessThanOrEqualTo(RUNS_UNTIL_CAUGHT);
    }

    private static int runsUntilCaught(Bug bug) {
        Scenario scenario = bug.scenario();
        for (int run = 1; run <= RUNS_UNTIL_CAUGHT; run++) {
            if (violations(scenario, run).stream().anyMatch(bug::isSeenIn)) {
                return run;
            }
        }
        return Integer.MAX_VALUE;
    }

    /** A run that breaks off, as with a coordinator that refuses to start, has shown nothing. */
    private static List<String> violations(Scenario scenario, long seed) {
        try {
            return scenario.run(seed).violations();
        } catch (IllegalStateException brokenOff) {
            return List.of();
        }
    }
}
