package io.silkstone.gateway.command;

import static io.silkstone.gateway.command.Command.Flag.DENYOOM;
import static io.silkstone.gateway.command.Command.Flag.FAST;
import static io.silkstone.gateway.command.Command.Flag.WRITE;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.gateway.command.Command.Action;
import io.silkstone.gateway.command.Command.Group;
import io.silkstone.gateway.resp.Memory;
import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Numbers in plain values. Whole ones are counted by the store itself, in one operation. */
final class StringNumberCommands {
    private static final String NOT_A_FLOAT = "ERR value is not a valid float";
    private static final String NOT_FINITE = "ERR increment would produce NaN or Infinity";
    private static final int FLOAT_CHARACTERS_MAX = 5 * 1024;
    private static final int EXPONENT_MAX = 4932;
    private static final int FRACTION_DIGITS_MAX = 17;

    private StringNumberCommands() {}

    static void declare(List<Command> all) {
        add(all, "incr", 2, "Adds one to a number.", x -> increment(x, 1));
        add(all, "decr", 2, "Takes one from a number.", x -> increment(x, -1));
        add(all, "incrby", 3, "Adds to a number.", StringNumberCommands::incrby);
        add(all, "decrby", 3, "Takes from a number.", StringNumberCommands::decrby);
        add(
                all,
                "incrbyfloat",
                3,
                "Adds to a number that need not be whole.",
                StringNumberCommands::incrbyfloat);
    }

    private static void add(
            List<Command> all, String name, int arity, String summary, Action action) {
        Command command =
                new Command(name, Group.STRING, summary, arity, action, WRITE, DENYOOM, FAST);
        all.add(command.key(1));
    }

    private static void increment(Exchange x, long delta) {
        Status status = x.session.increment(x.table, x.key(), delta, x.options.reset());
        if (status == Status.OK) {
            x.out.integer(x.session.number());
        } else if (status == Status.NOT_A_NUMBER) {
            // A list is not a number either, and has an error of its own.
            if (x.readString(x.key()) != null) {
                x.refuse(status);
            }
        } else {
            x.refuse(status);
        }
    }

    private static void incrby(Exchange x) {
        if (x.parseLong(2)) {
            increment(x, x.parsed());
        }
    }

    private static void decrby(Exchange x) {
        if (!x.parseLong(2)) {
            return;
        }
        if (x.parsed() == Long.MIN_VALUE) {
            x.out.error("ERR decrement would overflow");
        } else {
            increment(x, -x.parsed());
        }
    }

    private static void incrbyfloat(Exchange x) {
        if (isInfinite(x.text(2))) {
            x.out.error(NOT_FINITE);
            return;
        }
        for (int attempt = 0; attempt < StringCommands.ATTEMPTS_MAX; attempt++) {
            Status seen = x.readString(x.key());
            if (seen == null) {
                return;
            }
            BigDecimal present = seen == Status.OK ? decimal(text(x.object())) : BigDecimal.ZERO;
            BigDecimal added = decimal(x.text(2));
            if (present == null || added == null) {
                x.out.error(NOT_A_FLOAT);
                return;
            }
            String sum = format(present.add(added));
            WriteOptions options = x.unchanged(seen, x.session.version()).keepExpiry();
            long value = x.scratch.take(sum.length());
            Memory.copy(sum.getBytes(StandardCharsets.US_ASCII), value);
            Status status =
                    x.session.write(x.table, x.key(), Memory.ALL, value, sum.length(), options);
            if (status == Status.OK) {
                x.out.bulk(value, sum.length());
                return;
            }
            if (!Exchange.raced(status)) {
                x.refuse(status);
                return;
            }
        }
        x.refuse(Status.RETRY_LATER);
    }

    private static boolean isInfinite(String text) {
        String word = text.startsWith("+") || text.startsWith("-") ? text.substring(1) : text;
        return word.equalsIgnoreCase("inf") || word.equalsIgnoreCase("infinity");
    }

    private static String text(ObjectView object) {
        int length = Math.min(object.valueLength(), FLOAT_CHARACTERS_MAX + 1);
        byte[] bytes = new byte[length];
        MemorySegment.copy(object.memory(), JAVA_BYTE, object.valueOffset(), bytes, 0, length);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** The number, or null when the text is none or beyond what long doubles can say. */
    private static BigDecimal decimal(String text) {
        if (text.isEmpty() || text.length() > FLOAT_CHARACTERS_MAX) {
            return null;
        }
        try {
            BigDecimal value = new BigDecimal(text);
            if (value.signum() == 0) {
                return BigDecimal.ZERO;
            }
            // An exponent of a thousand digits is ten characters here and a gigabyte when added.
            long magnitude = (long) value.precision() - value.scale();
            boolean fits = Math.abs(magnitude) <= EXPONENT_MAX && value.scale() <= EXPONENT_MAX;
            return fits ? value : null;
        } catch (NumberFormatException noNumber) {
            return null;
        }
    }

    /** Plain digits, at most seventeen behind the point, no zeros at the end. */
    static String format(BigDecimal value) {
        if (value.signum() == 0) {
            return "0";
        }
        BigDecimal rounded =
                value.scale() > FRACTION_DIGITS_MAX
                        ? value.setScale(FRACTION_DIGITS_MAX, RoundingMode.HALF_EVEN)
                        : value;
        return rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
    }
}
