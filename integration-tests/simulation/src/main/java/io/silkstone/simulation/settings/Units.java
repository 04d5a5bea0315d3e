package io.silkstone.simulation.settings;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers with a unit, as people write them: {@code 300 ms}, {@code 32 MiB}. */
final class Units {
    /** In nanoseconds. */
    static final Units TIME = new Units("ns", 1, "us", 1_000, "ms", 1_000_000, "s", 1_000_000_000);

    /** In bytes. */
    static final Units SIZE = new Units("B", 1, "KiB", 1 << 10, "MiB", 1 << 20);

    /** So few digits that no unit makes too much of them. */
    private static final Pattern NUMBER = Pattern.compile("(-?[0-9]{1,9}) ?([A-Za-z]+)");

    private static final Pattern BARE = Pattern.compile("-?[0-9]{1,9}");

    /** From the smallest to the largest. */
    private final Map<String, Long> units = new LinkedHashMap<>();

    private Units(Object... namesAndSizes) {
        for (int index = 0; index < namesAndSizes.length; index += 2) {
            units.put(
                    (String) namesAndSizes[index], ((Number) namesAndSizes[index + 1]).longValue());
        }
    }

    /** How many of the smallest unit {@code text} is; null when it is none. */
    Long read(String text) {
        Matcher number = NUMBER.matcher(text);
        boolean isOne = number.matches() && units.containsKey(number.group(2));
        return isOne ? Long.parseLong(number.group(1)) * units.get(number.group(2)) : null;
    }

    /** As {@link #read}, of both ends of {@code 1..2 s}; null when it is neither that nor one. */
    Range readRange(String text) {
        int dots = text.indexOf("..");
        if (dots < 0) {
            Long only = read(text);
            return only == null ? null : new Range(only, only);
        }
        String upper = text.substring(dots + 2).strip();
        String lower = text.substring(0, dots).strip();
        if (BARE.matcher(lower).matches()) {
            lower += upper.replaceFirst("^-?[0-9]+", "");
        }
        Long low = read(lower);
        Long high = read(upper);
        return low == null || high == null || low > high ? null : new Range(low, high);
    }

    /** How people write {@code number} of the smallest unit. */
    String say(long number) {
        String said = null;
        for (Map.Entry<String, Long> unit : units.entrySet()) {
            if (said == null || number % unit.getValue() == 0 && number != 0) {
                said = number / unit.getValue() + " " + unit.getKey();
            }
        }
        return said;
    }
}
