package io.silkstone.shell.command;

import java.nio.file.Path;
import java.util.Map;

/**
 * One call of a command, its words sorted into arguments and options. Names are those that the
 * command declared; asking for another is a bug.
 */
public final class Call {
    private final Command command;
    private final Path directory;
    private final Map<String, String> values;
    private final Progress progress;

    Call(Command command, Path directory, Map<String, String> values, Progress progress) {
        this.command = command;
        this.directory = directory;
        this.values = values;
        this.progress = progress;
    }

    /** Where to say how far it is; programs that want JSON get the answer alone. */
    public Progress progress() {
        return has(Command.JSON) ? Progress.NONE : progress;
    }

    /** Where the caller is; relative paths count from here. */
    public Path directory() {
        return directory;
    }

    /** Whether the flag, option or optional argument {@code name} was given. */
    public boolean has(String name) {
        assert command.declares(name) : name;
        return values.containsKey(name);
    }

    /** The value of {@code name}, which must be there: an argument that is not optional. */
    public String value(String name) {
        assert has(name) : name;
        return values.get(name);
    }

    /** The value of {@code name}, or {@code otherwise} when it was not given. */
    public String value(String name, String otherwise) {
        return has(name) ? values.get(name) : otherwise;
    }

    /**
     * The value of {@code name} as a number.
     *
     * @throws CommandRefused when it is no number between the bounds, both allowed
     */
    public long number(String name, long otherwise, long lowest, long highest)
            throws CommandRefused {
        if (!has(name)) {
            return otherwise;
        }
        try {
            long number = Long.parseLong(value(name));
            if (lowest <= number && number <= highest) {
                return number;
            }
        } catch (NumberFormatException _) {
            // Answered below, like a number out of range.
        }
        throw new CommandRefused(
                name
                        + " must be a whole number from "
                        + lowest
                        + " to "
                        + highest
                        + ", was '"
                        + value(name)
                        + "'.");
    }
}
