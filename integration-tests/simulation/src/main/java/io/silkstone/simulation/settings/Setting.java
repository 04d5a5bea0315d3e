package io.silkstone.simulation.settings;

import io.silkstone.base.Checks;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;

/**
 * Something that a scenario can be told. A constant of this type is all that it takes to add one;
 * whoever plays the scenario asks {@link Settings} for it.
 */
public final class Setting<T> {
    private static final int LINES_MAX = 1_000;

    private final String name;
    private final String standardText;
    private final Form<T> form;
    private final String meaning;
    private final T standard;

    /** What two lines are together; null when there may be only one. */
    private final BinaryOperator<T> together;

    private Setting(
            String name,
            String standardText,
            Form<T> form,
            String meaning,
            T standard,
            BinaryOperator<T> together) {
        this.name = name;
        this.standardText = standardText;
        this.form = form;
        this.meaning = meaning;
        this.standard = standard;
        this.together = together;
    }

    /**
     * What one line of a file says.
     *
     * @param name lower.dotted
     * @param standard its default, as it would be written
     * @param meaning one sentence without its full stop
     */
    public static <T> Setting<T> of(String name, String standard, Form<T> form, String meaning) {
        return new Setting<>(name, standard, form, meaning, form.read(name, standard), null);
    }

    /** What any number of lines say, each of something that happens, in the order of times. */
    public static <T> Setting<List<Timed<T>>> lines(
            String name, Form<Timed<T>> form, String meaning) {
        Form<List<Timed<T>>> one =
                new Form<>() {
                    @Override
                    public List<Timed<T>> read(String what, String text) {
                        return List.of(form.read(what, text));
                    }

                    @Override
                    public String allowed() {
                        return form.allowed();
                    }
                };
        return new Setting<>(name, "", one, meaning, List.of(), Setting::behind);
    }

    private static <T> List<Timed<T>> behind(List<Timed<T>> before, List<Timed<T>> next) {
        List<Timed<T>> all = new ArrayList<>(before);
        all.addAll(next);
        Checks.require(all.size() <= LINES_MAX, "there may be %d events, not more.", LINES_MAX);
        if (!before.isEmpty()) {
            Timed<T> last = before.getLast();
            Checks.require(
                    last.nanos().low() <= next.getFirst().nanos().low(),
                    "%s must stand before %s: events are written in the order of their times.",
                    Quoted.of(next.getFirst().text()),
                    Quoted.of(last.text()));
        }
        return List.copyOf(all);
    }

    /** What stands before the equals sign. */
    public String name() {
        return name;
    }

    /** The default as it would be written; empty when there is none. */
    public String standardText() {
        return standardText;
    }

    /** Which values are allowed, for people. */
    public String allowed() {
        return form.allowed();
    }

    /** What it does. */
    public String meaning() {
        return meaning;
    }

    /** Whether each line adds to those before it. */
    public boolean isOfManyLines() {
        return together != null;
    }

    T standard() {
        return standard;
    }

    T read(T before, String text) {
        T value = form.read(name, text);
        return together == null ? value : together.apply(before, value);
    }
}
