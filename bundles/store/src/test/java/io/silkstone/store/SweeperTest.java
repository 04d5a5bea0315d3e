package io.silkstone.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SweeperTest {
    private final StoreFixture fixture = new StoreFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void doWork_afterClear_marksEveryEntryDeadAndFreesTheHashTable() {
        long indexBytes = fixture.store.usage().hashTables();
        for (int number = 0; number < 20_000; number++) {
            fixture.write("k" + number, "value");
        }
        fixture.session.clear(fixture.table);
        fixture.write("new", "value");
        assertThat(fixture.store.usage().hashTables()).isGreaterThan(indexBytes);
        fixture.drain();
        assertThat(fixture.store.usage().hashTables()).isEqualTo(indexBytes);
        assertThat(fixture.store.usage().logLive()).isLessThan(64);
        assertThat(fixture.read("new")).isEqualTo("value");
    }

    @Test
    void doWork_afterManyClears_sweepsThemAll() {
        long indexBytes = fixture.store.usage().hashTables();
        for (int round = 0; round < 50; round++) {
            fixture.write("k", "value");
            fixture.session.clear(fixture.table);
        }
        fixture.drain();
        assertThat(fixture.store.usage().logLive()).isZero();
        assertThat(fixture.store.usage().hashTables()).isEqualTo(indexBytes);
    }
}
