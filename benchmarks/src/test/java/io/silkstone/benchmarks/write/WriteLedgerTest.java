package io.silkstone.benchmarks.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.benchmarks.load.ObjectFormat;
import java.nio.ByteBuffer;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Of one object, or of two connections with one each. */
class WriteLedgerTest {
    private static final int PIPELINE = 4;

    private final ByteBuffer out =
            ByteBuffer.allocate(2 * PIPELINE * ObjectFormat.MESSAGE_BYTES_MAX);

    private static WriteLedger ledger(int connections) {
        RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
        return new WriteLedger(connections, connections, PIPELINE, random);
    }

    private void request(WriteLedger ledger, int connection, int count) {
        out.clear();
        for (int write = 0; write < count; write++) {
            assertThat(ledger.request(connection, out)).isEqualTo(ObjectFormat.STORED);
        }
    }

    private static void acknowledge(WriteLedger ledger, int connection, int count) {
        for (int write = 0; write < count; write++) {
            ledger.acknowledged(connection);
        }
    }

    @Test
    void found_whatWasFilled_isNotLost() {
        assertThat(ledger(1).found(0, 1)).isZero();
        assertThat(ledger(1).found(0, 0)).isEqualTo(1);
    }

    @Test
    void found_whatWasAcknowledged_mustBeThere() {
        WriteLedger ledger = ledger(1);
        request(ledger, 0, 3);
        acknowledge(ledger, 0, 2);
        ledger.killed();
        assertThat(ledger.found(0, 1)).isEqualTo(2);
    }

    @Test
    void found_whatWasSentOnly_mayBeThereOrNot() {
        for (int found = 3; found <= 5; found++) {
            WriteLedger ledger = ledger(1);
            request(ledger, 0, 4);
            acknowledge(ledger, 0, 2);
            ledger.killed();
            assertThat(ledger.found(0, found)).isZero();
            // Having been seen it counts, and the next kill must not take it away.
            assertThat(ledger.found(0, found - 1)).isEqualTo(1);
        }
    }

    @Test
    void found_whatNobodySent_isRefused() {
        assertThatThrownBy(() -> ledger(1).found(0, 2))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("key 0 has version 2");
    }

    @Test
    void acknowledged_manyPipelines_isTheOldestOfItsConnection() {
        WriteLedger ledger = ledger(2);
        for (int round = 0; round < 10; round++) {
            request(ledger, 0, PIPELINE);
            request(ledger, 1, PIPELINE);
            acknowledge(ledger, 1, 1);
            acknowledge(ledger, 0, PIPELINE);
            acknowledge(ledger, 1, PIPELINE - 1);
        }
        assertThat(ledger.found(0, 41)).isZero();
        assertThat(ledger.found(1, 40)).isEqualTo(1);
    }

    @Test
    void killed_whatWasUnderWay_isForgotten() {
        WriteLedger ledger = ledger(1);
        request(ledger, 0, PIPELINE);
        ledger.killed();
        request(ledger, 0, 1);
        acknowledge(ledger, 0, 1);
        assertThat(ledger.found(0, 5)).isEqualTo(1);
        assertThat(ledger.found(0, 6)).isZero();
    }
}
