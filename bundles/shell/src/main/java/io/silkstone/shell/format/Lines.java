package io.silkstone.shell.format;

import java.util.List;

/** Sentences, one a line. */
public final class Lines implements Answer {
    private final List<String> lines;

    private Lines(List<String> lines) {
        this.lines = List.copyOf(lines);
    }

    /** Shows {@code lines} as they are. */
    public static Lines of(List<String> lines) {
        return new Lines(lines);
    }

    /** The lines of {@code text}. */
    public static Lines of(String text) {
        return new Lines(text.lines().toList());
    }

    @Override
    public String text() {
        StringBuilder text = new StringBuilder();
        for (String line : lines) {
            text.append(text.isEmpty() ? "" : "\n").append(Text.visible(line));
        }
        return text.toString();
    }

    @Override
    public List<String> data() {
        return lines;
    }

    @Override
    public String toString() {
        return text();
    }
}
