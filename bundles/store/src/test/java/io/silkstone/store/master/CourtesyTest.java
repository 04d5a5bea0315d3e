package io.silkstone.store.master;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CourtesyTest {
    private static final long NANOS = 10_000_000;
    private static final long MEGABYTE = 1_000_000;
    private static final long BUSY = 100;

    private final Courtesy courtesy = new Courtesy();

    /** An interval in which {@code rate} bytes a second came. */
    private long after(boolean isLate, long operations, long rate) {
        courtesy.observe(NANOS, isLate, operations, rate / 100);
        return courtesy.bytesPerSecond();
    }

    @Test
    void observe_withoutClients_isAsFastAsItGoes() {
        assertThat(after(true, 0, 500 * MEGABYTE)).isZero();
        assertThat(after(true, 1, 500 * MEGABYTE)).isZero();
    }

    @Test
    void observe_inTime_isTwiceAsFastEachTimeUntilItIsLate() {
        long first = courtesy.bytesPerSecond();
        assertThat(after(false, BUSY, first)).isEqualTo(2 * first);
        assertThat(after(false, BUSY, 2 * first)).isEqualTo(4 * first);
        assertThat(after(false, BUSY, first)).isEqualTo(4 * first);
        long slower = after(true, BUSY, 4 * first);
        assertThat(slower).isLessThan(4 * first);
        assertThat(after(false, BUSY, slower)).isBetween(slower, 4 * first);
    }

    @Test
    void observe_clientsCome_isHalfAsFastAtFirst() {
        after(false, 0, 500 * MEGABYTE);
        assertThat(after(false, BUSY, 500 * MEGABYTE)).isEqualTo(250 * MEGABYTE);
        assertThat(after(false, BUSY, 250 * MEGABYTE)).isEqualTo(500 * MEGABYTE);
    }

    @Test
    void observe_late_isSlowerEachTimeDownToABound() {
        after(false, 0, 500 * MEGABYTE);
        assertThat(after(true, BUSY, 500 * MEGABYTE)).isEqualTo(400 * MEGABYTE);
        assertThat(after(true, BUSY, 400 * MEGABYTE)).isEqualTo(320 * MEGABYTE);
        for (int interval = 0; interval < 50; interval++) {
            after(true, BUSY, 0);
        }
        assertThat(courtesy.bytesPerSecond()).isEqualTo(Courtesy.BYTES_PER_SECOND_MIN);
    }

    @Test
    void observe_inTimeAgain_isFasterIfWhatIsAllowedComes() {
        long slow = after(true, BUSY, 100 * MEGABYTE);
        long faster = after(false, BUSY, slow);
        assertThat(faster).isGreaterThan(slow).isLessThan(100 * MEGABYTE);
        assertThat(after(false, BUSY, slow / 4)).isEqualTo(faster);
    }

    @Test
    void observe_clientsGone_isAsFastAsItGoesAtOnce() {
        after(true, BUSY, 100 * MEGABYTE);
        assertThat(after(true, 0, MEGABYTE)).isZero();
    }
}
