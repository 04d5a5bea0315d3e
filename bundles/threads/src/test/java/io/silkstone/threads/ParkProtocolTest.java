package io.silkstone.threads;

import io.silkstone.api.threads.ThreadTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Model-checks parking against signalling: a core that goes to sleep although its thread may run
 * has been woken, and by one waker only.
 */
public class ParkProtocolTest {
    private static final ThreadTask NOTHING = (a, b) -> {};

    private final Context context = new Context(1);
    private final long thread = context.publish(0, NOTHING, 0, 0);
    private final ParkWord parkWord = new ParkWord();
    private final AtomicInteger wakings = new AtomicInteger();
    private volatile boolean sleeps;

    public ParkProtocolTest() {
        context.consume();
    }

    @Operation(runOnce = true)
    public void park() {
        parkWord.announce(ParkWord.IN_KERNEL);
        if (context.isDue(1)) {
            parkWord.awake();
        } else {
            sleeps = true;
        }
    }

    @Operation(runOnce = true)
    public void signal() {
        if (context.signal(thread)) {
            wake();
        }
    }

    /** As by whoever migrates a thread to this core, or sends it a command. */
    @Operation(runOnce = true)
    public void wake() {
        if (parkWord.take() == ParkWord.IN_KERNEL) {
            wakings.incrementAndGet();
        }
    }

    @Validate
    public void noWakeupIsLostOrDoubled() {
        if (sleeps && context.isDue(1) && wakings.get() == 0 || wakings.get() > 1) {
            throw new IllegalStateException("sleeps " + sleeps + ", woken " + wakings);
        }
    }

    @Test
    void parkSignalWake_anyInterleaving_wakesOnce() {
        new ModelCheckingOptions()
                .threads(3)
                .actorsPerThread(1)
                .actorsBefore(0)
                .actorsAfter(0)
                .iterations(3)
                .invocationsPerIteration(300)
                .check(getClass());
    }
}
