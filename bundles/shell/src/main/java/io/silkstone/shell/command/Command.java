package io.silkstone.shell.command;

import io.silkstone.shell.format.Answer;
import io.silkstone.shell.format.Json;
import io.silkstone.shell.format.Lines;
import io.silkstone.shell.format.Text;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * One command: what it is called, what it takes, what it says about itself, and what it does.
 *
 * <p>Words that begin with two dashes are options; {@code --} ends them; all others are arguments,
 * by position. Every command knows {@code --help} and {@code --json}. What a command cannot use it
 * refuses in one sentence; it never guesses. Immutable once built. Threads: any.
 */
public final class Command {
    /** Shows help instead of doing anything. */
    public static final String HELP = "--help";

    /** Gives JSON instead of text. */
    public static final String JSON = "--json";

    private static final System.Logger LOGGER = System.getLogger(Command.class.getName());

    private final String scope;
    private final String function;
    private final String sentence;
    private final List<Argument> arguments;
    private final Map<String, Option> options;
    private final List<String> examples;
    private final Body body;

    private Command(Builder builder, Body body) {
        this.scope = builder.scope;
        this.function = builder.function;
        this.sentence = builder.sentence;
        this.arguments = List.copyOf(builder.arguments);
        this.options = new LinkedHashMap<>(builder.options);
        this.options.put(JSON, new Option(JSON, "", "answers in JSON", Completion.NONE));
        this.options.put(HELP, new Option(HELP, "", "shows this help", Completion.NONE));
        this.examples = List.copyOf(builder.examples);
        this.body = body;
    }

    /** What a command does. What it throws becomes the sentence that the operator sees. */
    @FunctionalInterface
    public interface Body {
        /** Carries the call out; may block, and ends soon after its thread is interrupted. */
        Answer run(Call call) throws Exception;
    }

    /** Finds candidates for a word from the words before it, the command's name not among them. */
    @FunctionalInterface
    public interface Completion extends Function<List<String>, List<String>> {
        /** Offers nothing. */
        Completion NONE = before -> List.of();

        /** Stands for the files around. */
        Completion FILES = before -> List.of();
    }

    /**
     * An argument by position.
     *
     * @param name what help calls it, in capitals
     * @param optional whether it may be left out; only the last ones may
     * @param completion offers values
     */
    public record Argument(String name, boolean optional, Completion completion) {}

    /**
     * An option.
     *
     * @param name its name with both dashes
     * @param value what help calls its value, empty for a flag
     * @param sentence what it does
     * @param completion offers values
     */
    public record Option(String name, String value, String sentence, Completion completion) {
        /** Whether it takes no value. */
        public boolean isFlag() {
            return value.isEmpty();
        }
    }

    /** Begins the command {@code scope:function}. */
    public static Builder named(String scope, String function) {
        return new Builder(scope, function);
    }

    /** The part before the colon. */
    public String scope() {
        return scope;
    }

    /** The part after the colon. */
    public String function() {
        return function;
    }

    /** Scope, colon and function. */
    public String name() {
        return scope + ':' + function;
    }

    /** What it does, in one sentence. */
    public String sentence() {
        return sentence;
    }

    /** Its arguments, by position. */
    public List<Argument> arguments() {
        return arguments;
    }

    /** Its options. */
    public List<Option> options() {
        return List.copyOf(options.values());
    }

    /** The option called {@code option}, or null. */
    public Option option(String option) {
        return options.get(option);
    }

    /** How it is called, such as {@code policy:use KIND NAME [--dry-run]}. */
    public String synopsis() {
        StringBuilder synopsis = new StringBuilder(name());
        for (Argument argument : arguments) {
            synopsis.append(argument.optional ? " [" + argument.name + ']' : ' ' + argument.name);
        }
        for (Option option : options.values()) {
            if (!option.name.equals(HELP)) {
                synopsis.append(" [").append(option.name);
                synopsis.append(option.isFlag() ? "]" : ' ' + option.value + ']');
            }
        }
        return synopsis.toString();
    }

    /** Everything that {@code --help} shows. */
    public Lines help() {
        List<String> lines = new ArrayList<>();
        lines.add(synopsis());
        lines.add("  " + sentence);
        int width = 0;
        for (Option option : options.values()) {
            width = Math.max(width, option.name.length() + 1 + option.value.length());
        }
        for (Option option : options.values()) {
            String head = (option.name + ' ' + option.value).stripTrailing();
            lines.add("    " + head + " ".repeat(width + 2 - head.length()) + option.sentence);
        }
        for (String example : examples) {
            lines.add("  example: " + example);
        }
        return Lines.of(lines);
    }

    /** Runs the command for somebody who wants only its answer. */
    public Object run(Path directory, List<String> words)
            throws CommandRefused, InterruptedException {
        return run(directory, words, Progress.NONE);
    }

    /**
     * Runs the command.
     *
     * @param directory where the caller is
     * @param words what follows the command's name
     * @param progress where people see how far it is
     * @return the answer, as JSON text if the words ask for that
     * @throws CommandRefused with the sentence for the operator, whatever went wrong
     * @throws InterruptedException when the operator interrupted it
     */
    public Object run(Path directory, List<String> words, Progress progress)
            throws CommandRefused, InterruptedException {
        if (words.contains(HELP)) {
            return help();
        }
        Call call = parse(directory, words, progress);
        Answer answer;
        try {
            answer = body.run(call);
        } catch (CommandRefused | InterruptedException e) {
            throw e;
        } catch (RuntimeException e) {
            LOGGER.log(System.Logger.Level.WARNING, name() + " failed.", e);
            throw new CommandRefused(
                    name() + " failed with " + e + "; the node's log has the details.");
        } catch (Exception e) {
            throw new CommandRefused(
                    Text.sentence(e.getMessage() == null ? e.toString() : e.getMessage()));
        }
        return call.has(JSON) ? Json.of(answer) : answer;
    }

    boolean declares(String name) {
        return options.containsKey(name)
                || arguments.stream().anyMatch(argument -> argument.name.equals(name));
    }

    private Call parse(Path directory, List<String> words, Progress progress)
            throws CommandRefused {
        Map<String, String> values = new LinkedHashMap<>();
        int position = 0;
        boolean optionsEnded = false;
        for (int index = 0; index < words.size(); index++) {
            String word = words.get(index);
            if (optionsEnded || !word.startsWith("--")) {
                if (position == arguments.size()) {
                    throw refused("takes no '" + word + "' here");
                }
                values.put(arguments.get(position++).name, word);
            } else if (word.equals("--")) {
                optionsEnded = true;
            } else {
                index += parseOption(words, index, values);
            }
        }
        if (position < arguments.size() && !arguments.get(position).optional) {
            throw refused("needs " + arguments.get(position).name);
        }
        return new Call(this, directory, values, progress);
    }

    /** Returns how many further words belong to the option at {@code index}. */
    private int parseOption(List<String> words, int index, Map<String, String> values)
            throws CommandRefused {
        String word = words.get(index);
        int equals = word.indexOf('=');
        String name = equals < 0 ? word : word.substring(0, equals);
        Option option = options.get(name);
        if (option == null) {
            throw refused("has no option " + name);
        }
        if (option.isFlag()) {
            if (equals >= 0) {
                throw refused("takes no value for " + name);
            }
            values.put(name, "");
            return 0;
        }
        if (equals >= 0) {
            values.put(name, word.substring(equals + 1));
            return 0;
        }
        if (index + 1 == words.size()) {
            throw refused("needs a value for " + name);
        }
        values.put(name, words.get(index + 1));
        return 1;
    }

    private CommandRefused refused(String what) {
        return new CommandRefused(name() + ' ' + what + "; usage: " + synopsis());
    }

    @Override
    public String toString() {
        return name();
    }

    /** Declares a command. Not thread-safe. */
    public static final class Builder {
        private final String scope;
        private final String function;
        private final List<Argument> arguments = new ArrayList<>();
        private final Map<String, Option> options = new LinkedHashMap<>();
        private final List<String> examples = new ArrayList<>();
        private String sentence = "";

        private Builder(String scope, String function) {
            this.scope = scope;
            this.function = function.toLowerCase(Locale.ROOT);
        }

        /** What it does, in one sentence that begins with a verb and ends with a full stop. */
        public Builder says(String text) {
            sentence = text;
            return this;
        }

        /** Adds an argument that must be given. */
        public Builder takes(String name, Completion completion) {
            arguments.add(new Argument(name, false, completion));
            return this;
        }

        /** Adds an argument that may be left out. */
        public Builder mayTake(String name, Completion completion) {
            arguments.add(new Argument(name, true, completion));
            return this;
        }

        /** Adds an option with a value. */
        public Builder option(String name, String value, String text, Completion completion) {
            options.put(name, new Option(name, value, text, completion));
            return this;
        }

        /** Adds an option without a value. */
        public Builder flag(String name, String text) {
            return option(name, "", text, Completion.NONE);
        }

        /** Adds a line that an operator could type. */
        public Builder example(String line) {
            examples.add(line);
            return this;
        }

        /** The command, which does {@code body}. */
        public Command does(Body body) {
            return new Command(this, body);
        }
    }
}
