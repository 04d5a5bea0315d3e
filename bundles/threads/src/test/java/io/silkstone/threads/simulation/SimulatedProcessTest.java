package io.silkstone.threads.simulation;

import static io.silkstone.api.threads.ThreadRuntime.NORMAL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.threads.CorePoller;
import io.silkstone.api.threads.Mutex;
import io.silkstone.api.threads.ThreadRuntime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SimulatedProcessTest {
    private static final long MICRO = 1_000;
    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000_000_000;

    /** One step takes at most this long. */
    private static final long STEP = 1_000;

    private final SimulatedRuntime runtime = new SimulatedRuntime(new SplittableRandom(4), 2);
    private final SimulatedProcess node = runtime.process("node", 1);

    @AfterEach
    void close() {
        runtime.close();
    }

    private static void count(ThreadRuntime runtime, long[] count, long pauseNanos) {
        while (true) {
            count[0]++;
            runtime.sleep(pauseNanos);
        }
    }

    @Test
    void create_inSeveralProcesses_eachHasItsOwnThreads() {
        SimulatedProcess other = runtime.process("other", 2);
        for (int i = 0; i < 56; i++) {
            assertThat(node.create(NORMAL, () -> {})).isPositive();
        }
        assertThat(node.create(NORMAL, () -> {})).isEqualTo(ThreadRuntime.NONE);
        assertThat(other.create(NORMAL, () -> {})).isPositive();
        assertThat(node.threads()).hasSize(56);
        assertThat(other.threads()).hasSize(1);
        assertThat(runtime.threads()).isEmpty();
        assertThat(node.load().runnable()).isEqualTo(56);
        runtime.run();
        assertThat(node.threads()).isEmpty();
    }

    @Test
    void kill_threadsInEveryState_neverRunAgain() {
        List<String> ran = new ArrayList<>();
        long[] others = new long[1];
        Mutex mutex = node.newMutex();
        runtime.create(NORMAL, () -> count(runtime, others, MICRO));
        node.create(NORMAL, () -> until(ran, "sleeping", () -> node.sleep(5 * MILLI)));
        node.create(NORMAL, () -> until(ran, "blocked", node::block));
        node.create(NORMAL, () -> until(ran, "yielding", () -> yieldOften(node)));
        node.create(
                NORMAL,
                () -> {
                    mutex.lock();
                    node.block();
                });
        node.create(NORMAL, () -> until(ran, "waiting", mutex::lock));
        stepUntil(MILLI);
        node.kill();
        assertThat(node.isKilled()).isTrue();
        assertThat(node.threads()).isEmpty();
        long before = others[0];
        stepUntil(20 * MILLI);
        assertThat(ran).isEmpty();
        assertThat(others[0]).isGreaterThan(before);
        assertThat(mutex.tryLock()).as("what a dead thread held stays held").isFalse();
        assertThatThrownBy(() -> node.create(NORMAL, () -> {}))
                .isInstanceOf(IllegalStateException.class);
        node.kill();
    }

    private static void until(List<String> ran, String what, Runnable wait) {
        try {
            wait.run();
            ran.add(what);
        } finally {
            ran.add("finally of " + what);
        }
    }

    private static void yieldOften(ThreadRuntime runtime) {
        for (int count = 0; count < 1_000_000; count++) {
            runtime.yield();
        }
    }

    private void stepUntil(long nanos) {
        while (runtime.clock().nanoTime() < nanos) {
            runtime.step();
        }
    }

    @Test
    void kill_byAThreadOfItsOwn_doesNotComeBack() {
        List<String> ran = new ArrayList<>();
        node.create(NORMAL, () -> until(ran, "killer", node::kill));
        runtime.run();
        assertThat(ran).isEmpty();
        assertThat(runtime.step()).isFalse();
    }

    @Test
    void kill_joinedThreads_letTheirJoinersGoOn() {
        for (long seed = 0; seed < 50; seed++) {
            try (SimulatedRuntime simulation =
                    new SimulatedRuntime(new SplittableRandom(seed), 1)) {
                SimulatedProcess victim = simulation.process("victim", 1);
                long sleeping = victim.create(NORMAL, () -> victim.sleep(SECOND));
                long blocked = victim.create(NORMAL, victim::block);
                List<Long> joined = new ArrayList<>();
                for (long target : new long[] {sleeping, blocked, sleeping}) {
                    simulation.create(
                            NORMAL,
                            () -> {
                                simulation.join(target);
                                joined.add(target);
                            });
                }
                simulation.create(
                        NORMAL,
                        () -> {
                            simulation.sleep(MILLI);
                            victim.kill();
                        });
                simulation.join(blocked);
                simulation.run();
                assertThat(joined).as("seed %d", seed).hasSize(3);
                assertThat(simulation.clock().nanoTime()).isLessThan(2 * MILLI);
            }
        }
    }

    @Test
    void kill_processThatStandsStill_leavesNothingBehind() {
        node.create(NORMAL, () -> node.sleep(MILLI));
        node.create(NORMAL, node::block);
        node.pause(SECOND);
        node.kill();
        runtime.run();
        assertThat(runtime.step()).isFalse();
        assertThat(runtime.clock().nanoTime()).isLessThan(MILLI);
    }

    @Test
    void process_startedAgain_runsUnderTheSameName() {
        node.kill();
        SimulatedProcess again = runtime.process("node", 1);
        List<String> ran = new ArrayList<>();
        again.create(NORMAL, () -> ran.add(again.name()));
        runtime.run();
        assertThat(ran).containsExactly("node");
    }

    @Test
    void pause_itsThreadsDoNotRunAndTimeGoesOn() {
        long[] here = new long[1];
        long[] elsewhere = new long[1];
        List<Long> wokeAt = new ArrayList<>();
        node.create(NORMAL, () -> count(node, here, 10 * MICRO));
        node.create(
                NORMAL,
                () -> {
                    node.sleep(3 * MILLI);
                    wokeAt.add(node.clock().nanoTime());
                });
        runtime.create(NORMAL, () -> count(runtime, elsewhere, 10 * MICRO));
        stepUntil(MILLI);
        long before = here[0];
        assertThat(before).isPositive();
        node.pause(9 * MILLI);
        node.pause(MILLI);
        stepUntil(10 * MILLI - STEP);
        assertThat(here[0]).isEqualTo(before);
        assertThat(elsewhere[0]).isGreaterThan(500);
        stepUntil(11 * MILLI);
        assertThat(here[0]).isGreaterThan(before);
        assertThat(wokeAt).hasSize(1).allMatch(nanos -> nanos >= 10 * MILLI);
    }

    @Test
    void pause_longerWhileItStands_putsTheEndOff() {
        List<Long> ranAt = new ArrayList<>();
        node.create(NORMAL, () -> ranAt.add(runtime.clock().nanoTime()));
        node.pause(MILLI);
        node.pause(3 * MILLI);
        runtime.run();
        assertThat(ranAt.getFirst()).isBetween(3 * MILLI, 3 * MILLI + 2 * STEP);
    }

    @Test
    void pause_byAThreadOfItsOwn_isOverWhenItGoesOn() {
        List<Long> ranAt = new ArrayList<>();
        node.create(
                NORMAL,
                () -> {
                    node.pause(MILLI);
                    ranAt.add(runtime.clock().nanoTime());
                });
        runtime.run();
        assertThat(ranAt.getFirst()).isGreaterThan(MILLI);
    }

    @Test
    void pause_signalMeanwhile_isNotLost() {
        List<String> ran = new ArrayList<>();
        long waiting = node.create(NORMAL, () -> until(ran, "waiting", node::block));
        stepUntil(2);
        node.pause(MILLI);
        node.signal(waiting);
        runtime.run();
        assertThat(ran).contains("waiting");
        assertThat(runtime.clock().nanoTime()).isGreaterThan(MILLI);
    }

    @Test
    void clock_drifts_andSleepsGoByIt() {
        node.clock().drift(1_000);
        long began = node.clock().nanoTime();
        List<Long> slept = new ArrayList<>();
        for (long nanos : new long[] {1, 999, MILLI, 1_000 * SECOND}) {
            node.create(
                    NORMAL,
                    () -> {
                        long before = node.clock().nanoTime();
                        node.sleep(nanos);
                        slept.add(node.clock().nanoTime() - before - nanos);
                    });
        }
        runtime.run();
        assertThat(slept).hasSize(4).allMatch(late -> late >= 0 && late < 10 * STEP);
        assertThat(node.clock().nanoTime() - began).isGreaterThanOrEqualTo(1_000 * SECOND);
        assertThat(runtime.clock().nanoTime()).isBetween(999 * SECOND, 999_002 * MILLI);
    }

    @Test
    void clock_setAnew_neverGoesBack() {
        SimulatedClock clock = node.clock();
        SplittableRandom random = new SplittableRandom(1);
        long last = clock.nanoTime();
        for (int round = 0; round < 1_000; round++) {
            runtime.sleep(random.nextLong(SECOND));
            clock.drift(random.nextLong(-1_000, 1_001));
            if (round % 10 == 0) {
                clock.jump(SECOND);
            }
            long now = clock.nanoTime();
            assertThat(now).isGreaterThanOrEqualTo(last);
            last = now;
        }
        assertThat(last).isGreaterThan(runtime.clock().nanoTime() + 99 * SECOND);
        assertThatThrownBy(() -> clock.jump(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void run_threadOfAProcessWaitsForEver_theDeadlockNamesTheProcess() {
        node.create(NORMAL, node::block);
        runtime.create(NORMAL, () -> runtime.sleep(Long.MAX_VALUE));
        assertThatThrownBy(runtime::run)
                .isInstanceOf(Deadlock.class)
                .hasMessageContaining("thread 1 of node")
                .hasMessageContaining("thread 2 of main");
    }

    @Test
    void run_sameSeed_givesTheSameTraceWithKillsAndPauses() {
        Set<String> traces = new HashSet<>();
        for (long seed = 0; seed < 20; seed++) {
            String trace = trace(seed);
            assertThat(trace(seed)).as("seed %d", seed).isEqualTo(trace);
            traces.add(trace);
        }
        assertThat(traces).hasSize(20);
    }

    private static String trace(long seed) {
        try (SimulatedRuntime simulation = new SimulatedRuntime(new SplittableRandom(seed), 1)) {
            SplittableRandom random = new SplittableRandom(seed);
            StringBuilder trace = new StringBuilder();
            List<SimulatedProcess> nodes = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                nodes.add(start(simulation, i, trace));
            }
            simulation.create(
                    NORMAL,
                    () -> {
                        for (int round = 0; round < 20; round++) {
                            simulation.sleep(random.nextLong(MILLI));
                            int victim = random.nextInt(3);
                            if (random.nextBoolean()) {
                                nodes.get(victim).pause(random.nextLong(MILLI));
                            } else {
                                nodes.get(victim).kill();
                                nodes.set(victim, start(simulation, victim, trace));
                            }
                        }
                        nodes.forEach(SimulatedProcess::kill);
                    });
            simulation.run();
            return trace + "/" + simulation.fingerprint() + "/" + simulation.steps();
        }
    }

    private static SimulatedProcess start(SimulatedRuntime simulation, int i, StringBuilder trace) {
        SimulatedProcess process = simulation.process("node-" + i, 1);
        process.clock().drift(i * 300);
        for (int thread = 0; thread < 3; thread++) {
            process.create(
                    NORMAL,
                    (number, unused) -> {
                        while (true) {
                            trace.append(i).append(number);
                            process.sleep(50 * MICRO * (number + 1));
                        }
                    },
                    thread,
                    0);
        }
        return process;
    }

    @Test
    void attach_pollerThatParks_isPunctualAndCostsNoSteps() throws Exception {
        Queue<Long> due = new ArrayDeque<>();
        List<Long> late = new ArrayList<>();
        List<Parking> pollers = new ArrayList<>();
        AutoCloseable attachment =
                node.attach(
                        core -> {
                            pollers.add(new Parking(node, due, late));
                            return pollers.getLast();
                        });
        runtime.create(
                NORMAL,
                () -> {
                    for (int count = 0; count < 10; count++) {
                        runtime.sleep(10 * SECOND);
                        due.add(runtime.clock().nanoTime() + 50 * MICRO);
                        pollers.getFirst().wakeup();
                        runtime.sleep(SECOND);
                    }
                });
        runtime.run();
        assertThat(late).hasSize(10).allMatch(nanos -> nanos >= 0 && nanos < 4 * STEP);
        assertThat(runtime.steps()).isLessThan(10 * 11 * 2 + 100);
        attachment.close();
        assertThat(pollers.getFirst().closed).isTrue();
    }

    /** Waits in simulated time until its next request is due, or it is woken. */
    private static final class Parking implements CorePoller {
        private final SimulatedProcess process;
        private final Queue<Long> due;
        private final List<Long> late;
        private final long thread;
        boolean closed;

        Parking(SimulatedProcess process, Queue<Long> due, List<Long> late) {
            this.process = process;
            this.due = due;
            this.late = late;
            thread = process.self();
        }

        @Override
        public int poll() {
            long now = process.clock().nanoTime();
            if (due.isEmpty() || due.peek() > now) {
                return 0;
            }
            late.add(now - due.poll());
            return 1;
        }

        @Override
        public long park(long nanosMax) {
            long began = process.clock().nanoTime();
            process.sleep(due.isEmpty() ? nanosMax : due.peek() - began);
            return process.clock().nanoTime() - began;
        }

        @Override
        public void wakeup() {
            process.signal(thread);
        }

        @Override
        public void handOver(CorePoller successor) {
            throw new AssertionError("a simulated core is never given back");
        }

        @Override
        public boolean isEmpty() {
            return due.isEmpty();
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}
