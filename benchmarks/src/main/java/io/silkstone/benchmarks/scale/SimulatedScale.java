package io.silkstone.benchmarks.scale;

import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.measure.Table;
import io.silkstone.simulation.cluster.CalmCluster;
import io.silkstone.simulation.cluster.CalmCluster.Cost;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/** What operations cost in simulated clusters without faults, of 1 to {@value #NODES_MAX} nodes. */
final class SimulatedScale {
    static final int NODES_MAX = 16;

    private static final int CLIENTS = 4;
    private static final long SEED = 1;
    private static final long REST_NANOS = 30_000_000_000L;
    private static final double NANOS_PER_SECOND = 1e9;

    /** What servers say of each other in a simulation; kept, since loggers are weakly held. */
    private static final Logger SILENCED = Logger.getLogger("io.silkstone");

    private final int operationsPerClient;
    private final Map<Integer, Figures> figures = new LinkedHashMap<>();

    /**
     * Of one size.
     *
     * @param messages an operation, without those of a cluster at rest
     * @param steps turns of threads an operation, likewise
     * @param restMessages messages a second of a cluster at rest
     * @param cpuMicros CPU time an operation, of all that was simulated
     */
    record Figures(double messages, double steps, double restMessages, double cpuMicros) {}

    SimulatedScale(int operationsPerClient) {
        this.operationsPerClient = operationsPerClient;
    }

    /**
     * Plays each size twice.
     *
     * @throws BenchmarkFailed when the second time counts something else than the first
     */
    void run() throws BenchmarkFailed {
        Level before = SILENCED.getLevel();
        SILENCED.setLevel(Level.OFF);
        try {
            for (int nodes = 1; nodes <= NODES_MAX; nodes *= 2) {
                play(nodes);
            }
        } finally {
            SILENCED.setLevel(before);
        }
    }

    private void play(int nodes) throws BenchmarkFailed {
        Run first = Run.of(nodes, operationsPerClient);
        // The first of all runs is not compiled yet.
        Run second = Run.of(nodes, operationsPerClient);
        if (!first.rest.equals(second.rest) || !first.asked.equals(second.asked)) {
            throw new BenchmarkFailed(
                    "one seed gave " + first + " and then " + second + " with " + nodes + " nodes");
        }
        Cost rest = second.rest;
        Cost asked = second.asked;
        double operations = (double) CLIENTS * operationsPerClient;
        double share = (double) asked.nanos() / rest.nanos();
        figures.put(
                nodes,
                new Figures(
                        (asked.messages() - share * rest.messages()) / operations,
                        (asked.steps() - share * rest.steps()) / operations,
                        rest.messages() / (rest.nanos() / NANOS_PER_SECOND),
                        second.cpuNanos / operations / 1e3));
    }

    private record Run(Cost rest, Cost asked, long cpuNanos) {
        static Run of(int nodes, int operationsPerClient) {
            try (CalmCluster cluster = new CalmCluster(SEED, nodes, CLIENTS)) {
                Cost rest = cluster.rest(REST_NANOS);
                long before = cpuTime();
                Cost asked = cluster.ask(operationsPerClient);
                return new Run(rest, asked, cpuTime() - before);
            }
        }

        /** A simulation has one thread: this. */
        private static long cpuTime() {
            return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        }
    }

    Figures of(int nodes) {
        return figures.get(nodes);
    }

    @Override
    public String toString() {
        Table table =
                new Table(
                        "simulated nodes",
                        "messages/operation",
                        "steps/operation",
                        "CPU us/operation",
                        "messages/s at rest");
        figures.forEach(
                (nodes, each) ->
                        table.row(
                                Integer.toString(nodes),
                                String.format(Locale.ROOT, "%.3f", each.messages),
                                String.format(Locale.ROOT, "%.2f", each.steps),
                                String.format(Locale.ROOT, "%.2f", each.cpuMicros),
                                String.format(Locale.ROOT, "%.1f", each.restMessages)));
        return table.toString();
    }
}
