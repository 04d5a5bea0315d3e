package io.silkstone.log.aeroncluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.base.FileTrees;
import io.silkstone.log.aeroncluster.ThreeMembers.Member;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class AeronClusterLogTest {
    private static final String THREADS = "silkstone-log-aeron-cluster-";

    @TempDir private Path folder;
    private ThreeMembers members;

    @BeforeEach
    void open() throws IOException {
        members = new ThreeMembers(folder);
    }

    @AfterEach
    void close() throws IOException {
        members.close();
    }

    private static Set<Thread> threads() {
        return Set.copyOf(Thread.getAllStackTraces().keySet());
    }

    private static void awaitOnly(Set<Thread> before) {
        ThreeMembers.await("no thread is left but " + before, () -> before.containsAll(threads()));
    }

    @Test
    void propose_onTheLeader_isAppliedEverywhereInOneOrder() throws Exception {
        Set<Thread> before = threads();
        members.startAll();
        int leader = members.leader();
        for (int number = 1; number <= 20; number++) {
            assertThat(members.propose("command-" + number)).isEqualTo("" + number);
        }
        members.awaitEqual(20);
        for (int number : members.numbers()) {
            Member member = members.member(number);
            assertThat(member.log.isShared()).isTrue();
            assertThat(member.replica.isLeading()).isEqualTo(number == leader);
            if (number != leader) {
                assertThat(member.log.propose(new byte[1], result -> {})).isFalse();
            }
        }
        for (int number : members.numbers()) {
            members.stop(number);
        }
        awaitOnly(before);
        assertThat(members.memory).isEmptyDirectory();
    }

    @Test
    void leader_closedUnderLoad_isFollowedAndNothingIsLostOrDoubled() throws Exception {
        members.startAll();
        members.leader();
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        AtomicInteger proposed = new AtomicInteger();
        AtomicInteger ended = new AtomicInteger();
        for (int round = 0; round < 2; round++) {
            int leader = members.leader();
            for (int number = 0; number < 60; number++) {
                String command = "command-" + proposed.get();
                boolean taken =
                        members.member(leader)
                                .log
                                .propose(
                                        command.getBytes(StandardCharsets.UTF_8),
                                        result -> {
                                            ended.incrementAndGet();
                                            if (result != null) {
                                                told.add(command);
                                            }
                                        });
                if (taken) {
                    proposed.incrementAndGet();
                }
            }
            ThreeMembers.await("something is committed", () -> !told.isEmpty());
            members.stop(leader);
            assertThat(ended.get()).isEqualTo(proposed.get());
            long lostAt = System.nanoTime();
            members.insist("after-" + round);
            long tookMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - lostAt);
            assertThat(tookMillis).as("fail-over").isLessThan(30_000);
            members.start(leader);
            members.awaitEqual(told.size());
        }
        List<String> notes = members.running().getFirst().replica.notes();
        assertThat(notes).containsAll(told);
        List<String> commands = notes.stream().filter(each -> each.startsWith("command")).toList();
        assertThat(commands).doesNotHaveDuplicates();
    }

    @Test
    void snapshot_restart_andPurge_keepEverything() throws Exception {
        members.snapshotCommands = 20;
        members.startAll();
        members.leader();
        for (int round = 1; round <= 3; round++) {
            fill(25 * round, 25, 900);
            int written = round;
            ThreeMembers.await(
                    "each has written snapshot " + round,
                    () -> members.numbers().stream().allMatch(each -> snapshots(each) >= written));
        }
        members.awaitEqual(75);
        List<String> notes = members.member(1).replica.notes();
        for (int number : members.numbers()) {
            members.stop(number);
        }
        members.startAll();
        members.insist("after the restart");
        members.awaitEqual(76);
        assertThat(members.member(2).replica.notes()).startsWith(notes.toArray(String[]::new));
    }

    /** Segments of the log and of snapshots. */
    private long segments(int number) {
        try (Stream<Path> files = Files.list(members.data(number).resolve("archive"))) {
            return files.filter(file -> file.toString().endsWith(".rec")).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private long snapshots(int number) {
        return members.member(number).metrics.counter(LogMetrics.SNAPSHOTS).get();
    }

    private long purged(int number) {
        return members.member(number).metrics.counter(LogMetrics.PURGED).get();
    }

    @Test
    void member_thatLostItsDisk_isGivenThePurgedLog() throws Exception {
        members.snapshotCommands = 600;
        members.startAll();
        members.leader();
        // More than three segments of the log, and six snapshots, of up to five.
        for (int round = 1; round <= 6; round++) {
            fill(600 * round, 600, 900);
            int written = round;
            ThreeMembers.await(
                    "each has written snapshot " + round,
                    () -> members.numbers().stream().allMatch(each -> snapshots(each) >= written));
        }
        ThreeMembers.await(
                "all have thrown away what nobody needs",
                () ->
                        members.numbers().stream()
                                .allMatch(each -> purged(each) > 0 && segments(each) <= 16));
        int lost = members.leader();
        members.stop(lost);
        FileTrees.remove(members.data(lost));
        members.insist("while it is away");
        members.start(lost);
        members.insist("when it is back");
        members.awaitEqual(3_602);
        assertThat(Files.readString(members.data(lost).resolve("joined"))).isEqualTo("GIVEN\n");

        // It counts: together with one other it is a majority.
        int third = members.numbers().stream().filter(each -> each != lost).findFirst().orElse(0);
        members.stop(third);
        members.insist("without a third");
        members.start(third);
        members.awaitEqual(3_603);
    }

    /** Commands until there are so many. */
    private void fill(int upTo, int commands, int length) throws Exception {
        AtomicInteger done = new AtomicInteger();
        int leader = members.leader();
        for (int number = 0; number < commands; number++) {
            byte[] command =
                    ("fill-" + number + "-" + "x".repeat(length)).getBytes(StandardCharsets.UTF_8);
            ThreeMembers.await(
                    "a command is taken",
                    () ->
                            members.member(leader)
                                    .log
                                    .propose(command, result -> done.incrementAndGet()));
        }
        ThreeMembers.await("all have ended", () -> done.get() == commands);
        members.awaitEqual(upTo);
    }

    @Test
    void founding_fromAJournal_waitsForWhoHasItAndBeginsWithIt() throws Exception {
        members.foundsFromJournal = true;
        String earlier = "one\ntwo\n" + "long".repeat(30_000);
        members.start(1);
        members.start(2);
        members.start(3, () -> earlier.getBytes(StandardCharsets.UTF_8));
        members.insist("the first of the new log");
        members.awaitEqual(4);
        assertThat(members.member(1).replica.notes())
                .startsWith("one", "two")
                .endsWith("the first of the new log");
        for (int number : members.numbers()) {
            members.stop(number);
        }
        members.start(1);
        members.start(2);
        members.start(3, () -> "somebody else's".getBytes(StandardCharsets.UTF_8));
        members.insist("the second");
        members.awaitEqual(5);
        assertThat(members.member(3).replica.notes()).startsWith("one", "two");
    }

    @Test
    void start_withoutTheLogItOnceHad_isGivenIt() throws Exception {
        members.startAll();
        members.insist("first");
        members.awaitEqual(1);
        for (String lost : List.of("cluster", "archive")) {
            Path data = members.data(3);
            ThreeMembers.await("it is established", () -> isJoined(data, "ESTABLISHED", "GIVEN"));
            members.stop(3);
            FileTrees.remove(data.resolve(lost));
            Member member = members.start(3);
            members.insist("without " + lost);
            ThreeMembers.await("it was given", () -> isJoined(data, "GIVEN"));
            ThreeMembers.await(
                    "it has all", () -> member.replica.notes().contains("without " + lost));
        }
        members.awaitEqual(3);
    }

    private static boolean isJoined(Path data, String... words) {
        try {
            return Files.exists(data.resolve("joined"))
                    && List.of(words).contains(Files.readString(data.resolve("joined")).strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void start_membersDisagreeOnFounding_foundsNothing() throws Exception {
        members.start(1);
        members.start(2);
        members.foundsFromJournal = true;
        members.start(3, () -> "precious".getBytes(StandardCharsets.UTF_8));
        LogOptions journal = members.options(3);
        Set<Roll.Stage> seen = new HashSet<>();
        for (int look = 0; look < 40; look++) {
            for (int other = 0; other < 2; other++) {
                Roll.ask(journal, members.endpoints.get(other))
                        .ifPresent(answer -> seen.add(answer.stage()));
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        assertThat(seen).containsExactly(Roll.Stage.STRANGER);
        members.stop(1);
        members.stop(2);
        members.start(1);
        members.start(2);
        members.insist("after it was put right");
        members.awaitEqual(2);
        assertThat(members.member(1).replica.notes()).startsWith("precious");
    }

    @Test
    void start_newLogBesideAJournal_isRefused() {
        Set<Thread> before = threads();
        assertThatThrownBy(() -> members.start(1, () -> new byte[1]))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("set founding = journal on all members");
        awaitOnly(before);
    }

    @Test
    void start_withoutOneOfThem_foundsNothing() throws Exception {
        members.start(1);
        members.start(2);
        Set<Roll.Stage> seen = new HashSet<>();
        for (int look = 0; look < 20; look++) {
            seen.add(Roll.ask(members.options(3), members.endpoints.get(0)).orElseThrow().stage());
            TimeUnit.MILLISECONDS.sleep(50);
        }
        assertThat(seen).containsExactly(Roll.Stage.BLANK);
        members.start(3);
        members.insist("now");
        members.awaitEqual(1);
    }

    @Test
    void apply_throwsAnError_restoresTheReplicaAndLeavesNothingOut() throws Exception {
        members.startAll();
        members.insist("before");
        Member member = members.member(members.leader() % ThreeMembers.MEMBERS + 1);
        int restores = member.replica.restores();
        member.replica.failOnce(new StackOverflowError("once"));
        members.insist("the one that fails on a follower");
        members.insist("after");
        members.awaitEqual(3);
        assertThat(member.replica.restores()).isGreaterThan(restores);
    }

    @Test
    void members_whoseAgentsEnd_beginAnew() throws Exception {
        members.startAll();
        members.insist("before");
        int leader = members.leader();
        Member member = members.member(leader);
        int restores = member.replica.restores();
        // All at once, as after a stall of the machine beyond all patience.
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith(THREADS + "service")) {
                thread.interrupt();
            }
        }
        ThreeMembers.await("it is restored", () -> member.replica.restores() > restores);
        members.insist("after");
        members.awaitEqual(2);
        assertThat(member.metrics.counter(LogMetrics.REBUILDS).get()).isPositive();
    }
}
