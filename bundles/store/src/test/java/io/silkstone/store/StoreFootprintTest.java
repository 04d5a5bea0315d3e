package io.silkstone.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What objects take of memory, and operations of the heap. */
class StoreFootprintTest {
    private static final int KEY_BYTES = 30;
    private static final int VALUE_BYTES = 100;
    private static final int OPERATIONS = 50_000;

    private final StoreFixture fixture =
            new StoreFixture(StoreFixture.SMALL.withMemoryBytes(256 << 20));
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment text = arena.allocate(KEY_BYTES);
    private final MemorySegment value = arena.allocate(VALUE_BYTES);
    private final Key key = new Key();
    private final WriteOptions options = new WriteOptions();

    @AfterEach
    void close() {
        fixture.close();
        arena.close();
    }

    @Test
    void objects_ofThirtyAndAHundredBytes_takeAtMost180() {
        int count = 500_000;
        for (int number = 0; number < count; number++) {
            require(write(number));
        }
        KvStore.Usage usage = fixture.store.usage();
        assertThat(usage.objects()).isEqualTo(count);
        assertThat((double) (usage.logUsed() + usage.hashTables()) / count).isLessThan(180);
    }

    @Test
    void operations_onceWarm_allocateNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = Long.MAX_VALUE;
        // The compiler takes as long as it takes; what counts is that it gets there. What is left
        // is a few objects for each segment of the log.
        for (int round = 0; round < 40 && allocated > OPERATIONS; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int number = 0; number < OPERATIONS; number++) {
                everyOperation(number % 1000);
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(allocated).isLessThanOrEqualTo(OPERATIONS);
    }

    private void everyOperation(int number) {
        require(write(number));
        fixture.session.enter();
        require(fixture.session.read(fixture.table, key(number)));
        require(fixture.session.expire(fixture.table, key, options.reset().expireAt(1L << 60)));
        require(fixture.session.remove(fixture.table, key, options.reset().returnPrevious()));
        require(fixture.session.increment(fixture.table, key, number, options.reset()));
        require(fixture.session.random(fixture.table));
        fixture.session.exit();
    }

    private Status write(int number) {
        fixture.session.enter();
        Status status =
                fixture.session.write(
                        fixture.table, key(number), value, 0, VALUE_BYTES, options.reset());
        fixture.session.exit();
        return status;
    }

    private Key key(int number) {
        int rest = number;
        for (int index = KEY_BYTES - 1; index >= 0; index--) {
            text.set(ValueLayout.JAVA_BYTE, index, (byte) ('0' + rest % 10));
            rest /= 10;
        }
        return key.wrap(text, 0, KEY_BYTES);
    }

    private static void require(Status status) {
        if (status != Status.OK) {
            throw new AssertionError(status);
        }
    }
}
