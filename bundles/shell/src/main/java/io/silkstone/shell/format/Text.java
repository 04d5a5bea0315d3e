package io.silkstone.shell.format;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.regex.Pattern;

/** Values as people read them. What comes out never holds a control character. */
public final class Text {
    private static final long NANOS_PER_MICRO = 1_000;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final long BYTES_STEP = 1024;

    /** A word of prose at the beginning; names of commands, files and settings stay as they are. */
    private static final Pattern PROSE = Pattern.compile("[a-z]+[ ,].*", Pattern.DOTALL);

    private Text() {}

    /** One value in one cell: null is a dash, times are UTC to the millisecond. */
    public static String of(Object value) {
        return switch (value) {
            case null -> "-";
            case Double number -> String.format(Locale.ROOT, "%.2f", number);
            case Instant time -> time.truncatedTo(ChronoUnit.MILLIS).toString();
            case String text when text.isEmpty() -> "-";
            default -> visible(value.toString());
        };
    }

    /** A span of time in the unit that suits it, such as {@code 1.25 ms}. */
    public static String duration(long nanos) {
        if (nanos < NANOS_PER_MICRO) {
            return nanos + " ns";
        }
        if (nanos < NANOS_PER_MILLI) {
            return scaled(nanos, NANOS_PER_MICRO) + " us";
        }
        if (nanos < NANOS_PER_SECOND) {
            return scaled(nanos, NANOS_PER_MILLI) + " ms";
        }
        return scaled(nanos, NANOS_PER_SECOND) + " s";
    }

    /** An amount of memory in the binary unit that suits it, such as {@code 64.00 MiB}. */
    public static String bytes(long bytes) {
        String[] units = {"KiB", "MiB", "GiB", "TiB"};
        if (bytes < BYTES_STEP) {
            return bytes + " B";
        }
        long unit = BYTES_STEP;
        int index = 0;
        while (index < units.length - 1 && bytes / unit >= BYTES_STEP) {
            unit *= BYTES_STEP;
            index++;
        }
        return scaled(bytes, unit) + ' ' + units[index];
    }

    /**
     * {@code text} with its control characters as blanks: what is stored in a node must not move
     * the cursor of the person who looks at it.
     */
    public static String visible(String text) {
        StringBuilder visible = null;
        for (int index = 0; index < text.length(); index++) {
            if (Character.isISOControl(text.charAt(index))) {
                visible = visible == null ? new StringBuilder(text) : visible;
                visible.setCharAt(index, ' ');
            }
        }
        return visible == null ? text : visible.toString();
    }

    /**
     * {@code clause} as a sentence of its own. Services say what is wrong in a clause, because it
     * stands in the middle of a line of the log or of a report as well.
     */
    public static String sentence(String clause) {
        String begun =
                PROSE.matcher(clause).matches()
                        ? Character.toUpperCase(clause.charAt(0)) + clause.substring(1)
                        : clause;
        return begun.endsWith(".") || begun.endsWith("?") || begun.endsWith("!")
                ? begun
                : begun + '.';
    }

    static int width(String text) {
        return text.codePointCount(0, text.length());
    }

    private static String scaled(long value, long unit) {
        return String.format(Locale.ROOT, "%.2f", (double) value / unit);
    }
}
