package io.silkstone.shell.format;

import java.lang.reflect.RecordComponent;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.Map;

/**
 * Writes JSON (RFC 8259) on one line: null, booleans, numbers, text, maps, iterables, records and
 * answers; anything else as its text. A number that JSON cannot say, such as infinity, is null.
 */
public final class Json {
    private Json() {}

    /** The JSON of {@code value}. */
    public static String of(Object value) {
        StringBuilder json = new StringBuilder();
        write(json, value);
        return json.toString();
    }

    private static void write(StringBuilder json, Object value) {
        switch (value) {
            case null -> json.append("null");
            case Boolean flag -> json.append(flag.booleanValue());
            case Double number -> json.append(Double.isFinite(number) ? number : "null");
            case Float number -> json.append(Float.isFinite(number) ? number : "null");
            case Number number -> json.append(number);
            case Answer answer -> write(json, answer.data());
            case Map<?, ?> map -> writeMap(json, map);
            case Iterable<?> items when !(value instanceof java.nio.file.Path) ->
                    writeItems(json, items);
            case Record row -> writeRecord(json, row);
            default -> writeText(json, value.toString());
        }
    }

    private static void writeMap(StringBuilder json, Map<?, ?> map) {
        String separator = "";
        json.append('{');
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            json.append(separator);
            writeText(json, String.valueOf(entry.getKey()));
            json.append(':');
            write(json, entry.getValue());
            separator = ",";
        }
        json.append('}');
    }

    private static void writeItems(StringBuilder json, Iterable<?> items) {
        json.append('[');
        for (Iterator<?> iterator = items.iterator(); iterator.hasNext(); ) {
            write(json, iterator.next());
            json.append(iterator.hasNext() ? "," : "");
        }
        json.append(']');
    }

    private static void writeRecord(StringBuilder json, Record row) {
        String separator = "";
        json.append('{');
        for (RecordComponent component : row.getClass().getRecordComponents()) {
            json.append(separator);
            writeText(json, component.getName());
            json.append(':');
            write(json, value(row, component));
            separator = ",";
        }
        json.append('}');
    }

    private static Object value(Record row, RecordComponent component) {
        try {
            return component.getAccessor().invoke(row);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(row.getClass() + " is not a public record.", e);
        }
    }

    private static void writeText(StringBuilder json, String text) {
        json.append('"');
        for (int index = 0; index < text.length(); index++) {
            char character = text.charAt(index);
            switch (character) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                default -> {
                    if (character < ' ' || Character.isISOControl(character)) {
                        json.append("\\u").append(HexFormat.of().toHexDigits(character));
                    } else {
                        json.append(character);
                    }
                }
            }
        }
        json.append('"');
    }
}
