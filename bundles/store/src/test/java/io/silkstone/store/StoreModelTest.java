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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random operations on the store and on a map that keeps objects the obvious way, compared. */
class StoreModelTest {
    private static final int KEYS = 60;
    private static final int OPERATIONS = 60_000;

    private record Model(String value, long version, long expiry, int type) {}

    private final Map<String, Model> model = new HashMap<>();
    private final Map<String, Long> lastVersions = new HashMap<>();
    private StoreFixture fixture;
    private KvSession session;
    private Random random;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void anyOperations_answerAsTheModelDoes(long seed) {
        boolean tombstones = seed % 2 == 0;
        try (StoreFixture opened =
                new StoreFixture(StoreFixture.SMALL.withTombstones(tombstones))) {
            fixture = opened;
            session = opened.session;
            random = new Random(seed);
            for (int number = 0; number < OPERATIONS; number++) {
                try {
                    step();
                } catch (AssertionError e) {
                    throw new AssertionError("seed " + seed + ", operation " + number, e);
                }
            }
        }
    }

    private void step() {
        String key = "key" + random.nextInt(KEYS);
        model.computeIfPresent(key, (name, object) -> isGone(object) ? null : object);
        if (random.nextInt(2000) == 0) {
            session.clear(fixture.table);
            model.clear();
            return;
        }
        if (random.nextInt(20) == 0) {
            fixture.nowMillis += random.nextInt(30);
            fixture.store.agents().forEach(Agent::doWork);
            return;
        }
        session.enter();
        switch (random.nextInt(13)) {
            case 0, 1, 2 -> read(key);
            case 3, 4, 5, 6 -> write(key);
            case 7 -> remove(key);
            case 8, 9 -> increment(key);
            case 10 -> expire(key);
            case 11 -> writeAll();
            default -> scan();
        }
        session.exit();
    }

    private boolean isGone(Model object) {
        return object.expiry != 0 && object.expiry <= fixture.nowMillis;
    }

    private void read(String key) {
        Model object = model.get(key);
        Status status = session.read(fixture.table, fixture.key(key));
        assertThat(status).isEqualTo(object == null ? Status.NOT_FOUND : Status.OK);
        if (object != null) {
            check(object);
        }
    }

    private void check(Model object) {
        assertThat(fixture.value()).isEqualTo(object.value);
        assertThat(session.object().version()).isEqualTo(object.version);
        assertThat(session.object().expiryMillis()).isEqualTo(object.expiry);
        assertThat(session.object().type()).isEqualTo(object.type);
    }

    private WriteOptions rules(Model object) {
        WriteOptions options = new WriteOptions();
        switch (random.nextInt(7)) {
            case 0 -> options.rejectIfExists();
            case 1 -> options.rejectIfMissing();
            case 2 -> {
                long present = object == null ? 5 : object.version;
                options.requireVersion(present + random.nextInt(2));
            }
            case 3 -> {
                long present = object == null ? 5 : object.version;
                options.rejectUpToVersion(present - random.nextInt(2));
            }
            default -> {
                // No rule.
            }
        }
        if (random.nextBoolean()) {
            options.returnPrevious();
        }
        return options;
    }

    private static Status judge(Model object, WriteOptions options, boolean mustExist) {
        if (object == null) {
            boolean needed =
                    mustExist || options.rejectsMissing() || options.requiredVersion() != 0;
            return needed ? Status.NOT_FOUND : Status.OK;
        }
        if (options.rejectsExisting()) {
            return Status.EXISTS;
        }
        boolean wrong =
                options.requiredVersion() != 0 && options.requiredVersion() != object.version;
        if (wrong) {
            return Status.WRONG_VERSION;
        }
        return object.version <= options.rejectedUpToVersion() ? Status.OLD_VERSION : Status.OK;
    }

    private long chooseExpiry(Model object, WriteOptions options) {
        long kept = object == null ? 0 : object.expiry;
        return switch (random.nextInt(3)) {
            case 0 -> {
                long expiry = fixture.nowMillis + random.nextInt(40);
                options.expireAt(expiry);
                yield expiry;
            }
            case 1 -> {
                options.keepExpiry();
                yield kept;
            }
            default -> 0;
        };
    }

    private void write(String key) {
        Model object = model.get(key);
        WriteOptions options = rules(object).type(random.nextInt(16));
        long expiry = chooseExpiry(object, options);
        byte[] value = new byte[random.nextInt(200)];
        java.util.Arrays.fill(value, (byte) ('a' + random.nextInt(26)));
        Status status =
                session.write(
                        fixture.table,
                        fixture.key(key),
                        MemorySegment.ofArray(value),
                        0,
                        value.length,
                        options);
        assertThat(status).isEqualTo(judge(object, options, false));
        checkPrevious(object, options);
        if (status == Status.OK) {
            accept(key, object, new String(value, UTF_8), expiry, options.type());
        }
    }

    private void remove(String key) {
        Model object = model.get(key);
        WriteOptions options = rules(object);
        Status status = session.remove(fixture.table, fixture.key(key), options);
        assertThat(status).isEqualTo(judge(object, options, true));
        checkPrevious(object, options);
        if (status == Status.OK) {
            assertThat(session.version()).isEqualTo(object.version);
            model.remove(key);
        }
    }

    private void increment(String key) {
        Model object = model.get(key);
        if (object != null && random.nextBoolean()) {
            byte[] number = Long.toString(random.nextLong()).getBytes(UTF_8);
            session.write(
                    fixture.table,
                    fixture.key(key),
                    MemorySegment.ofArray(number),
                    0,
                    number.length,
                    new WriteOptions().keepExpiry());
            accept(key, object, new String(number, UTF_8), object.expiry, 0);
            object = model.get(key);
        }
        long delta = random.nextLong();
        Status status =
                session.increment(fixture.table, fixture.key(key), delta, new WriteOptions());
        String before = object == null ? "0" : object.value;
        if (before.isEmpty() || Character.isLetter(before.charAt(0))) {
            assertThat(status).isEqualTo(Status.NOT_A_NUMBER);
            return;
        }
        try {
            long sum = Math.addExact(Long.parseLong(before), delta);
            assertThat(status).isEqualTo(Status.OK);
            assertThat(session.number()).isEqualTo(sum);
            accept(
                    key,
                    object,
                    Long.toString(sum),
                    object == null ? 0 : object.expiry,
                    object == null ? 0 : object.type);
        } catch (ArithmeticException e) {
            assertThat(status).isEqualTo(Status.OVERFLOW);
        }
    }

    private void expire(String key) {
        Model object = model.get(key);
        WriteOptions options = rules(object);
        long expiry = chooseExpiry(object, options);
        Status status = session.expire(fixture.table, fixture.key(key), options);
        assertThat(status).isEqualTo(judge(object, options, true));
        checkPrevious(object, options);
        if (status == Status.OK) {
            accept(key, object, object.value, expiry, object.type);
        }
    }

    private void writeAll() {
        WriteBatch batch = new WriteBatch();
        List<String> keys = new ArrayList<>();
        List<Model> writes = new ArrayList<>();
        Status expected = Status.OK;
        for (int number = 1 + random.nextInt(6); number > 0; number--) {
            String key = "key" + random.nextInt(KEYS);
            model.computeIfPresent(key, (name, present) -> isGone(present) ? null : present);
            Model object = model.get(key);
            boolean ruled = random.nextInt(4) == 0;
            WriteOptions options = ruled ? rules(object) : new WriteOptions();
            expected = expected == Status.OK ? judge(object, options, false) : expected;
            keys.add(key);
            byte[] text = key.getBytes(UTF_8);
            if (random.nextInt(4) == 0) {
                batch.remove(new Key().wrap(text), options);
                writes.add(null);
            } else {
                long expiry = chooseExpiry(object, options.type(random.nextInt(16)));
                String value = "x".repeat(random.nextInt(200));
                MemorySegment bytes = MemorySegment.ofArray(value.getBytes(UTF_8));
                batch.write(new Key().wrap(text), bytes, 0, value.length(), options);
                writes.add(new Model(value, 0, expiry, options.type()));
            }
        }
        assertThat(session.writeAll(fixture.table, batch)).isEqualTo(expected);
        for (int number = 0; number < batch.size(); number++) {
            if (expected == Status.OK) {
                assertThat(batch.status(number)).isEqualTo(Status.OK);
                if (number == keys.lastIndexOf(keys.get(number))) {
                    accept(keys.get(number), writes.get(number), batch.version(number));
                }
            } else {
                assertThat(batch.status(number)).isNotEqualTo(Status.OK);
            }
        }
    }

    /** A change of a batch; null removes. */
    private void accept(String key, Model write, long version) {
        Model before = model.get(key);
        if (write == null) {
            assertThat(version).isEqualTo(before == null ? 0 : before.version);
            model.remove(key);
        } else {
            accept(key, before, write.value, write.expiry, write.type, version);
        }
    }

    private void checkPrevious(Model object, WriteOptions options) {
        boolean shown = object != null && options.wantsPrevious();
        assertThat(session.hadPrevious()).isEqualTo(shown);
        if (shown) {
            check(object);
        }
    }

    private void accept(String key, Model before, String value, long expiry, int type) {
        accept(key, before, value, expiry, type, session.version());
    }

    private void accept(
            String key, Model before, String value, long expiry, int type, long version) {
        if (expiry != 0 && expiry <= fixture.nowMillis) {
            model.remove(key);
            return;
        }
        assertThat(version).isGreaterThan(lastVersions.getOrDefault(key, 0L));
        if (before != null) {
            assertThat(version).isEqualTo(before.version + 1);
        }
        lastVersions.put(key, version);
        model.put(key, new Model(value, version, expiry, type));
    }

    private void scan() {
        Set<String> seen = new HashSet<>();
        long cursor = 0;
        do {
            cursor =
                    session.scan(
                            fixture.table,
                            cursor,
                            1 + random.nextInt(20),
                            object -> {
                                byte[] key = new byte[object.keyLength()];
                                MemorySegment.copy(
                                        object.memory(),
                                        ValueLayout.JAVA_BYTE,
                                        object.keyOffset(),
                                        key,
                                        0,
                                        key.length);
                                seen.add(new String(key, UTF_8));
                            });
        } while (cursor != 0);
        Set<String> expected = new HashSet<>();
        model.forEach(
                (key, object) -> {
                    if (!isGone(object)) {
                        expected.add(key);
                    }
                });
        assertThat(seen).isEqualTo(expected);
    }
}
