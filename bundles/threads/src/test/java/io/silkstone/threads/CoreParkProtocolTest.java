package io.silkstone.threads;

import io.silkstone.api.threads.ThreadTask;
import io.silkstone.base.Metrics;
import io.silkstone.threads.kernel.Processors;
import java.util.SplittableRandom;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Model-checks a core that announces its wait against everybody who brings work: by the core's own
 * code, which must not stay announced when there is work.
 */
public class CoreParkProtocolTest {
    private static final ThreadTask NOTHING = (a, b) -> {};
    private static final ThreadCounters COUNTERS = new ThreadCounters(new Metrics());

    private final Core core =
            new Machine(1, Processors.unpinned(1), () -> 0, new SplittableRandom(1), COUNTERS, null)
                    .cores[0];
    private final Context context;
    private final long thread;
    private volatile boolean sleeps;

    public CoreParkProtocolTest() {
        core.occupancy.open();
        context = core.context(core.occupancy.claim());
        thread = context.publish(0, NOTHING, 0, 0);
        context.consume();
    }

    @Operation(runOnce = true)
    public void park() {
        sleeps = core.announcePark(null);
    }

    @Operation(runOnce = true)
    public void signal() {
        if (context.signal(thread)) {
            context.core.wake();
        }
    }

    @Operation(runOnce = true)
    public void create() {
        core.startHere(NOTHING);
    }

    @Operation(runOnce = true)
    public void drain() {
        core.drain(Core.Drain.RELEASE);
    }

    @Validate
    public void whoeverHasWorkIsAwake() {
        boolean work = context.isDue(1) || core.occupancy.count() > 1;
        if (sleeps && core.isParked() && (work || core.drain != Core.Drain.NONE)) {
            throw new IllegalStateException("the core sleeps over its work");
        }
    }

    @Test
    void announcePark_anyInterleavingWithWork_isNotOverslept() {
        new ModelCheckingOptions()
                .threads(3)
                .actorsPerThread(1)
                .actorsBefore(0)
                .actorsAfter(0)
                .iterations(4)
                .invocationsPerIteration(150)
                .check(getClass());
    }
}
