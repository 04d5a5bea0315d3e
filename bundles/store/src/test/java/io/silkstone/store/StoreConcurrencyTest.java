package io.silkstone.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.api.store.WriteOptions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class StoreConcurrencyTest {
    private static final int THREADS = 4;
    private static final int ROUNDS = 20_000;

    private interface Body {
        void run(KvSession session, int thread) throws Exception;
    }

    private final StoreFixture fixture = new StoreFixture();
    private final AtomicBoolean done = new AtomicBoolean();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void increment_byManyThreads_losesNone() throws Exception {
        inThreads(
                (session, thread) -> {
                    Key key = new Key();
                    for (int round = 0; round < ROUNDS; round++) {
                        session.enter();
                        key.wrap(("n" + round % 3).getBytes(UTF_8));
                        Status status =
                                session.increment(fixture.table, key, 1, new WriteOptions());
                        assertThat(status).isEqualTo(Status.OK);
                        session.exit();
                    }
                });
        long sum = 0;
        for (int number = 0; number < 3; number++) {
            sum += Long.parseLong(fixture.read("n" + number));
        }
        assertThat(sum).isEqualTo((long) THREADS * ROUNDS);
    }

    @Test
    void write_ifTheVersionIsTheOneRead_losesNone() throws Exception {
        fixture.write("n", "0");
        AtomicLong won = new AtomicLong();
        inThreads(
                (session, thread) -> {
                    Key key = new Key().wrap("n".getBytes(UTF_8));
                    WriteOptions options = new WriteOptions();
                    for (int round = 0; round < ROUNDS / 4; round++) {
                        session.enter();
                        assertThat(session.read(fixture.table, key)).isEqualTo(Status.OK);
                        long number = Long.parseLong(value(session));
                        byte[] next = Long.toString(number + 1).getBytes(UTF_8);
                        Status status =
                                session.write(
                                        fixture.table,
                                        key,
                                        MemorySegment.ofArray(next),
                                        0,
                                        next.length,
                                        options.reset().requireVersion(session.version()));
                        if (status == Status.OK) {
                            won.incrementAndGet();
                        }
                        session.exit();
                    }
                });
        assertThat(Long.parseLong(fixture.read("n"))).isEqualTo(won.get()).isPositive();
    }

    @Test
    void createAndRemove_byManyThreads_letOneHoldTheKeyAtATime() throws Exception {
        AtomicLong holder = new AtomicLong();
        inThreads(
                (session, thread) -> {
                    Key key = new Key().wrap("lock".getBytes(UTF_8));
                    WriteOptions options = new WriteOptions();
                    long lastVersion = 0;
                    for (int round = 0; round < ROUNDS / 4; round++) {
                        session.enter();
                        Status status =
                                session.write(
                                        fixture.table,
                                        key,
                                        MemorySegment.NULL,
                                        0,
                                        0,
                                        options.reset().rejectIfExists());
                        if (status == Status.OK) {
                            assertThat(session.version()).isGreaterThan(lastVersion);
                            lastVersion = session.version();
                            assertThat(holder.compareAndSet(0, thread + 1)).isTrue();
                            holder.set(0);
                            assertThat(session.remove(fixture.table, key, options.reset()))
                                    .isEqualTo(Status.OK);
                        }
                        session.exit();
                    }
                });
        assertThat(fixture.read("lock")).isNull();
    }

    @Test
    void read_whileOthersWrite_seesWholeObjectsOfGrowingVersions() throws Exception {
        inThreads(
                (session, thread) -> {
                    SplittableRandom random = new SplittableRandom(thread);
                    Key key = new Key();
                    long[] versions = new long[4];
                    byte[] value = new byte[300];
                    for (int round = 0; round < ROUNDS; round++) {
                        int number = random.nextInt(4);
                        key.wrap(("k" + number).getBytes(UTF_8));
                        session.enter();
                        if (thread < 2) {
                            java.util.Arrays.fill(value, (byte) random.nextInt());
                            session.write(
                                    fixture.table,
                                    key,
                                    MemorySegment.ofArray(value),
                                    0,
                                    random.nextInt(value.length),
                                    new WriteOptions());
                        } else if (session.read(fixture.table, key) == Status.OK) {
                            checkUniform(session);
                            assertThat(session.version()).isGreaterThanOrEqualTo(versions[number]);
                            versions[number] = session.version();
                        }
                        session.exit();
                    }
                });
    }

    @Test
    void writeAll_isOneStepForThoseWhoReadMeanwhile() throws Exception {
        inThreads(
                (session, thread) -> {
                    for (int round = 1; round <= ROUNDS / 4 && failure.get() == null; round++) {
                        if (thread == 0) {
                            writeEight(session, round);
                        } else if (thread == 1) {
                            fixture.store.agents().forEach(Agent::doWork);
                        } else {
                            readEight(session);
                        }
                    }
                });
        for (int number = 0; number < 8; number++) {
            assertThat(fixture.read("eight" + number)).startsWith(ROUNDS / 4 + " ");
        }
        fixture.drain();
        assertThat(fixture.table.objects()).isEqualTo(8);
    }

    private void writeEight(KvSession session, int round) {
        byte[] value = (round + " ".repeat(1 + round % 1500)).getBytes(UTF_8);
        WriteBatch batch = new WriteBatch();
        for (int number = 0; number < 8; number++) {
            Key key = new Key().wrap(("eight" + number).getBytes(UTF_8));
            MemorySegment memory = MemorySegment.ofArray(value);
            batch.write(key, memory, 0, value.length, new WriteOptions());
        }
        Status status = Status.RETRY_LATER;
        for (int attempt = 0; attempt < 60 && status == Status.RETRY_LATER; attempt++) {
            session.enter();
            status = session.writeAll(fixture.table, batch);
            session.exit();
        }
        assertThat(status).isEqualTo(Status.OK);
    }

    /** Against the order of the hooks: what is read later was not written before. */
    private void readEight(KvSession session) {
        int least = 0;
        session.enter();
        for (int number = 7; number >= 0; number--) {
            Key key = new Key().wrap(("eight" + number).getBytes(UTF_8));
            if (session.read(fixture.table, key) == Status.OK) {
                int round = Integer.parseInt(value(session).strip());
                assertThat(round).isGreaterThanOrEqualTo(least);
                least = round;
            } else {
                assertThat(least).isZero();
            }
        }
        session.exit();
    }

    @Test
    void lockTablet_keepsOthersFromSeeingWhatHappensInside() throws Exception {
        fixture.write("a", "0");
        fixture.write("b", "0");
        inThreads(
                (session, thread) -> {
                    Key a = new Key().wrap("a".getBytes(UTF_8));
                    Key b = new Key().wrap("b".getBytes(UTF_8));
                    WriteOptions options = new WriteOptions();
                    for (int round = 0; round < ROUNDS / 50; round++) {
                        session.enter();
                        if (thread < 2) {
                            lockTablet(session, a.hash());
                            session.increment(fixture.table, a, 7, options);
                            session.increment(fixture.table, b, 7, options);
                            session.increment(fixture.table, a, -7, options);
                            session.increment(fixture.table, b, -7, options);
                            session.unlockTablet();
                        } else {
                            assertThat(session.read(fixture.table, a)).isEqualTo(Status.OK);
                            assertThat(value(session)).isEqualTo("0");
                            session.increment(fixture.table, b, 0, options);
                            assertThat(session.number()).isZero();
                        }
                        session.exit();
                    }
                });
    }

    @Test
    void lockTablet_ofDifferentTablets_doesNotWait() throws Exception {
        fixture.store.splitTablet("default", 1L << 63);
        inThreads(
                (session, thread) -> {
                    long hash = thread % 2 == 0 ? 0 : -1;
                    for (int round = 0; round < ROUNDS / 50; round++) {
                        session.enter();
                        lockTablet(session, hash);
                        session.unlockTablet();
                        session.exit();
                    }
                });
        assertThat(fixture.store.tablets()).allMatch(tablet -> tablet.state().equals("normal"));
    }

    /** A second may pass without the lock on a machine that is busy with other work. */
    private void lockTablet(KvSession session, long hash) {
        Status status = Status.RETRY_LATER;
        for (int attempt = 0; attempt < 60 && status == Status.RETRY_LATER; attempt++) {
            status = session.lockTablet(fixture.table, hash);
        }
        assertThat(status).isEqualTo(Status.OK);
    }

    @Test
    void scan_whileOthersWriteAndTheTableGrows_visitsWhatStays() throws Exception {
        for (int number = 0; number < 500; number++) {
            fixture.write("stays" + number, "" + number);
        }
        inThreads(
                (session, thread) -> {
                    if (thread > 0) {
                        churn(session, thread);
                        return;
                    }
                    for (int round = 0; round < 20; round++) {
                        boolean[] seen = new boolean[500];
                        long cursor = 0;
                        do {
                            session.enter();
                            cursor =
                                    session.scan(
                                            fixture.table,
                                            cursor,
                                            50,
                                            object -> {
                                                if (object.keyLength() >= 6 && object.type() == 0) {
                                                    seen[number(object)] = true;
                                                }
                                            });
                            session.exit();
                        } while (cursor != 0);
                        assertThat(seen).doesNotContain(false);
                    }
                    done.set(true);
                });
    }

    private void churn(KvSession session, int thread) {
        SplittableRandom random = new SplittableRandom(thread);
        Key key = new Key();
        WriteOptions options = new WriteOptions();
        for (int round = 0; round < 10 * ROUNDS && !done.get(); round++) {
            session.enter();
            key.wrap(("churn" + random.nextInt(20_000)).getBytes(UTF_8));
            if (random.nextInt(3) == 0) {
                session.remove(fixture.table, key, options.reset());
            } else {
                session.write(
                        fixture.table, key, MemorySegment.NULL, 0, 0, options.reset().type(1));
            }
            key.wrap(("stays" + random.nextInt(500)).getBytes(UTF_8));
            session.increment(fixture.table, key, 0, options.reset());
            session.exit();
        }
    }

    private static int number(io.silkstone.api.store.ObjectView object) {
        byte[] bytes = new byte[object.valueLength()];
        MemorySegment.copy(
                object.memory(),
                ValueLayout.JAVA_BYTE,
                object.valueOffset(),
                bytes,
                0,
                bytes.length);
        return Integer.parseInt(new String(bytes, UTF_8));
    }

    @Test
    void clear_whileOthersWrite_leavesNothingBehind() throws Exception {
        inThreads(
                (session, thread) -> {
                    Key key = new Key();
                    WriteOptions options = new WriteOptions();
                    for (int round = 0; round < ROUNDS / 2; round++) {
                        if (thread == 0) {
                            if (round % 100 == 0) {
                                assertThat(session.clear(fixture.table)).isEqualTo(Status.OK);
                                fixture.store.agents().forEach(Agent::doWork);
                            }
                            continue;
                        }
                        session.enter();
                        key.wrap(("k" + thread + round % 1000).getBytes(UTF_8));
                        assertThat(
                                        session.write(
                                                fixture.table,
                                                key,
                                                MemorySegment.NULL,
                                                0,
                                                0,
                                                options))
                                .isEqualTo(Status.OK);
                        session.exit();
                    }
                });
        assertThat(fixture.session.clear(fixture.table)).isEqualTo(Status.OK);
        fixture.drain();
        assertThat(fixture.table.objects()).isZero();
        assertThat(fixture.store.usage().logLive()).isZero();
    }

    private void checkUniform(KvSession session) {
        String value = value(session);
        assertThat(value.chars().distinct().count()).isLessThanOrEqualTo(1);
    }

    private static String value(KvSession session) {
        byte[] bytes = new byte[session.object().valueLength()];
        MemorySegment.copy(
                session.object().memory(),
                ValueLayout.JAVA_BYTE,
                session.object().valueOffset(),
                bytes,
                0,
                bytes.length);
        return new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
    }

    private void inThreads(Body body) throws Exception {
        List<Thread> threads = new ArrayList<>();
        for (int number = 0; number < THREADS; number++) {
            int mine = number;
            threads.add(
                    new Thread(
                            () -> {
                                try (KvSession session = fixture.store.openSession()) {
                                    body.run(session, mine);
                                } catch (Throwable e) {
                                    failure.compareAndSet(null, e);
                                    done.set(true);
                                }
                            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failure.get()).isNull();
    }
}
