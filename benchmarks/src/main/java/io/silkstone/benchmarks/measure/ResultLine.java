package io.silkstone.benchmarks.measure;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The last line of a benchmark, for programs: {@code RESULT name key=value ...}. Keys are lower
 * case with their unit last, values are numbers with '.' or words.
 */
public final class ResultLine {
    private static final Pattern KEY = Pattern.compile("[a-z][a-z0-9_]*");

    private final StringBuilder line;

    /** Of the benchmark {@code name}. */
    public ResultLine(String name) {
        line = new StringBuilder("RESULT ").append(name);
    }

    /** Adds a figure with four significant digits. */
    public ResultLine put(String key, double value) {
        double size = Math.abs(value);
        int decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
        return add(key, String.format(Locale.ROOT, "%." + decimals + "f", value));
    }

    /** Adds a count. */
    public ResultLine put(String key, long value) {
        return add(key, Long.toString(value));
    }

    @Override
    public String toString() {
        return line.toString();
    }

    private ResultLine add(String key, String value) {
        if (!KEY.matcher(key).matches()) {
            throw new IllegalArgumentException("not a key of a result line: " + key);
        }
        line.append(' ').append(key).append('=').append(value);
        return this;
    }
}
