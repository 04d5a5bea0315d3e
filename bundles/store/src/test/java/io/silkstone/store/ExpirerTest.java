package io.silkstone.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.WriteOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ExpirerTest {
    private final StoreFixture fixture = new StoreFixture();
    private final WriteOptions options = new WriteOptions();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void doWork_removesWhatHasExpiredWithinASecond() {
        write(0, 20_000, 100);
        write(20_000, 5_000, 10_000);
        fixture.write("stays", "1");
        fixture.nowMillis += 100;
        fixture.pass(1000);
        assertThat(fixture.table.objects()).isEqualTo(5_001);
        assertThat(fixture.metric(StoreMetrics.EXPIRED)).isEqualTo(20_000);
        fixture.nowMillis += 10_000 - 1_100;
        fixture.pass(1000);
        assertThat(fixture.table.objects()).isEqualTo(1);
        assertThat(fixture.read("stays")).isEqualTo("1");
    }

    @Test
    void doWork_beforeAnythingExpires_doesNothing() {
        write(0, 100, 1000);
        Agent expirer = expirer();
        for (int cycle = 0; cycle < 100; cycle++) {
            assertThat(expirer.doWork()).isZero();
        }
        fixture.nowMillis += 1000;
        assertThat(expirer.doWork()).isPositive();
    }

    @Test
    void doWork_keepsWhatWasWrittenAgainMeanwhile() {
        write(0, 1000, 10);
        for (int number = 0; number < 1000; number += 2) {
            fixture.write("k" + number, "new");
        }
        fixture.nowMillis += 10;
        fixture.pass(1000);
        assertThat(fixture.table.objects()).isEqualTo(500);
        assertThat(fixture.read("k0")).isEqualTo("new");
        assertThat(fixture.read("k1")).isNull();
    }

    @Test
    void doWork_afterAClear_stillRemoves() {
        write(0, 1000, 10);
        fixture.nowMillis += 10;
        expirer().doWork();
        fixture.session.clear(fixture.table);
        write(0, 1000, 10);
        fixture.nowMillis += 10;
        fixture.pass(1000);
        assertThat(fixture.table.objects()).isZero();
    }

    /** A pass is ahead of its pace when the sweeper has done with the table that it is in. */
    @Test
    void doWork_afterAClearAndItsSweep_stillRemoves() {
        write(0, 3, 10);
        fixture.nowMillis += 10;
        expirer().doWork();
        fixture.session.clear(fixture.table);
        fixture.drain();
        write(0, 3, 10);
        fixture.pass(2000);
        assertThat(fixture.table.objects()).isZero();
    }

    @Test
    void doWork_afterAClearThatLeavesFewerLines_stillRemoves() {
        write(0, 10, 10);
        fixture.nowMillis += 10;
        // The pass is ahead of its pace when the table is cleared.
        fixture.drain();
        fixture.session.clear(fixture.table);
        write(0, 1000, 10);
        fixture.nowMillis += 10;
        fixture.pass(1000);
        assertThat(fixture.table.objects()).isZero();
    }

    @Test
    void doWork_whenTheWallClockIsSetBackInAPass_goesOn() {
        write(0, 10_000, 10);
        fixture.nowMillis += 10;
        expirer().doWork();
        long rest = fixture.table.objects();
        fixture.nowMillis -= 3_600_000;
        write(10_000, 1000, 10);
        fixture.pass(1000);
        assertThat(fixture.table.objects()).isEqualTo(rest);
    }

    @Test
    void doWork_whileObjectsOfOneTableExpireAllTheTime_comesToTheOthersToo() throws StoreRefused {
        KvStore.Table other = fixture.store.createTable("other", 1);
        Key key = fixture.key("x");
        options.expireAt(fixture.nowMillis + 100);
        fixture.batch(() -> fixture.session.write(other, key, key.memory(), 0, 1, options));
        for (int step = 0; step < 300; step++) {
            write(step, 1, 100);
            fixture.pass(10);
        }
        assertThat(other.objects()).isZero();
    }

    @Test
    void doWork_marksTheExpiredDead() {
        write(0, 1000, 10);
        fixture.nowMillis += 10;
        fixture.pass(1000);
        assertThat(fixture.store.usage().logLive()).isZero();
    }

    @Test
    void versions_afterExpiry_goOn() {
        for (int round = 0; round < 5; round++) {
            fixture.write("a", "1", options.reset().expireAt(fixture.nowMillis + 10));
        }
        long version = fixture.session.version();
        fixture.nowMillis += 10;
        fixture.pass(1000);
        assertThat(fixture.table.objects()).isZero();
        fixture.write("a", "1");
        assertThat(fixture.session.version()).isGreaterThan(version);
    }

    private void write(int first, int count, long millis) {
        for (int number = first; number < first + count; number++) {
            fixture.write("k" + number, "1", options.reset().expireAt(fixture.nowMillis + millis));
        }
    }

    private Agent expirer() {
        return fixture.store.agents().stream()
                .filter(agent -> agent.name().equals("expirer"))
                .findFirst()
                .orElseThrow();
    }
}
