package io.silkstone.shell.format;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * Rows under a header. Columns are as wide as their widest cell and numbers stand right, so that a
 * row fits one line and {@code grep} finds all of it; nothing is cut off.
 *
 * @param <R> what a row shows
 */
public final class Table<R> implements Answer {
    private static final String GAP = "  ";

    private final List<R> rows;
    private final List<Column<R>> columns = new ArrayList<>();
    private String note = "";

    private Table(List<R> rows) {
        this.rows = List.copyOf(rows);
    }

    private record Column<R>(String name, Function<R, ?> value, boolean shown) {
        String header() {
            return name.replace('_', ' ').toUpperCase(Locale.ROOT);
        }
    }

    /** A table of {@code rows}, so far without columns. */
    public static <R> Table<R> of(List<R> rows) {
        return new Table<>(rows);
    }

    /** Adds a column; {@code name} is lower case with underscores. */
    public Table<R> column(String name, Function<R, ?> value) {
        columns.add(new Column<>(name, value, true));
        return this;
    }

    /** Adds a column that is in the data only: nothing that a person misses. */
    public Table<R> data(String name, Function<R, ?> value) {
        columns.add(new Column<>(name, value, false));
        return this;
    }

    /** Adds a line below the table, for people only. */
    public Table<R> note(String line) {
        note = line;
        return this;
    }

    /** The rows as data, for scripts: {@code each ((policy:list) rows) { ... }}. */
    public List<Map<String, Object>> rows() {
        List<Map<String, Object>> data = new ArrayList<>(rows.size());
        for (R row : rows) {
            Map<String, Object> cells = new LinkedHashMap<>();
            for (Column<R> column : columns) {
                cells.put(column.name, column.value.apply(row));
            }
            data.add(cells);
        }
        return data;
    }

    @Override
    public List<Map<String, Object>> data() {
        return rows();
    }

    @Override
    public String text() {
        List<Column<R>> shown = columns.stream().filter(Column::shown).toList();
        String[][] cells = new String[rows.size() + 1][shown.size()];
        int[] widths = new int[shown.size()];
        boolean[] numeric = new boolean[shown.size()];
        for (int index = 0; index < shown.size(); index++) {
            Column<R> column = shown.get(index);
            cells[0][index] = column.header();
            widths[index] = column.header().length();
            int numbers = 0;
            int others = 0;
            for (int row = 0; row < rows.size(); row++) {
                Object value = column.value.apply(rows.get(row));
                String cell = Text.of(value);
                cells[row + 1][index] = cell;
                widths[index] = Math.max(widths[index], Text.width(cell));
                numbers += value instanceof Number ? 1 : 0;
                others += value instanceof Number || value == null ? 0 : 1;
            }
            numeric[index] = numbers > 0 && others == 0;
        }
        StringBuilder text = new StringBuilder();
        for (String[] row : cells) {
            text.append(text.isEmpty() ? "" : "\n").append(line(row, widths, numeric));
        }
        if (!note.isEmpty()) {
            text.append('\n').append(note);
        }
        return text.toString();
    }

    private static String line(String[] cells, int[] widths, boolean[] numeric) {
        StringBuilder line = new StringBuilder();
        for (int index = 0; index < cells.length; index++) {
            int padding = widths[index] - Text.width(cells[index]);
            line.append(index == 0 ? "" : GAP)
                    .repeat(' ', numeric[index] ? padding : 0)
                    .append(cells[index])
                    .repeat(' ', numeric[index] ? 0 : padding);
        }
        return line.toString().stripTrailing();
    }

    @Override
    public String toString() {
        return text();
    }
}
