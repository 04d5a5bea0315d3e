package io.silkstone.benchmarks.scale;

import io.silkstone.benchmarks.measure.ResultLine;
import io.silkstone.benchmarks.measure.Table;
import java.util.Locale;

/** Figures that are to stay below a bound, judged by whoever measured them. */
final class Claims {
    private final Table table = new Table("claim", "figure", "at most", "");
    private final ResultLine result;
    private int missed;

    /** Adds its figures to {@code result}. */
    Claims(ResultLine result) {
        this.result = result;
    }

    /** {@code figure} is to be at most {@code bound}. */
    void atMost(String key, double figure, double bound) {
        boolean holds = figure <= bound;
        missed += holds ? 0 : 1;
        result.put(key, figure);
        table.row(key, text(figure), text(bound), holds ? "holds" : "MISSED");
    }

    private static String text(double figure) {
        return String.format(Locale.ROOT, "%.3f", figure);
    }

    /** How many do not hold. */
    int missed() {
        return missed;
    }

    @Override
    public String toString() {
        return table.toString();
    }
}
