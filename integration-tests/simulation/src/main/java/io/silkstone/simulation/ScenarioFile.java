package io.silkstone.simulation;

import io.silkstone.simulation.settings.Quoted;
import io.silkstone.simulation.settings.Refusal;
import io.silkstone.simulation.settings.Setting;
import io.silkstone.simulation.settings.Settings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Reads a text that says what is played: a line is {@code key = value}, or {@code at TIME: EVENT};
 * {@code #} begins a comment. The first line that says something is {@code scenario = NAME}, on
 * which depends what else may be said. What is refused is refused with one sentence that names the
 * file, the line and what is allowed, as an {@link IllegalArgumentException}.
 */
final class ScenarioFile {
    private static final int BYTES_MAX = 64 << 10;
    private static final String SCENARIO = "scenario";
    private static final String AT = "at";
    private static final Pattern EVENT = Pattern.compile(AT + "(?![\\w.])");
    private static final String BYTE_ORDER_MARK = "\uFEFF";

    private final String name;
    private final List<ScenarioKind> kinds;
    private final Map<Setting<?>, Integer> linesOf = new HashMap<>();
    private final List<Line> events = new ArrayList<>();
    private ScenarioKind kind;
    private Settings settings = Settings.STANDARD;

    /** A line that says something, without its comment. */
    private record Line(int number, String key, String value) {}

    private ScenarioFile(String name, List<ScenarioKind> kinds) {
        this.name = name;
        this.kinds = kinds;
    }

    /** The scenario in the file at {@code path}, which is called as that was written. */
    static Scenario read(String path, List<ScenarioKind> kinds) {
        Path file = Path.of(path);
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException(path + " is a directory, not a scenario file.");
        }
        if (!Files.exists(file)) {
            throw new IllegalArgumentException("there is no file " + path + ".");
        }
        // A pipe or a device may have no end, and says nothing of its size.
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException(path + " is no ordinary file.");
        }
        try {
            long bytes = Files.size(file);
            if (bytes > BYTES_MAX) {
                throw new IllegalArgumentException(
                        "%s has %d bytes, and a scenario file has at most %d."
                                .formatted(path, bytes, BYTES_MAX));
            }
            return parse(path, Files.readAllBytes(file), kinds);
        } catch (IOException e) {
            throw new IllegalArgumentException(path + " cannot be read: " + e + ".", e);
        }
    }

    /** The scenario that {@code bytes} say, which is called {@code name}. */
    static Scenario parse(String name, byte[] bytes, List<ScenarioKind> kinds) {
        String text;
        try {
            text =
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(bytes))
                            .toString()
                            .replaceFirst("^" + BYTE_ORDER_MARK, "");
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(name + " is not text in UTF-8.", e);
        }
        return new ScenarioFile(name, kinds).parse(text);
    }

    private Scenario parse(String text) {
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            int comment = line.indexOf('#');
            String said = (comment < 0 ? line : line.substring(0, comment)).strip();
            if (!said.isEmpty()) {
                take(split(said, number));
            }
        }
        if (kind == null) {
            throw new IllegalArgumentException(
                    "%s says nothing: it must begin with scenario = %s."
                            .formatted(name, namesOfKinds()));
        }
        check();
        // Events call servers and clients by numbers, and how many there are may stand behind them.
        for (Line event : events) {
            setAndCheck(event);
        }
        String title = text.startsWith("#") ? text.lines().findFirst().get().substring(1) : name;
        return new Told(name, title.strip(), kind.making().apply(settings));
    }

    private Line split(String said, int number) {
        if (EVENT.matcher(said).lookingAt()) {
            return new Line(number, AT, said.substring(AT.length()).strip());
        }
        int equals = said.indexOf('=');
        if (equals < 0) {
            throw refusal(
                    number,
                    "a line is KEY = VALUE or at TIME: EVENT, not " + Quoted.of(said) + ".");
        }
        return new Line(
                number, said.substring(0, equals).strip(), said.substring(equals + 1).strip());
    }

    private void take(Line line) {
        if (kind == null) {
            kind = kindOf(line);
            return;
        }
        Setting<?> setting = settingOf(line);
        if (setting.isOfManyLines()) {
            events.add(line);
            return;
        }
        Integer before = linesOf.put(setting, line.number);
        if (before != null) {
            throw refusal(line.number, line.key + " is set in line " + before + " already.");
        }
        set(setting, line);
    }

    private ScenarioKind kindOf(Line line) {
        if (!line.key.equals(SCENARIO)) {
            throw refusal(
                    line.number,
                    "scenario = %s must come before anything else, not %s."
                            .formatted(namesOfKinds(), Quoted.of(line.key)));
        }
        for (ScenarioKind each : kinds) {
            if (each.name().equals(line.value)) {
                return each;
            }
        }
        throw refusal(
                line.number,
                "scenario must be %s, was %s.".formatted(namesOfKinds(), Quoted.of(line.value)));
    }

    private String namesOfKinds() {
        return kinds.stream().map(ScenarioKind::name).collect(Collectors.joining(" or "));
    }

    private Setting<?> settingOf(Line line) {
        Optional<Setting<?>> setting =
                kind.settings().stream().filter(each -> each.name().equals(line.key)).findFirst();
        return setting.orElseThrow(() -> unknown(line));
    }

    private IllegalArgumentException unknown(Line line) {
        if (line.key.equals(SCENARIO)) {
            return refusal(line.number, "scenario is set already.");
        }
        if (line.key.equals(AT)) {
            return refusal(line.number, "scenario " + kind.name() + " has no events.");
        }
        return refusal(
                line.number,
                "there is no key %s in scenario %s, only %s."
                        .formatted(
                                Quoted.of(line.key),
                                kind.name(),
                                kind.settings().stream()
                                        .map(Setting::name)
                                        .sorted()
                                        .collect(Collectors.joining(", "))));
    }

    private void set(Setting<?> setting, Line line) {
        try {
            settings = settings.with(setting, line.value);
        } catch (IllegalArgumentException e) {
            throw refusal(line.number, e.getMessage());
        }
    }

    private void check() {
        try {
            kind.check().accept(settings);
        } catch (Refusal e) {
            // The last line of those that do not fit: one at least is there, for defaults do fit.
            int line =
                    e.settings().stream()
                            .mapToInt(each -> linesOf.getOrDefault(each, 0))
                            .max()
                            .orElse(0);
            throw refusal(line, e.getMessage());
        }
    }

    private void setAndCheck(Line event) {
        set(settingOf(event), event);
        try {
            kind.check().accept(settings);
        } catch (Refusal e) {
            throw refusal(event.number, e.getMessage());
        }
    }

    private IllegalArgumentException refusal(int line, String sentence) {
        return new IllegalArgumentException(name + " line " + line + ": " + sentence);
    }

    /** A scenario by the name of the file that told it what to play. */
    private record Told(String name, String description, Scenario scenario) implements Scenario {
        @Override
        public Report play(long seed, Script script) {
            return scenario.play(seed, script);
        }
    }
}
