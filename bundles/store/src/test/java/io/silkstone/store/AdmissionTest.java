package io.silkstone.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.base.Metrics;
import io.silkstone.store.memory.Backoff;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a writer waits for memory; time passes only while it sleeps. */
@Timeout(60)
class AdmissionTest {
    private static final long WAIT_NANOS = 2_000_000_000;

    private long nanos;
    private long yields;
    private final Store store =
            Store.open(
                    StoreFixture.SMALL,
                    () -> nanos,
                    () -> 1,
                    new SplittableRandom(1),
                    new Metrics(),
                    Backoff.over(() -> yields++, slept -> nanos += slept));
    private final KvStore.Table table = store.table(KvStore.DEFAULT_TABLE);
    private final KvSession session = store.openSession();
    private final KvSession reader = store.openSession();
    private final Key key = new Key();
    private final MemorySegment value = MemorySegment.ofArray(new byte[1000]);

    @AfterEach
    void close() {
        session.close();
        reader.close();
        store.close();
    }

    private Status put(int number) {
        session.enter();
        key.wrap(("key" + number).getBytes(UTF_8));
        Status status =
                session.write(table, key, value, 0, (int) value.byteSize(), new WriteOptions());
        session.exit();
        return status;
    }

    @Test
    void makeRoom_whileAnotherSessionKeepsTheMemory_sleepsAndEnds() {
        put(0);
        reader.enter();
        assertThat(reader.read(table, key)).isEqualTo(Status.OK);
        Status status = Status.OK;
        long before = 0;
        long yieldsBefore = 0;
        for (int number = 0; number < 200_000 && status == Status.OK; number++) {
            before = nanos;
            yieldsBefore = yields;
            status = put(number % 1000);
        }
        assertThat(status).isEqualTo(Status.RETRY_LATER);
        assertThat(nanos - before).isBetween(WAIT_NANOS, WAIT_NANOS + 2 * Backoff.SLEEP_NANOS);
        assertThat(yields - yieldsBefore).isLessThan(3L * Backoff.YIELDS);
        reader.exit();
        before = nanos;
        assertThat(put(0)).isEqualTo(Status.OK);
        assertThat(nanos).isEqualTo(before);
    }
}
