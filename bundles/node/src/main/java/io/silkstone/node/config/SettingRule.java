package io.silkstone.node.config;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What may stand under one key, from a Metatype attribute definition.
 *
 * @param key the key, unit last
 * @param type the Metatype name of the type, such as {@code Long}
 * @param many whether it is a list, with commas between its elements
 * @param byDefault the default as text, null when the key must be set
 * @param lowest least value allowed as text, null for none
 * @param highest greatest value allowed as text, null for none
 * @param options the only values allowed, empty for any
 * @param description one sentence
 */
record SettingRule(
        String key,
        String type,
        boolean many,
        String byDefault,
        String lowest,
        String highest,
        List<String> options,
        String description) {

    /** Words of a description; the table of settings tells by them what an edit changes at once. */
    private static final String WAITS_FOR_A_START = "applies at the next start";

    /**
     * The typed value of {@code text}.
     *
     * @throws ConfigRefused naming what is allowed
     */
    Object parse(String text) throws ConfigRefused {
        if (!many) {
            return element(text);
        }
        List<Object> elements = new ArrayList<>();
        for (String part : text.isBlank() ? new String[0] : text.split(",", -1)) {
            elements.add(element(part.strip()));
        }
        Object array = Array.newInstance(javaType(), elements.size());
        for (int i = 0; i < elements.size(); i++) {
            Array.set(array, i, elements.get(i));
        }
        return array;
    }

    /** Whether the value is nobody's business: it is not shown, not even when it is wrong. */
    boolean secret() {
        return type.equals("Password") || key.endsWith("password") || key.endsWith("pass");
    }

    /** Whether its component takes it at its start only: then the description says so. */
    boolean waitsForAStart() {
        return description != null
                && description.toLowerCase(Locale.ROOT).contains(WAITS_FOR_A_START);
    }

    /** What is allowed, to end a sentence with. */
    String allowed() {
        if (!options.isEmpty()) {
            return "one of " + String.join(", ", options);
        }
        String noun =
                switch (type) {
                    case "Long", "Integer", "Short", "Byte" -> "a whole number";
                    case "Double", "Float" -> "a number";
                    case "Boolean" -> "true or false";
                    case "Character", "Char" -> "one character";
                    default -> "text";
                };
        String bounds =
                lowest != null && highest != null
                        ? " between " + lowest + " and " + highest
                        : lowest != null
                                ? " of at least " + lowest
                                : highest != null ? " of at most " + highest : "";
        return (many ? "a list of, with commas between, " : "") + noun + bounds;
    }

    private Object element(String text) throws ConfigRefused {
        if (!options.isEmpty() && !options.contains(text)) {
            throw refused(text);
        }
        Object value;
        try {
            value =
                    switch (type) {
                        case "Long" -> Long.valueOf(text);
                        case "Integer" -> Integer.valueOf(text);
                        case "Short" -> Short.valueOf(text);
                        case "Byte" -> Byte.valueOf(text);
                        case "Double" -> finite(text);
                        case "Float" -> (float) finite(text);
                        case "Boolean" -> truth(text);
                        case "Character", "Char" -> character(text);
                        default -> text;
                    };
        } catch (NumberFormatException wrong) {
            throw refused(text);
        }
        if (!within(value)) {
            throw refused(text);
        }
        return value;
    }

    private boolean within(Object value) {
        if (value instanceof Double || value instanceof Float) {
            double number = ((Number) value).doubleValue();
            return (lowest == null || number >= Double.parseDouble(lowest))
                    && (highest == null || number <= Double.parseDouble(highest));
        }
        if (value instanceof Number number) {
            return (lowest == null || number.longValue() >= Long.parseLong(lowest))
                    && (highest == null || number.longValue() <= Long.parseLong(highest));
        }
        if (value instanceof String text) {
            // Metatype bounds a text by its length.
            return (lowest == null || text.length() >= Long.parseLong(lowest))
                    && (highest == null || text.length() <= Long.parseLong(highest));
        }
        return true;
    }

    private static double finite(String text) {
        double number = Double.parseDouble(text);
        if (!Double.isFinite(number)) {
            throw new NumberFormatException(text);
        }
        return number;
    }

    private static boolean truth(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new NumberFormatException(text);
        };
    }

    private static char character(String text) {
        if (text.length() != 1) {
            throw new NumberFormatException(text);
        }
        return text.charAt(0);
    }

    private Class<?> javaType() {
        return switch (type) {
            case "Long" -> Long.class;
            case "Integer" -> Integer.class;
            case "Short" -> Short.class;
            case "Byte" -> Byte.class;
            case "Double" -> Double.class;
            case "Float" -> Float.class;
            case "Boolean" -> Boolean.class;
            case "Character", "Char" -> Character.class;
            default -> String.class;
        };
    }

    private ConfigRefused refused(String text) {
        return new ConfigRefused(
                "%s must be %s, was \"%s\"".formatted(key, allowed(), shortened(text)));
    }

    private String shortened(String text) {
        if (secret()) {
            return "(not shown)";
        }
        return text.length() <= 60
                ? text
                : text.codePoints()
                                .limit(60)
                                .mapToObj(Character::toString)
                                .collect(Collectors.joining())
                        + "...";
    }
}
