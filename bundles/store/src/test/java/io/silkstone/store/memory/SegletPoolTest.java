package io.silkstone.store.memory;

import static io.silkstone.store.memory.SegletPool.BLOCK_BYTES;
import static io.silkstone.store.memory.SegletPool.ORDER_MAX;
import static io.silkstone.store.memory.SegletPool.SEGLET_BYTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.store.memory.SegletPool.Claimant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SegletPoolTest {
    private static final long CAPACITY = 4L * BLOCK_BYTES;

    private static final int UNIT_BYTES = 1 << 20;
    private static final int RESERVE = 3;

    private final SegletPool pool = open(CAPACITY, UNIT_BYTES, RESERVE);

    private static SegletPool open(long capacity, int unitBytes, int reserve) {
        return new SegletPool(capacity, unitBytes, reserve, HugePages.AUTO, Backoff.YIELDING);
    }

    @AfterEach
    void close() {
        pool.close();
    }

    @Test
    void construction_withOddNumbers_saysWhatIsAllowed() {
        assertThatThrownBy(() -> open(BLOCK_BYTES + 1, UNIT_BYTES, 1))
                .hasMessageContaining("memory.bytes must be a multiple of 8388608");
        assertThatThrownBy(() -> open(BLOCK_BYTES, 100_000, 1))
                .hasMessageContaining("log.segment.bytes must be a power of two");
        assertThatThrownBy(() -> open(BLOCK_BYTES, UNIT_BYTES, 2))
                .hasMessageContaining("half of the memory or more");
    }

    @Test
    void orderFor_isTheSmallestThatFits() {
        assertThat(SegletPool.orderFor(1)).isZero();
        assertThat(SegletPool.orderFor(SEGLET_BYTES)).isZero();
        assertThat(SegletPool.orderFor(SEGLET_BYTES + 1)).isEqualTo(1);
        assertThat(SegletPool.orderFor((1 << 20) + 1)).isEqualTo(5);
        assertThat(SegletPool.orderFor(BLOCK_BYTES)).isEqualTo(ORDER_MAX);
    }

    @Test
    void allocate_givesDisjointAlignedExtentsUntilItIsEmpty() {
        Random random = new Random(11);
        BitSet taken = new BitSet();
        int order = random.nextInt(ORDER_MAX + 1);
        long address = pool.allocate(order, Claimant.CLEANER);
        while (pool.freeBytes() > 0) {
            if (address != 0) {
                assertThat((address - pool.base()) % SegletPool.bytesOf(order)).isZero();
                int first = pool.segletOf(address);
                assertThat(taken.get(first, first + (1 << order)).isEmpty()).isTrue();
                taken.set(first, first + (1 << order));
                Memory.putLong(address + SegletPool.bytesOf(order) - 8, 1);
            }
            order = random.nextInt(ORDER_MAX + 1);
            address = pool.allocate(order, Claimant.CLEANER);
            if (address == 0) {
                order = 0;
                address = pool.allocate(0, Claimant.CLEANER);
            }
        }
        assertThat(pool.allocate(0, Claimant.CLEANER)).isZero();
    }

    @Test
    void free_ofEverythingInAnyOrder_makesWholeBlocksAgain() {
        Random random = new Random(5);
        for (int round = 0; round < 20; round++) {
            List<long[]> extents = new ArrayList<>();
            for (int count = 0; count < 200; count++) {
                int order = random.nextInt(4);
                long address = pool.allocate(order, Claimant.CLEANER);
                if (address != 0) {
                    extents.add(new long[] {address, order});
                }
            }
            java.util.Collections.shuffle(extents, random);
            extents.forEach(extent -> pool.free(extent[0], (int) extent[1]));
            assertThat(pool.freeBytes()).isEqualTo(CAPACITY);
            assertThat(pool.available(Claimant.CLEANER)).isEqualTo(CAPACITY);
        }
    }

    @Test
    void allocate_ofWholeUnits_isNeverHinderedByBrokenOnes() {
        List<Long> seglets = new ArrayList<>();
        for (int count = 0; count < 40; count++) {
            seglets.add(pool.allocate(0, Claimant.TABLE));
        }
        int units = 0;
        while (pool.allocate(SegletPool.orderFor(UNIT_BYTES), Claimant.CLEANER) != 0) {
            units++;
        }
        assertThat((units + 3L) * UNIT_BYTES).isEqualTo(CAPACITY);
        assertThat(pool.available(Claimant.CLEANER)).isZero();
        assertThat(pool.allocate(0, Claimant.WRITE)).isNotZero();
        seglets.forEach(seglet -> pool.free(seglet, 0));
        assertThat(pool.available(Claimant.CLEANER)).isEqualTo(2L * UNIT_BYTES);
    }

    @Test
    void allocate_leavesWhatIsReservedForThoseWithMorePrivilege() {
        int order = SegletPool.orderFor(UNIT_BYTES);
        for (Claimant claimant : Claimant.values()) {
            while (pool.allocate(order, claimant) != 0) {
                assertThat(pool.freeBytes()).isGreaterThanOrEqualTo(pool.reserve(claimant));
            }
            assertThat(pool.freeBytes()).isEqualTo(pool.reserve(claimant));
            assertThat(pool.available(claimant)).isZero();
        }
        assertThat(pool.freeBytes()).isZero();
        assertThat(pool.reserve(Claimant.REMOVE)).isEqualTo((long) RESERVE * UNIT_BYTES);
    }

    @Test
    void allocate_afterFree_prefersMemoryThatWasTouched() {
        long first = pool.allocate(ORDER_MAX, Claimant.WRITE);
        long touched = pool.touchedBytes();
        pool.free(first, ORDER_MAX);
        assertThat(pool.allocate(0, Claimant.WRITE)).isBetween(first, first + BLOCK_BYTES);
        assertThat(pool.touchedBytes()).isEqualTo(touched);
    }

    @Test
    void populateAhead_isDoneWhenSoMuchIsReady() {
        int slices = 0;
        while (pool.populateAhead(BLOCK_BYTES) > 0) {
            slices++;
        }
        assertThat(slices).isPositive();
        assertThat(pool.touchedBytes()).isEqualTo(BLOCK_BYTES);
        pool.allocate(ORDER_MAX, Claimant.WRITE);
        assertThat(pool.populateAhead(BLOCK_BYTES)).isPositive();
    }

    @Test
    void populateAhead_keepsWhatWasWritten() {
        long address = pool.allocate(0, Claimant.WRITE);
        Memory.putLong(address, 42);
        while (pool.populateAhead(CAPACITY) > 0) {
            assertThat(Memory.getLong(address)).isEqualTo(42);
        }
        assertThat(pool.touchedBytes()).isEqualTo(CAPACITY);
    }
}
