package io.silkstone.benchmarks.threads;

import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.threads.ThreadTask;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.threads.ArachneOptions;
import io.silkstone.threads.ArachneRuntime;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.HdrHistogram.Histogram;

/** User threads of Silkstone, on all processors. */
final class ArachneRival implements Rival {
    private static final int YIELDS = 100;
    private static final int HANDOVERS = 100;

    private final int processors;
    private final ArachneRuntime runtime;

    /** Starts a runtime that holds a core for each of {@code processors}. */
    ArachneRival(int processors) {
        this.processors = processors;
        runtime =
                ArachneRuntime.start(
                        ArachneOptions.defaults().withCores(processors, processors),
                        NanoClock.SYSTEM,
                        RandomGenerator.of("L64X128MixRandom"),
                        new Metrics());
    }

    /** How the runtime runs its threads. */
    String mode() {
        return runtime.mode();
    }

    @Override
    public String key() {
        return "";
    }

    @Override
    public String name() {
        return "silkstone";
    }

    @Override
    public void create(Histogram latencies, long deadline) {
        inside(
                () -> {
                    Birth birth = new Birth();
                    ThreadTask task = (a, b) -> birth.now();
                    while (System.nanoTime() - deadline < 0) {
                        int here = Processor.current();
                        birth.expect();
                        long start = System.nanoTime();
                        long thread = runtime.create(ThreadRuntime.NORMAL, task, 0, 0);
                        long begun = birth.await();
                        if (begun != 0 && birth.processor() != here) {
                            latencies.recordValue(Math.max(1, begun - start));
                        }
                        runtime.join(thread);
                    }
                });
    }

    @Override
    public void createAndJoin(Histogram latencies, long deadline) {
        inside(
                () -> {
                    ThreadTask nothing = (a, b) -> {};
                    while (System.nanoTime() - deadline < 0) {
                        long start = System.nanoTime();
                        runtime.join(runtime.create(ThreadRuntime.NORMAL, nothing, 0, 0));
                        latencies.recordValue(System.nanoTime() - start);
                    }
                });
    }

    @Override
    public void yieldToOthers(Histogram latencies, long deadline) {
        List<Long> threads = new ArrayList<>();
        for (int index = 0; index < 2 * processors; index++) {
            Histogram own = index == 0 ? latencies : null;
            threads.add(start(() -> yieldOften(own, deadline)));
        }
        threads.forEach(runtime::join);
    }

    private void yieldOften(Histogram latencies, long deadline) {
        while (System.nanoTime() - deadline < 0) {
            long start = System.nanoTime();
            for (int count = 0; count < YIELDS; count++) {
                runtime.yield();
            }
            if (latencies != null) {
                // Between two of its own yields the other thread of the core has yielded once.
                latencies.recordValue(Math.max(1, (System.nanoTime() - start) / (2 * YIELDS)));
            }
        }
    }

    @Override
    public void wake(Histogram latencies, long deadline) {
        Turn turn = new Turn();
        long[] pair = new long[2];
        pair[1] = start(() -> answer(turn, pair));
        pair[0] = start(() -> ask(turn, pair, latencies, deadline));
        runtime.join(pair[0]);
        runtime.join(pair[1]);
    }

    private void ask(Turn turn, long[] pair, Histogram latencies, long deadline) {
        pair[0] = runtime.self();
        while (System.nanoTime() - deadline < 0) {
            long start = System.nanoTime();
            for (int count = 0; count < HANDOVERS; count++) {
                turn.give(1);
                runtime.signal(pair[1]);
                while (turn.holder() != 0) {
                    runtime.block();
                }
            }
            latencies.recordValue(Math.max(1, (System.nanoTime() - start) / (2 * HANDOVERS)));
        }
        turn.end();
        runtime.signal(pair[1]);
    }

    private void answer(Turn turn, long[] pair) {
        while (true) {
            while (turn.holder() != 1) {
                if (turn.hasEnded()) {
                    return;
                }
                runtime.block();
            }
            turn.give(0);
            runtime.signal(pair[0]);
        }
    }

    @Override
    public void close() {
        runtime.close();
    }

    private void inside(Runnable body) {
        runtime.join(start(body));
    }

    private long start(Runnable body) {
        long thread = runtime.create(ThreadRuntime.NORMAL, body);
        if (thread == ThreadRuntime.NONE) {
            throw new IllegalStateException("an idle runtime has no free context");
        }
        return thread;
    }
}
