package io.silkstone.coordinator.journal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.base.disk.Disk;
import io.silkstone.base.disk.FileDisk;
import io.silkstone.base.disk.simulation.SimulatedDisk;
import io.silkstone.base.disk.simulation.SimulatedDisk.Crash;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalLogTest {
    private static final String JOURNAL = JournalFile.journalName(1);

    /** Disks fail thousands of times here, and each time the log would say so. */
    private static final Logger QUIET = Logger.getLogger(JournalLog.class.getName());

    static {
        QUIET.setLevel(Level.OFF);
    }

    private final SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
    private final Metrics metrics = new Metrics();
    private final List<String> told = new ArrayList<>();
    private long now;
    private NoteReplica replica;
    private JournalLog log;

    private void open(Disk on, int commandsPerSnapshot) {
        JournalOptions options = new JournalOptions(commandsPerSnapshot, 8, 1_000, 100);
        replica = new NoteReplica();
        log = newLog(on, options, () -> now, new SplittableRandom(2));
        log.start(replica);
    }

    private JournalLog newLog(
            Disk on, JournalOptions options, NanoClock clock, RandomGenerator random) {
        return new JournalLog(on, "here", options, clock, random, metrics);
    }

    private boolean propose(String command) {
        return log.propose(
                command.getBytes(UTF_8),
                result -> told.add(result == null ? command + "?" : new String(result, UTF_8)));
    }

    private void commit(String... commands) {
        for (String command : commands) {
            assertThat(propose(command)).isTrue();
        }
        log.doWork();
    }

    @Test
    void start_onNothing_leadsAndTakesProposals() {
        open(disk, 100);

        commit("a", "b");

        assertThat(replica.leads).isTrue();
        assertThat(told).containsExactly("1", "2");
        assertThat(replica.commands).containsExactly("a", "b");
    }

    @Test
    void start_again_hasEverythingThatWasTold() {
        open(disk, 100);
        commit("a", "b");
        commit("c");
        disk.restart();

        open(disk, 100);
        commit("d");
        disk.restart();
        open(disk, 100);

        assertThat(replica.commands).containsExactly("a", "b", "c", "d");
    }

    @Test
    void start_afterAProcessThatEndedBeforeItsSync_keepsWhatItTells() {
        for (int seed = 0; seed < 50; seed++) {
            SimulatedDisk machine = new SimulatedDisk(new SplittableRandom(seed));
            open(machine, 100);
            commit("a");
            machine.crashAfter(1);
            assertThatThrownBy(() -> commit("b")).isInstanceOf(Crash.class);
            machine.restartProcess();
            open(machine, 100);
            assertThat(replica.commands).containsExactly("a", "b");

            machine.restart();
            open(machine, 100);

            assertThat(replica.commands).as("seed %d", seed).containsExactly("a", "b");
        }
    }

    @Test
    void start_afterAProcessWhoseSyncFailed_keepsWhatItTells() {
        for (int seed = 0; seed < 50; seed++) {
            SimulatedDisk machine = new SimulatedDisk(new SplittableRandom(seed));
            open(machine, 100);
            commit("a");
            machine.syncFailures(1);
            commit("b");
            machine.syncFailures(0);
            machine.restartProcess();
            open(machine, 100);
            assertThat(replica.commands).containsExactly("a", "b");

            machine.restart();
            open(machine, 100);

            assertThat(replica.commands).as("seed %d", seed).containsExactly("a", "b");
        }
    }

    @Test
    void start_afterAProcessThatEndedWhileANewJournalBegan_keepsWhatItTells() {
        for (int operations = 1; operations < 20; operations++) {
            SimulatedDisk machine = new SimulatedDisk(new SplittableRandom(operations));
            open(machine, 1);
            machine.crashAfter(operations);
            try {
                commit("a");
            } catch (Crash expected) {
                assertThat(operations).isPositive();
            }
            machine.restartProcess();
            open(machine, 1);
            List<String> seen = List.copyOf(replica.commands);

            machine.restart();
            open(machine, 1);

            assertThat(replica.commands).as("operations %d", operations).isEqualTo(seen);
        }
    }

    @Test
    void start_journalCutAtAnyByte_hasAllBatchesBeforeTheCut() throws IOException {
        open(disk, 100);
        List<Integer> ends = commitSome();
        byte[] whole = disk.read(JOURNAL);

        for (int length = JournalFile.HEADER_BYTES; length <= whole.length; length++) {
            SimulatedDisk copy = disk.copy(new SplittableRandom(length));
            copy.cut(JOURNAL, length);
            open(copy, 100);

            int safe = safeCommands(ends, length);
            assertThat(replica.commands).as("cut at %d", length).hasSize(safe);
            commit("more");
            copy.restart();
            open(copy, 100);
            assertThat(replica.commands).hasSize(safe + 1).endsWith("more");
        }
    }

    /** Batches of 1, 2, 3, 4 and 5 commands; returns where each command's batch ends. */
    private List<Integer> commitSome() throws IOException {
        List<Integer> ends = new ArrayList<>();
        for (int size = 1; size <= 5; size++) {
            String[] commands = new String[size];
            int end = disk.read(JOURNAL).length + JournalFile.BATCH_HEADER_BYTES;
            for (int number = 0; number < size; number++) {
                commands[number] = "x".repeat(number * 7) + size;
                end += Integer.BYTES + commands[number].length();
            }
            commit(commands);
            ends.addAll(Collections.nCopies(size, end));
        }
        return ends;
    }

    private static int safeCommands(List<Integer> ends, int length) {
        return (int) ends.stream().filter(end -> end <= length).count();
    }

    @Test
    void start_journalCutInItsHeader_refuses() {
        open(disk, 100);
        commit("a");
        disk.cut(JOURNAL, JournalFile.HEADER_BYTES - 1);

        assertThatThrownBy(() -> open(disk, 100)).hasMessageContaining("damaged at its beginning");
    }

    @Test
    void start_anyBitOfTheJournalFlipped_refusesOrLosesTheLastBatchOnly() throws IOException {
        open(disk, 100);
        List<Integer> ends = commitSome();
        int length = disk.read(JOURNAL).length;
        int lastBatch = ends.get(ends.size() - 6);
        int refused = 0;

        for (int bit = 0; bit < length * Byte.SIZE; bit++) {
            SimulatedDisk copy = disk.copy(new SplittableRandom(bit));
            copy.flip(JOURNAL, bit);
            try {
                open(copy, 100);
                boolean isPadding = replica.commands.size() == ends.size();
                if (!isPadding) {
                    assertThat(bit / Byte.SIZE).isGreaterThanOrEqualTo(lastBatch);
                    assertThat(replica.commands).hasSize(10);
                }
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageContaining(JOURNAL).hasMessageContaining("damaged");
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(JournalFile.HEADER_BYTES * Byte.SIZE);
    }

    @Test
    void start_snapshotDamaged_refusesNamingIt() {
        open(disk, 2);
        commit("a");
        commit("b");
        String name = JournalFile.snapshotName(2);
        disk.flip(name, 34 * Byte.SIZE);

        assertThatThrownBy(() -> open(disk, 2))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(name);
    }

    @Test
    void start_newestSnapshotMissing_refuses() throws IOException {
        open(disk, 2);
        commit("a");
        commit("b");
        disk.delete(JournalFile.snapshotName(2));

        assertThatThrownBy(() -> open(disk, 2)).hasMessageContaining("a file is missing");
    }

    @Test
    void start_journalMissing_refuses() throws IOException {
        open(disk, 2);
        commit("a");
        commit("b");
        disk.delete(JournalFile.journalName(3));

        assertThatThrownBy(() -> open(disk, 2)).hasMessageContaining("no journal");
    }

    @Test
    void propose_moreThanItTakes_isRefused() {
        open(disk, 100);
        for (int number = 0; number < 8; number++) {
            assertThat(propose("a")).isTrue();
        }

        assertThat(propose("b")).isFalse();
        log.doWork();
        assertThat(propose("b")).isTrue();
    }

    @Test
    void propose_beforeStartAndAfterClose_isRefused() {
        open(disk, 100);
        propose("a");
        log.close();

        assertThat(told).containsExactly("a?");
        assertThat(propose("b")).isFalse();
        assertThat(log.doWork()).isZero();
    }

    @Test
    void doWork_manyProposals_oneSync() {
        open(disk, 100);

        commit("a", "b", "c", "d");

        assertThat(metrics.counter(JournalMetrics.SYNCS).get()).isOne();
        assertThat(metrics.counter(JournalMetrics.COMMANDS).get()).isEqualTo(4);
    }

    @Test
    void doWork_afterSoManyCommands_keepsOneSnapshotAndOneJournal() throws IOException {
        open(disk, 3);
        for (int number = 0; number < 10; number++) {
            commit("c" + number);
        }

        assertThat(disk.names())
                .containsExactly(JournalFile.journalName(10), JournalFile.snapshotName(9));
        open(disk, 3);
        assertThat(replica.commands).hasSize(10).endsWith("c9");
    }

    @Test
    void doWork_diskFull_refusesUntilThereIsSpace() {
        open(disk, 100);
        commit("a");
        disk.capacity(70);

        commit("too much");
        assertThat(told).containsExactly("1", "too much?");
        assertThat(propose("b")).isFalse();
        now += 1_000;
        assertThat(log.doWork()).isZero();
        assertThat(propose("b")).isFalse();

        disk.capacity(1_000);
        now += 1_000;
        assertThat(log.doWork()).isOne();
        commit("b");
        disk.restart();
        open(disk, 100);
        assertThat(replica.commands).containsExactly("a", "b");
    }

    @Test
    void anySeed_crashesAndFaults_nothingThatWasToldIsLostOrDoubled() {
        for (int seed = 0; seed < 2_000; seed++) {
            try {
                new Life(seed).run();
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    /**
     * A coordinator's log through crashes: what was told must stay, also by a start, and what is
     * there was proposed.
     */
    private final class Life {
        private final SplittableRandom random;
        private final SimulatedDisk disk;
        private final List<String> proposed = new ArrayList<>();
        private final List<String> committed = new ArrayList<>();
        private NoteReplica current;

        Life(long seed) {
            random = new SplittableRandom(seed);
            disk = new SimulatedDisk(random);
        }

        void run() {
            for (int process = 0; process < 6; process++) {
                disk.capacity(random.nextInt(4) == 0 ? 200 + random.nextInt(600) : 1 << 20);
                disk.syncFailures(random.nextInt(3) == 0 ? 0.2 : 0);
                disk.crashAfter(1 + random.nextInt(60));
                try {
                    live();
                } catch (Crash | IllegalStateException e) {
                    // A disk that fails while the log starts is as good as a crash.
                    assertThat(e.getMessage()).doesNotContain("damaged").doesNotContain("missing");
                }
                endProcess();
            }
            disk.syncFailures(0);
            disk.capacity(1 << 20);
            start();
            check();
        }

        private void endProcess() {
            if (random.nextBoolean()) {
                disk.restart();
            } else {
                disk.restartProcess();
            }
        }

        private JournalLog start() {
            current = new NoteReplica();
            JournalOptions options = new JournalOptions(1 + random.nextInt(9), 8, 100, 100);
            JournalLog log = newLog(disk, options, () -> now, random);
            log.start(current);
            return log;
        }

        private void check() {
            Set<String> there = new LinkedHashSet<>(current.commands);
            assertThat(there).hasSameSizeAs(current.commands);
            Set<String> mine = new HashSet<>(proposed);
            assertThat(there.stream().allMatch(mine::contains)).isTrue();
            there.retainAll(new HashSet<>(committed));
            assertThat(List.copyOf(there)).isEqualTo(committed);
            committed.clear();
            committed.addAll(current.commands);
        }

        private void live() {
            JournalLog log = start();
            check();
            for (int turn = 0; turn < 100; turn++) {
                for (int number = random.nextInt(4); number > 0; number--) {
                    String command = "c" + proposed.size() + "-".repeat(random.nextInt(40));
                    proposed.add(command);
                    log.propose(
                            command.getBytes(UTF_8),
                            result -> {
                                if (result != null) {
                                    committed.add(command);
                                }
                            });
                }
                if (random.nextInt(20) == 0) {
                    disk.capacity(1 << 20);
                }
                now += 50;
                log.doWork();
            }
        }
    }

    @Test
    void run_onARealDisk_commitsAndRecovers(@TempDir Path directory) throws Exception {
        JournalOptions options = new JournalOptions(4, 100, 1_000, 1_000_000);
        for (int life = 0; life < 3; life++) {
            try (FileDisk files = FileDisk.open(directory, "a coordinator")) {
                NoteReplica notes = new NoteReplica();
                JournalLog real =
                        newLog(files, options, NanoClock.SYSTEM, new SplittableRandom(life));
                real.start(notes);
                assertThat(notes.commands).hasSize(10 * life);
                Thread writer = Thread.ofPlatform().daemon().start(real);
                for (int number = 0; number < 10; number++) {
                    CompletableFuture<byte[]> result = new CompletableFuture<>();
                    real.propose(("c" + number).getBytes(UTF_8), result::complete);
                    assertThat(result.get(30, TimeUnit.SECONDS)).isNotNull();
                }
                real.close();
                writer.join();
            }
        }
        try (var files = Files.list(directory)) {
            assertThat(files).hasSize(3);
        }
    }
}
