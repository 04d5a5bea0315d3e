package io.silkstone.benchmarks;

import io.silkstone.harness.Workplace;
import java.io.PrintStream;
import java.util.Locale;

/**
 * What a benchmark runs in.
 *
 * @param quick whether a rough figure within a minute is wanted rather than a good one
 * @param workplace owner of its files and processes
 * @param out where it prints
 */
public record Setting(boolean quick, Workplace workplace, PrintStream out) {
    /** Prints one line. */
    public void say(String format, Object... arguments) {
        out.println(String.format(Locale.ROOT, format, arguments));
        out.flush();
    }

    /** {@code full}, or {@code rough} in a quick run. */
    public int choose(int full, int rough) {
        return quick ? rough : full;
    }
}
