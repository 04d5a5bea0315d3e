package io.silkstone.threads;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/**
 * Model-checks the mask-and-count word near its limit: whatever the interleaving of claims,
 * releases and closing, some order of them explains every slot handed out.
 */
public class OccupancyWordProtocolTest {
    private static final int FREE = 2;

    private final OccupancyWord word = new OccupancyWord(true);

    public OccupancyWordProtocolTest() {
        for (int slot = 0; slot < OccupancyWord.CONTEXTS - FREE; slot++) {
            word.claim();
        }
    }

    @Operation
    public int claim() {
        return word.claim();
    }

    @Operation
    public int claimForCore() {
        return word.claimForCore();
    }

    /** Gives back a slot that was occupied from the start, each its own. */
    @Operation(runOnce = true)
    public void releaseThird() {
        word.release(3);
    }

    @Operation(runOnce = true)
    public void releaseFifth() {
        word.release(5);
    }

    @Operation
    public boolean close() {
        return word.close();
    }

    @Operation
    public void open() {
        word.open();
    }

    @Operation
    public int count() {
        return word.count();
    }

    @Test
    void claimReleaseClose_anyInterleaving_isLinearizable() {
        new ModelCheckingOptions()
                .threads(3)
                .actorsPerThread(2)
                .actorsBefore(1)
                .actorsAfter(1)
                .iterations(8)
                .invocationsPerIteration(150)
                .check(getClass());
    }
}
