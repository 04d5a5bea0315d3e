package io.silkstone.simulation.cluster;

import io.silkstone.base.EpochClock;
import io.silkstone.base.Metrics;
import io.silkstone.simulation.Script;
import io.silkstone.simulation.history.History;
import io.silkstone.simulation.settings.Settings;
import io.silkstone.threads.simulation.SimulatedProcess;
import io.silkstone.threads.simulation.SimulatedRuntime;
import io.silkstone.transport.memory.MemoryNetwork;
import io.silkstone.transport.memory.MemoryOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** What all processes of a run share: time, network, numbers of the seed, and what is counted. */
final class World implements AutoCloseable {
    private static final long EPOCH_MILLIS = 1_800_000_000_000L;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final SplittableRandom random;
    private final Parts parts;
    private final Script script;
    private final Settings settings;
    private final History history;
    private final SimulatedRuntime runtime;
    private final MemoryNetwork network;
    private final Metrics metrics = new Metrics();
    private final Map<String, Long> coverage = new TreeMap<>();
    private final List<String> violations = new ArrayList<>();
    private final Protocol protocol = new Protocol(this);
    private final Ambush.Laid ambushes = new Ambush.Laid();

    World(SplittableRandom random, Parts parts, Script script, Settings settings) {
        this.random = random;
        this.parts = parts;
        this.script = script;
        this.settings = settings;
        runtime = new SimulatedRuntime(random.split(), 1);
        network =
                new MemoryNetwork(runtime.clock(), random.split(), MemoryOptions.DEFAULTS, metrics);
        history = new History(epochClock()::millis);
        script.keep(history);
    }

    /** See {@link MemoryNetwork#showEnds}. */
    void showEnds() {
        network.showEnds();
    }

    SimulatedRuntime runtime() {
        return runtime;
    }

    Parts parts() {
        return parts;
    }

    /** What of the run is played. */
    Script script() {
        return script;
    }

    /** What this run was told. */
    Settings settings() {
        return settings;
    }

    History history() {
        return history;
    }

    /** A process of one core, whose clock is a little fast or slow. */
    SimulatedProcess process(String name) {
        SimulatedProcess process = runtime.process(name, 1);
        long most = settings.get(ClusterSettings.CLOCK_DRIFT_PPM);
        process.clock().drift(random.nextLong(-most, most + 1));
        return process;
    }

    /** The steps in which tablets move. */
    Protocol protocol() {
        return protocol;
    }

    /** Who waits for such a step. */
    Ambush.Laid ambushes() {
        return ambushes;
    }

    MemoryNetwork network() {
        return network;
    }

    Metrics metrics() {
        return metrics;
    }

    /** The time of day: the same everywhere, for expiry is a matter of it. */
    EpochClock epochClock() {
        return () -> EPOCH_MILLIS + runtime.clock().nanoTime() / NANOS_PER_MILLI;
    }

    SplittableRandom random() {
        return random;
    }

    void count(String what) {
        coverage.merge(what, 1L, Long::sum);
    }

    /** Shows that {@code what} never happened, if it does not. */
    void expect(String what) {
        coverage.putIfAbsent(what, 0L);
    }

    /** Counts {@code what}, which somebody who asks why a run failed has to know. */
    void befell(String whom, String what) {
        count(what);
        history.note(whom + ": " + what);
    }

    /** Something has happened that must not. */
    void violated(String sentence) {
        history.note("WRONG: " + sentence);
        violations.add(sentence);
    }

    /** What must not happen and did, besides what the history shows. */
    List<String> violations() {
        return violations;
    }

    Map<String, Long> coverage() {
        return coverage;
    }

    @Override
    public void close() {
        runtime.close();
        network.close();
    }
}
