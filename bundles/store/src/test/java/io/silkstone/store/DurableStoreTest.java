package io.silkstone.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.base.disk.simulation.SimulatedDisk;
import io.silkstone.store.durable.Flush;
import java.util.LongSummaryStatistics;
import java.util.SplittableRandom;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A store that lives several lives on one simulated disk, each of which ends at some operation of
 * the disk or some step of a thread: whatever was told as settled is there in the next one.
 */
@Timeout(300)
class DurableStoreTest {
    private static final int SEEDS = Integer.getInteger("durable.seeds", 12);
    private static final int LIVES = 4;
    private static final Logger SILENT = Logger.getLogger("io.silkstone.store");

    @BeforeAll
    static void silence() {
        SILENT.setLevel(Level.OFF);
    }

    @AfterAll
    static void speak() {
        SILENT.setLevel(null);
    }

    static LongStream seeds() {
        Long one = Long.getLong("durable.seed");
        return one == null ? LongStream.rangeClosed(1, SEEDS) : LongStream.of(one);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void lives_thatEndAnyhow_loseNothingThatWasSettled(long seed) {
        live(seed);
    }

    @Test
    void lives_freshSeed_loseNothingThatWasSettled() {
        live(System.nanoTime() & 0xffff_ffffL);
    }

    /** Otherwise the seeds have shown little. */
    @Test
    void lives_areLongEnough() {
        LongSummaryStatistics settled = new LongSummaryStatistics();
        LongSummaryStatistics retired = new LongSummaryStatistics();
        for (long seed = 1; seed <= 6; seed++) {
            DurableLife life = live(seed);
            settled.accept(life.settledOperations());
            retired.accept(life.retiredBytes());
        }
        assertThat(settled.getAverage()).isGreaterThan(200);
        assertThat(retired.getAverage()).isGreaterThan(20 << 20);
    }

    private static DurableLife live(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        SimulatedDisk disk = new SimulatedDisk(random.split());
        boolean machineFails = random.nextBoolean();
        Flush flush = machineFails ? Flush.ALWAYS : Flush.values()[1 + random.nextInt(3)];
        DurableLife life = new DurableLife(random.split(), disk, flush);
        for (int number = 0; number < LIVES; number++) {
            try {
                life.live();
                if (machineFails) {
                    disk.restart();
                } else {
                    disk.restartProcess();
                }
                life.check();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(
                        "seed " + seed + ", life " + (number + 1) + ", flush " + flush, e);
            }
        }
        return life;
    }
}
