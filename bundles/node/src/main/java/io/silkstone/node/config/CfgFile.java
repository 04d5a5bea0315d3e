package io.silkstone.node.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The text of a {@code .cfg} file: lines of {@code key = value}, comments that begin with {@code
 * #}, blank lines. Values are taken as they stand, without escapes and without continuation, so
 * that what an operator sees is what holds. Changing one key leaves every other line as it was.
 */
final class CfgFile {
    static final int CHARACTERS_MAX = 256 * 1024;

    private final List<String> lines;
    private final Map<String, Value> values;
    private final List<String> problems;

    private CfgFile(List<String> lines, Map<String, Value> values, List<String> problems) {
        this.lines = lines;
        this.values = values;
        this.problems = problems;
    }

    static CfgFile parse(String text) {
        List<String> lines = new ArrayList<>(text.lines().toList());
        Map<String, Value> values = new LinkedHashMap<>();
        List<String> problems = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = i == 0 ? withoutMark(lines.get(i)).strip() : lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            int equals = line.indexOf('=');
            if (equals <= 0) {
                problems.add(
                        "line %d: a line is \"key = value\" or begins with #".formatted(i + 1));
                continue;
            }
            String key = line.substring(0, equals).strip();
            Value value = new Value(line.substring(equals + 1).strip(), i + 1);
            Value before = values.putIfAbsent(key, value);
            if (before != null) {
                problems.add(
                        "line %d: %s is set in line %d already"
                                .formatted(i + 1, key, before.line()));
            }
        }
        return new CfgFile(lines, values, problems);
    }

    /** Keys and values in the order of the file. */
    Map<String, Value> values() {
        return values;
    }

    /** What is no line of a configuration, a sentence each. */
    List<String> problems() {
        return problems;
    }

    /** The text with {@code key} set to {@code value}, or without it when {@code value} is null. */
    String with(String key, String value) {
        List<String> changed = new ArrayList<>(lines);
        Value before = values.get(key);
        if (before != null && value == null) {
            changed.remove(before.line() - 1);
        } else if (before != null) {
            changed.set(before.line() - 1, key + " = " + value);
        } else if (value != null) {
            changed.add(key + " = " + value);
        }
        return changed.isEmpty() ? "" : String.join("\n", changed) + "\n";
    }

    private static String withoutMark(String firstLine) {
        return firstLine.startsWith("\uFEFF") ? firstLine.substring(1) : firstLine;
    }

    /** A value and the line that it stands in, from 1. */
    record Value(String text, int line) {}
}
