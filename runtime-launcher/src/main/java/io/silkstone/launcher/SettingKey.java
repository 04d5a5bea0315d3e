package io.silkstone.launcher;

import java.math.BigDecimal;
import java.util.List;

/**
 * One key of a configuration.
 *
 * @param id the key as operators write it
 * @param type {@code String}, {@code Long}, {@code Boolean} ...
 * @param byDefault its default, null when it has none
 * @param min smallest value, or null
 * @param max largest value, or null
 * @param options the only values allowed; empty for any
 * @param description what it means
 */
record SettingKey(
        String id,
        String type,
        String byDefault,
        String min,
        String max,
        List<String> options,
        String description) {

    /** Whether {@code value} is of the key's type and within its bounds. */
    boolean allows(String value) {
        if (!options.isEmpty() && !options.contains(value)) {
            return false;
        }
        return switch (type) {
            case "Boolean" -> value.equals("true") || value.equals("false");
            case "Long" -> isWhole(value, Long.MIN_VALUE, Long.MAX_VALUE);
            case "Integer" -> isWhole(value, Integer.MIN_VALUE, Integer.MAX_VALUE);
            default -> true;
        };
    }

    /** What the key allows, to be put behind "must be". */
    String allowed() {
        if (!options.isEmpty()) {
            return "one of " + String.join(", ", options);
        }
        String kind =
                switch (type) {
                    case "Boolean" -> "true or false";
                    case "Double", "Float" -> "a number";
                    case "String", "Password" -> "text";
                    default -> "a whole number";
                };
        if (min != null && max != null) {
            return kind + " from " + min + " to " + max;
        }
        if (min != null) {
            return kind + " of at least " + min;
        }
        return max == null ? kind : kind + " of at most " + max;
    }

    private boolean isWhole(String value, long lowest, long highest) {
        try {
            long number = Long.parseLong(value);
            BigDecimal exact = BigDecimal.valueOf(number);
            return lowest <= number
                    && number <= highest
                    && (min == null || exact.compareTo(new BigDecimal(min)) >= 0)
                    && (max == null || exact.compareTo(new BigDecimal(max)) <= 0);
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
