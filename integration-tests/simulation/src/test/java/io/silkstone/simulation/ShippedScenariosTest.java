package io.silkstone.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.simulation.cluster.Bug;
import io.silkstone.simulation.cluster.ClusterScenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/** Each file that is shipped is good for what it says. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ShippedScenariosTest {
    private static final int SEEDS = 10;
    private static final int SEEDS_UNTIL_CAUGHT = 100;
    private static final Logger SILENT = Logger.getLogger("io.silkstone");

    private static final Catalogue CATALOGUE =
            new Catalogue(List.of(StoreScenario.KIND, ClusterScenario.KIND));

    /** What each is for: steps that some of its runs reach, besides its events. */
    private static final Map<String, List<String>> STEPS =
            Map.ofEntries(
                    Map.entry("calm", List.of("WRITE OK", "BATCH OK", "WALK OK", "exchange OK")),
                    Map.entry(
                            "lossy-network",
                            List.of(
                                    "transport.memory.message.lost_total",
                                    "transport.memory.message.duplicated_total",
                                    "transport.memory.message.reordered_total",
                                    "transport.memory.message.full_total",
                                    "transport.memory.session.broken_total",
                                    "retry answered from its result record")),
                    Map.entry(
                            "rolling-restart",
                            List.of(
                                    "key lost with its server",
                                    "end of a process proved",
                                    "READ OK")),
                    Map.entry(
                            "coordinator-outage",
                            List.of(
                                    "coordinator crashed in the middle of a disk operation",
                                    "coordinator restored from a snapshot",
                                    "coordinator cut off",
                                    "refusal LEASE_EXPIRED")),
                    Map.entry(
                            "short-leases",
                            List.of(
                                    "server stopped while it served",
                                    "coordinator.servers.down_total",
                                    "refusal LEASE_EXPIRED",
                                    "key lost with its server")),
                    Map.entry(
                            "partition",
                            List.of(
                                    "client cut off",
                                    "server cut off",
                                    "coordinator.servers.down_total")),
                    Map.entry(
                            "hot-key",
                            List.of(
                                    "INCREMENT WRONG_VERSION",
                                    "exchange WRONG_VERSION",
                                    "retry answered from its result record")),
                    Map.entry(
                            "two-at-once",
                            List.of("key lost with its server", "coordinator killed")),
                    Map.entry(
                            "moving-tablets",
                            List.of(
                                    "tablet split",
                                    "tablet assigned",
                                    "refusal MOVED",
                                    "refusal NO_SUCH_TABLE",
                                    "WALK NO_TABLE")),
                    Map.entry(
                            "migration-strategies",
                            List.of(
                                    "key migrated",
                                    "message Pull",
                                    "message PriorityPull",
                                    "message PullAhead",
                                    "message BeginCopy",
                                    "message PullChanges",
                                    "migration by rocksteady",
                                    "migration by log_order",
                                    "migration by log_order_slowly",
                                    "cleaner in haste",
                                    "message BeginPass",
                                    "message PullLog of what was there",
                                    "message PullLog of what was moved",
                                    "migration by synchronous",
                                    "migration by unasked",
                                    "migration by stop_and_copy",
                                    "migration by source_retains")),
                    Map.entry(
                            "log-order",
                            List.of(
                                    "key migrated",
                                    "migration by log_order",
                                    "migration by log_order_slowly",
                                    "cleaner in haste",
                                    "message BeginPass",
                                    "message PullLog of what was there",
                                    "message PullLog of what was moved",
                                    "message PriorityPull")),
                    Map.entry(
                            "source-retains",
                            List.of(
                                    "key migrated",
                                    "message BeginCopy",
                                    "message PullAhead",
                                    "message PullChanges",
                                    "message PullChanges sent again",
                                    "REMOVE OK",
                                    "retry answered from its result record")),
                    Map.entry(
                            "busy-migration",
                            List.of(
                                    "key migrated",
                                    "message PriorityPull",
                                    "BATCH OK",
                                    "retry answered from its result record")),
                    Map.entry(
                            "migration",
                            List.of(
                                    "key migrated",
                                    "key lost with the source of its migration, or not",
                                    "key lost with the target of its migration",
                                    "key whose tablet was frozen, and recalled",
                                    "message MigrateTablet",
                                    "message PrepareMigration",
                                    "message MigrationPrepared",
                                    "message PullResults",
                                    "message TakeTablet",
                                    "message Pull",
                                    "message PriorityPull",
                                    "message Pulled",
                                    "message MigrationEnded",
                                    "message RecallTablet",
                                    "tablet split",
                                    "tablet cut for several servers that recover it",
                                    "server cut off",
                                    "message Pull came twice",
                                    "message Pull sent again",
                                    "migration by rocksteady",
                                    "migration by log_order",
                                    "migration by log_order_slowly",
                                    "cleaner in haste",
                                    "message BeginPass",
                                    "message PullLog of what was there",
                                    "message PullLog of what was moved",
                                    "killed before MigrateTablet",
                                    "killed after PrepareMigration",
                                    "killed before TakeTablet",
                                    "cut off after TakeTablet",
                                    "killed before answer to Pull",
                                    "killed after MigrationEnded",
                                    "killed before answer to MigrationEnded")),
                    Map.entry(
                            "recovery",
                            List.of(
                                    "replica damaged",
                                    "store.backup.damaged_total",
                                    "killed before WriteReplica",
                                    "killed before answer to WriteReplica",
                                    "message WriteReplica came twice",
                                    "message ReadReplica sent again",
                                    "key to be recovered, was NORMAL",
                                    "key to be recovered, was RECOVERING",
                                    "key recovered",
                                    "tablet cut for several servers that recover it",
                                    "coordinator.recovery.cuts_total",
                                    "message WriteReplica",
                                    "message ListReplicas",
                                    "message ReadReplica",
                                    "message RaiseLogEpoch",
                                    "message DropReplicas")),
                    Map.entry(
                            "full-memory",
                            List.of(
                                    "refused for want of memory",
                                    "store.cleaner.moved_bytes_total")));

    /** What does not happen in them, and would in others. */
    private static final Map<String, List<String>> NEVER =
            Map.of(
                    "calm",
                    List.of(
                            "server killed",
                            "process stopped",
                            "WRITE LOST",
                            "transport.memory.message.lost_total"),
                    "lossy-network",
                    List.of("server killed", "coordinator killed", "process stopped"),
                    "hot-key",
                    List.of("BATCH OK", "INCREMENT NOT_A_NUMBER", "server killed"));

    private static final Set<String> NAMES = STEPS.keySet();

    @BeforeAll
    static void silence() {
        SILENT.setLevel(Level.OFF);
    }

    @AfterAll
    static void speak() {
        SILENT.setLevel(null);
    }

    @Test
    void names_areThoseOfTheFiles() {
        assertThat(Catalogue.shipped().keySet()).isEqualTo(NAMES);
        assertThat(NAMES).allMatch(name -> name.matches("[a-z-]+"));
        assertThat(CATALOGUE.builtIn()).noneMatch(each -> NAMES.contains(each.name()));
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void file_someSeeds_playsWhatItSays(String name) {
        Scenario scenario = CATALOGUE.find(name);
        Map<String, Long> coverage = new TreeMap<>();
        for (long seed = 1; seed <= SEEDS; seed++) {
            Report report = scenario.run(seed);
            assertThat(report.violations()).as("seed %d", seed).isEmpty();
            report.coverage().forEach((what, count) -> coverage.merge(what, count, Long::sum));
        }
        assertThat(STEPS.get(name))
                .allSatisfy(step -> assertThat(coverage.get(step)).as(step).isPositive());
        assertThat(NEVER.getOrDefault(name, List.of()))
                .allSatisfy(step -> assertThat(coverage.get(step)).as(step).isZero());
        assertThat(coverage.keySet().stream().filter(step -> step.startsWith("event: ")))
                .allSatisfy(event -> assertThat(coverage.get(event)).as(event).isPositive());
    }

    /** Of those for which it takes a situation; some of these files are built for it. */
    @ParameterizedTest
    @CsvSource({
        "RETRY_APPLIED_TWICE, lossy-network",
        "STALE_READ_FROM_OLD_OWNER, partition",
        "JOURNAL_TAIL_BELIEVED, coordinator-outage",
        "TOLD_BEFORE_THE_REPLICAS, recovery",
        "TOMBSTONES_LEFT_OUT, recovery",
        "HALF_A_PART_LEFT_OUT, recovery",
        "RESULTS_LEFT_BEHIND, recovery",
        "RESULTS_LEFT_BEHIND, migration",
        "PRIORITY_PULL_LOST, busy-migration",
        "CHANGES_LEFT_OUT, source-retains",
        "REMOVALS_LEFT_OUT, source-retains",
        "MOVED_LEFT_OUT, log-order",
        "NO_VERSION_CEILING, migration",
        "DEPENDENCY_DROPPED_EARLY, migration",
        "SOURCE_DROPPED_BEFORE_REPLICATION, migration",
    })
    void plantedBug_isCaughtThroughAFile(Bug bug, String name) {
        Scenario scenario = new Catalogue(List.of(bug.kind())).find(name);
        long seed = 1;
        while (Performance.of(scenario, seed, Script.whole()).report().violations().stream()
                .noneMatch(bug::isSeenIn)) {
            seed++;
            assertThat(seed).isLessThanOrEqualTo(SEEDS_UNTIL_CAUGHT);
        }
    }

    /**
     * Acknowledged writes were lost, or a recovery waited for ever for what nobody had (7000708),
     * as the messages of the commits that mended it say.
     */
    @ParameterizedTest
    @CsvSource({
        "migration, 1136",
        "migration, 1184",
        "migration, 2024",
        "migration, 2218",
        "migration, 7000708",
    })
    void file_seedThatFailedOnce_passes(String name, long seed) {
        assertThat(CATALOGUE.find(name).run(seed).violations()).isEmpty();
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void file_sameSeedTwice_isTheSameRun(String name) {
        assertThat(CATALOGUE.find(name).run(3)).isEqualTo(CATALOGUE.find(name).run(3));
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void file_isInTheReadmeByItsFirstComment(String name) throws IOException {
        Scenario scenario = CATALOGUE.find(name);
        assertThat(scenario.description()).endsWith(".");
        assertThat(Files.readString(Path.of("README.md")))
                .contains("\n| `" + name + "` | " + scenario.description() + " |\n");
    }
}
