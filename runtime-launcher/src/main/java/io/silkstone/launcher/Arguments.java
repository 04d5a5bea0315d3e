package io.silkstone.launcher;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The command line of the launcher's own commands, checked.
 *
 * @param command {@code up}, {@code down} or {@code status}
 * @param home the home directory of a node or of a cluster
 * @param nodes how many nodes, if that is said
 * @param coordinators how many of them run a coordinator, if that is said
 * @param portBase the first of the ports that a node may use, if that is said
 * @param portBaseOtherwise the same where neither the command line nor the home says it
 * @param detach whether a cluster's nodes are to run in the background
 * @param report where to say how the start went, or null for the terminal
 */
record Arguments(
        String command,
        Path home,
        OptionalInt nodes,
        OptionalInt coordinators,
        OptionalInt portBase,
        int portBaseOtherwise,
        boolean detach,
        Path report) {
    private static final String PORT_BASE_BY_DEFAULT = "7600";
    private static final List<String> COMMANDS = List.of("up", "down", "status");

    /** The last of a node's ports, a hundred after the first, has to exist too. */
    static final int PORT_BASE_MAX = 65_400;

    /** With more, the ports of one kind would run into those of the other. */
    static final int NODES_MAX = 100;

    /**
     * Reads the command line.
     *
     * @param environment whose {@code SILKSTONE_HOME} and {@code SILKSTONE_PORT_BASE} stand in for
     *     options that are absent
     * @throws Misused naming the argument and what is allowed
     */
    static Arguments parse(List<String> words, Map<String, String> environment) throws Misused {
        Deque<String> rest = new ArrayDeque<>(words);
        String command = rest.isEmpty() ? "" : rest.pop();
        if (!COMMANDS.contains(command)) {
            throw new Misused(
                    "\"%s\" is no command: use one of %s."
                            .formatted(command, String.join(", ", COMMANDS)));
        }
        boolean isUp = command.equals("up");
        Path home = homeByDefault(environment);
        int portBaseOtherwise =
                portBase(
                        "SILKSTONE_PORT_BASE",
                        environment.getOrDefault("SILKSTONE_PORT_BASE", PORT_BASE_BY_DEFAULT));
        OptionalInt portBase = OptionalInt.empty();
        OptionalInt nodes = OptionalInt.empty();
        OptionalInt coordinators = OptionalInt.empty();
        boolean detach = false;
        Path report = null;
        while (!rest.isEmpty()) {
            String option = rest.pop();
            if (!isUp && !option.equals("--home")) {
                throw notTaken(command, option);
            }
            switch (option) {
                case "--home" -> home = path(option, value(option, rest));
                case "--port-base" ->
                        portBase = OptionalInt.of(portBase(option, value(option, rest)));
                case "--report" -> report = path(option, value(option, rest));
                case "--nodes" ->
                        nodes = OptionalInt.of(number(option, value(option, rest), 1, NODES_MAX));
                case "--coordinators" ->
                        coordinators = OptionalInt.of(coordinators(option, value(option, rest)));
                case "--detach" -> detach = true;
                default -> throw notTaken(command, option);
            }
        }
        if (coordinators.orElse(1) > nodes.orElse(NODES_MAX)) {
            throw new Misused(
                    "--coordinators must not be more than --nodes, was \"%d\"."
                            .formatted(coordinators.getAsInt()));
        }
        return new Arguments(
                command,
                home.toAbsolutePath().normalize(),
                nodes,
                coordinators,
                portBase,
                portBaseOtherwise,
                detach,
                report);
    }

    /**
     * Where {@code words} say that the outcome is to be reported, or null: whoever waits there must
     * hear of words that are wrong as well.
     */
    static Path report(List<String> words) {
        int option = words.lastIndexOf("--report");
        if (option < 0 || option + 1 == words.size()) {
            return null;
        }
        try {
            return path("--report", words.get(option + 1));
        } catch (Misused e) {
            return null;
        }
    }

    private static Misused notTaken(String command, String option) {
        String more =
                command.equals("up")
                        ? ", --port-base P, --nodes N, --coordinators C and --detach"
                        : "";
        return new Misused(
                "%s does not take \"%s\": it takes --home DIR%s.".formatted(command, option, more));
    }

    private static Path homeByDefault(Map<String, String> environment) {
        String home = environment.getOrDefault("SILKSTONE_HOME", "");
        return home.isEmpty()
                ? Path.of(environment.getOrDefault("HOME", "."), ".silkstone", "node")
                : Path.of(home);
    }

    private static int portBase(String option, String value) throws Misused {
        return number(option, value, 1, PORT_BASE_MAX);
    }

    /** One has a journal of its own; more share a log, which a majority of them must keep. */
    private static int coordinators(String option, String value) throws Misused {
        if (!List.of("1", "3", "5").contains(value)) {
            throw new Misused("%s must be 1, 3 or 5, was \"%s\".".formatted(option, value));
        }
        return Integer.parseInt(value);
    }

    private static String value(String option, Deque<String> rest) throws Misused {
        if (rest.isEmpty()) {
            throw new Misused("%s needs a value after it.".formatted(option));
        }
        return rest.pop();
    }

    private static Path path(String option, String value) throws Misused {
        if (value.isEmpty()) {
            throw new Misused("%s needs a path, and it is empty.".formatted(option));
        }
        try {
            return Path.of(value);
        } catch (InvalidPathException e) {
            throw new Misused("%s cannot be \"%s\": not a path.".formatted(option, value), e);
        }
    }

    private static int number(String option, String value, int lowest, int highest) throws Misused {
        try {
            int number = Integer.parseInt(value);
            if (lowest <= number && number <= highest) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below, together with numbers that are out of range.
        }
        throw new Misused(
                "%s must be a number from %d to %d, was \"%s\"."
                        .formatted(option, lowest, highest, value));
    }
}
