package io.silkstone.benchmarks.measure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Figures by name, one per round. */
public final class Series {
    private final Map<String, List<Double>> figures = new LinkedHashMap<>();

    /** No figure yet. */
    public Series() {}

    /** Adds one round's figure. */
    public void add(String name, double figure) {
        figures.computeIfAbsent(name, each -> new ArrayList<>()).add(figure);
    }

    /** Whether there is a figure of that name. */
    public boolean has(String name) {
        return figures.containsKey(name);
    }

    /** Lowest, median and highest figure of {@code name}. */
    public Spread spread(String name) {
        double[] values = values(name);
        Arrays.sort(values);
        return new Spread(values[0], median(values), values[values.length - 1]);
    }

    /** The median of {@code name}. */
    public double median(String name) {
        return median(values(name));
    }

    /**
     * Adds, for every round, {@code upper} over {@code lower} under {@code name}. The ratio of two
     * rivals is taken within a round, because between rounds the machine changes more than they
     * differ; the median of the ratios is what counts.
     */
    public void addRatios(String name, String upper, String lower) {
        double[] uppers = values(upper);
        double[] lowers = values(lower);
        for (int round = 0; round < Math.min(uppers.length, lowers.length); round++) {
            if (lowers[round] > 0) {
                add(name, uppers[round] / lowers[round]);
            }
        }
    }

    private double[] values(String name) {
        return figures.getOrDefault(name, List.of()).stream()
                .mapToDouble(Double::doubleValue)
                .toArray();
    }

    /** The middle of {@code values}, of which there is at least one. */
    public static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /**
     * How far figures lie apart.
     *
     * @param lowest the lowest
     * @param median the median
     * @param highest the highest
     */
    public record Spread(double lowest, double median, double highest) {}
}
