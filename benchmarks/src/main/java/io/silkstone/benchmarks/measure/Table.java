package io.silkstone.benchmarks.measure;

import java.util.ArrayList;
import java.util.List;

/** A table of text; the first column is set left, the others right. */
public final class Table {
    private final List<List<String>> rows = new ArrayList<>();

    /** With the names of its columns. */
    public Table(String... columns) {
        rows.add(List.of(columns));
    }

    /** Adds a row of as many cells as there are columns. */
    public Table row(String... cells) {
        if (cells.length != rows.get(0).size()) {
            throw new IllegalArgumentException("a row has as many cells as there are columns");
        }
        rows.add(List.of(cells));
        return this;
    }

    @Override
    public String toString() {
        int[] widths = new int[rows.get(0).size()];
        for (List<String> row : rows) {
            for (int column = 0; column < widths.length; column++) {
                widths[column] = Math.max(widths[column], row.get(column).length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < widths.length; column++) {
                String padding = " ".repeat(widths[column] - row.get(column).length());
                line.append(column == 0 ? "" : "  ");
                line.append(column == 0 ? row.get(column) + padding : padding + row.get(column));
            }
            text.append(line.toString().stripTrailing()).append(System.lineSeparator());
        }
        return text.toString();
    }
}
