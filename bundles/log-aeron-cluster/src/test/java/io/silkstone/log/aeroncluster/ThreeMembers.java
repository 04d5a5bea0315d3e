package io.silkstone.log.aeroncluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.base.FileTrees;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.harness.Ports;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Three members of a log in this JVM, on loopback. */
final class ThreeMembers implements AutoCloseable {
    static final int MEMBERS = 3;
    private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(90);
    private static final Path SHARED = Path.of("/dev/shm");

    final List<Endpoint> endpoints;
    final Member[] members = new Member[MEMBERS];
    final Path folder;
    final Path memory;
    int snapshotCommands = 10_000;
    boolean foundsFromJournal;

    /** One that runs. */
    static final class Member {
        final NoteReplica replica = new NoteReplica();
        final Metrics metrics = new Metrics();
        final AeronClusterLog log;

        Member(LogOptions options, String address, Supplier<byte[]> earlier) {
            log =
                    new AeronClusterLog(
                            options,
                            address,
                            earlier,
                            NanoClock.SYSTEM,
                            new SplittableRandom(),
                            metrics);
            log.start(replica);
        }
    }

    ThreeMembers(Path folder) throws IOException {
        this.folder = folder;
        Path parent = Files.isDirectory(SHARED) ? SHARED : folder;
        memory = Files.createTempDirectory(parent, "silkstone-log-test-");
        List<String> words = new ArrayList<>();
        int first = Ports.row(MEMBERS * Endpoint.PORTS);
        for (int number = 0; number < MEMBERS; number++) {
            words.add("127.0.0.1:" + (first + number * Endpoint.PORTS));
        }
        endpoints = Endpoint.of(words.toArray(String[]::new));
    }

    LogOptions options(int number) {
        return new LogOptions(
                endpoints,
                number,
                data(number),
                memory.resolve("member-" + number),
                foundsFromJournal,
                false,
                snapshotCommands,
                64,
                1_024,
                TimeUnit.MILLISECONDS.toNanos(1_500),
                TimeUnit.SECONDS.toNanos(5),
                TimeUnit.SECONDS.toNanos(30));
    }

    Path data(int number) {
        return folder.resolve("data-" + number);
    }

    static String address(int number) {
        return "memory:" + number;
    }

    Member start(int number) {
        return start(number, () -> null);
    }

    Member start(int number, Supplier<byte[]> earlier) {
        members[number - 1] = new Member(options(number), address(number), earlier);
        return members[number - 1];
    }

    void startAll() {
        for (int number = 1; number <= MEMBERS; number++) {
            start(number);
        }
    }

    void stop(int number) {
        members[number - 1].log.close();
        members[number - 1] = null;
    }

    Member member(int number) {
        return members[number - 1];
    }

    List<Member> running() {
        return Arrays.stream(members).filter(Objects::nonNull).toList();
    }

    static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + WAIT_NANOS;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline).as("waiting until " + what).isNegative();
            LockSupport.parkNanos(2_000_000);
        }
    }

    /** The number of the member that leads, once there is one that all others know. */
    int leader() {
        int[] found = new int[1];
        await(
                "one leads and all know it",
                () -> {
                    Optional<Integer> leader =
                            numbers().stream()
                                    .filter(number -> member(number).replica.isLeading())
                                    .findFirst();
                    found[0] = leader.orElse(0);
                    return leader.isPresent()
                            && running().stream()
                                    .allMatch(
                                            each ->
                                                    each.replica
                                                            .leader()
                                                            .equals(address(found[0])));
                });
        return found[0];
    }

    List<Integer> numbers() {
        List<Integer> numbers = new ArrayList<>();
        for (int number = 1; number <= MEMBERS; number++) {
            if (members[number - 1] != null) {
                numbers.add(number);
            }
        }
        return numbers;
    }

    /** Proposes to whoever leads until somebody takes it; the result, or null when unknown. */
    String propose(String command) throws Exception {
        CompletableFuture<byte[]> outcome = new CompletableFuture<>();
        byte[] bytes = command.getBytes(StandardCharsets.UTF_8);
        await(
                "somebody takes " + command,
                () ->
                        running().stream()
                                .anyMatch(each -> each.log.propose(bytes, outcome::complete)));
        byte[] result = outcome.get(30, TimeUnit.SECONDS);
        return result == null ? null : new String(result, StandardCharsets.UTF_8);
    }

    /** Proposes until it is certain that it was committed, once or more often. */
    void insist(String command) throws Exception {
        String result = propose(command);
        for (int attempt = 0; result == null && attempt < 20; attempt++) {
            result = propose(command);
        }
        assertThat(result).as("the result of " + command).isNotNull();
    }

    /** All that run have applied the same, at least {@code size}. */
    void awaitEqual(int size) {
        await(
                "all have the same, at least " + size,
                () -> {
                    List<List<String>> notes =
                            running().stream().map(each -> each.replica.notes()).toList();
                    return notes.getFirst().size() >= size
                            && notes.stream().allMatch(notes.getFirst()::equals);
                });
        assertThat(running()).allMatch(each -> each.replica.fault() == null);
    }

    @Override
    public void close() throws IOException {
        for (int number : numbers()) {
            stop(number);
        }
        FileTrees.remove(memory);
    }
}
