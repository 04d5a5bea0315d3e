package io.silkstone.simulation.settings;

import io.silkstone.base.Checks;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The ways in which values are written. */
public final class Forms {
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");
    private static final Pattern NUMBERS = Pattern.compile("([0-9]{1,9}) ?\\.\\. ?([0-9]{1,9})");
    private static final Pattern ONE_IN = Pattern.compile("one in ([0-9]{1,9})");
    private static final Pattern SHARE =
            Pattern.compile("(?:([0-9]{1,9}) ?\\.\\. ?)?([0-9]{1,9}) in ([0-9]{1,9})");
    private static final Pattern WEIGHED = Pattern.compile("([0-9]{1,6}) +(.+)");
    private static final int WEIGHED_MAX = 100;

    private Forms() {}

    /** Something that {@code reading} makes of a text; null when that is not allowed. */
    private record Plain<T>(String allowed, Function<String, T> reading) implements Form<T> {
        @Override
        public T read(String what, String text) {
            T value = reading.apply(text);
            if (value == null) {
                throw refusal(what, text);
            }
            return value;
        }
    }

    /** One number. */
    public static Form<Integer> number(int lowest, int highest) {
        return new Plain<>(
                "a number from %d to %d".formatted(lowest, highest),
                text -> {
                    boolean isOne = NUMBER.matcher(text).matches();
                    return isOne && isIn(Integer.parseInt(text), lowest, highest)
                            ? Integer.valueOf(text)
                            : null;
                });
    }

    /** A number or a range of numbers. */
    public static Form<Range> numbers(int lowest, int highest) {
        return new Plain<>(
                "a number or a range a..b from %d to %d".formatted(lowest, highest),
                text -> {
                    Matcher range = NUMBERS.matcher(text);
                    boolean isRange = range.matches();
                    if (!isRange && !NUMBER.matcher(text).matches()) {
                        return null;
                    }
                    long low = Long.parseLong(isRange ? range.group(1) : text);
                    long high = Long.parseLong(isRange ? range.group(2) : text);
                    return within(low, high, lowest, highest, 1);
                });
    }

    /** A time, in nanoseconds. */
    public static Form<Long> time(long lowest, long highest) {
        return inUnits("a time", Units.TIME, lowest, highest);
    }

    /** A size, in bytes. */
    public static Form<Long> size(long lowest, long highest) {
        return inUnits("a size", Units.SIZE, lowest, highest);
    }

    private static Form<Long> inUnits(String what, Units units, long lowest, long highest) {
        return new Plain<>(
                "%s from %s to %s".formatted(what, units.say(lowest), units.say(highest)),
                text -> {
                    Long number = units.read(text);
                    return number != null && isIn(number, lowest, highest) ? number : null;
                });
    }

    /**
     * A time or a range of times, in units of {@code grainNanos}.
     *
     * @param lowest in nanoseconds, as {@code highest}
     */
    public static Form<Range> times(long grainNanos, long lowest, long highest) {
        String whole = grainNanos == 1 ? "" : ", in steps of " + Units.TIME.say(grainNanos);
        return new Plain<>(
                "a time or a range of times from %s to %s%s"
                        .formatted(Units.TIME.say(lowest), Units.TIME.say(highest), whole),
                text -> {
                    Range range = Units.TIME.readRange(text);
                    return range == null
                            ? null
                            : within(range.low(), range.high(), lowest, highest, grainNanos);
                });
    }

    private static Range within(long low, long high, long lowest, long highest, long grain) {
        boolean isWithin = low <= high && isIn(low, lowest, highest) && isIn(high, lowest, highest);
        boolean isWhole = low % grain == 0 && high % grain == 0;
        return isWithin && isWhole ? new Range(low / grain, high / grain) : null;
    }

    private static boolean isIn(long number, long lowest, long highest) {
        return lowest <= number && number <= highest;
    }

    /** How often something happens. */
    public static Form<Odds> odds() {
        return new Plain<>(
                "one in N, always or never",
                text -> {
                    Matcher oneIn = ONE_IN.matcher(text);
                    if (oneIn.matches()) {
                        int count = Integer.parseInt(oneIn.group(1));
                        return count == 0 ? null : new Odds(count);
                    }
                    return switch (text) {
                        case "always" -> new Odds(1);
                        case "never" -> new Odds(0);
                        default -> null;
                    };
                });
    }

    /** A share of many, at most a half: with more, nothing would ever be done. */
    public static Form<Share> share() {
        return new Plain<>(
                "one in N, A in N, a range A..B in N, or never, at most 1 in 2",
                text -> {
                    if (text.equals("never")) {
                        return new Share(0, 0);
                    }
                    Matcher share = SHARE.matcher(text.replaceFirst("^one in", "1 in"));
                    if (!share.matches()) {
                        return null;
                    }
                    double all = Integer.parseInt(share.group(3));
                    int high = Integer.parseInt(share.group(2));
                    int low = share.group(1) == null ? high : Integer.parseInt(share.group(1));
                    boolean isShare = low <= high && all > 0 && high <= all / 2;
                    return isShare ? new Share(low / all, high / all) : null;
                });
    }

    /** Constants of an enum with their weights, each by its name in small letters. */
    public static <E extends Enum<E>> Form<Weights<E>> weights(List<E> constants) {
        List<String> names = constants.stream().map(Forms::nameOf).toList();
        return weights(
                new Plain<>(
                        "one of " + String.join(", ", names),
                        text -> {
                            int index = names.indexOf(text);
                            return index < 0 ? null : constants.get(index);
                        }));
    }

    private static String nameOf(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Things with their weights before them, separated by commas. */
    public static <T> Form<Weights<T>> weights(Form<T> thing) {
        return new Form<>() {
            @Override
            public String allowed() {
                return "weights, each before " + thing.allowed();
            }

            @Override
            public Weights<T> read(String what, String text) {
                List<Weights.Weighed<T>> things = new ArrayList<>();
                Set<String> names = new HashSet<>();
                boolean anyWeight = false;
                for (String part : text.split(",", -1)) {
                    Matcher weighed = WEIGHED.matcher(part.strip());
                    if (!weighed.matches()) {
                        throw new IllegalArgumentException(
                                "%s needs a weight and a name between commas, not %s."
                                        .formatted(what, Quoted.of(part.strip())));
                    }
                    int weight = Integer.parseInt(weighed.group(1));
                    String name = weighed.group(2);
                    Checks.require(names.add(name), "%s has %s twice.", what, Quoted.of(name));
                    things.add(new Weights.Weighed<>(weight, thing.read(what, name)));
                    anyWeight |= weight > 0;
                }
                Checks.require(anyWeight, "%s must have a weight above 0.", what);
                Checks.require(
                        things.size() <= WEIGHED_MAX,
                        "%s must have at most %d weights, has %d.",
                        what,
                        WEIGHED_MAX,
                        things.size());
                return new Weights<>(things);
            }
        };
    }

    /** {@code TIME: EVENT}, where the seed draws the time out of a range. */
    public static <T> Form<Timed<T>> timed(Form<Range> time, Form<T> event) {
        return new Form<>() {
            @Override
            public String allowed() {
                return "TIME: EVENT, where TIME is " + time.allowed();
            }

            @Override
            public Timed<T> read(String what, String text) {
                int colon = text.indexOf(':');
                if (colon < 0) {
                    throw refusal(what, text);
                }
                Range nanos = time.read(what, text.substring(0, colon).strip());
                String said = text.substring(colon + 1).strip();
                return new Timed<>(nanos, event.read(what, said), what + " " + text);
            }
        };
    }
}
