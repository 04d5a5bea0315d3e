package io.silkstone.launcher;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * The command line of the node's own commands, checked.
 *
 * @param command {@code up}, {@code down} or {@code status}
 * @param home the node's home directory
 * @param portBase the first of the ports that the node may use
 * @param report where to say how the start went, or null for the terminal
 */
record Arguments(String command, Path home, int portBase, Path report) {
    private static final String PORT_BASE_BY_DEFAULT = "7600";
    private static final List<String> COMMANDS = List.of("up", "down", "status");
    // A node uses a few ports from the base on; the last one has to exist too.
    private static final int PORT_BASE_MAX = 65_500;

    /**
     * Reads the command line.
     *
     * @param environment whose {@code SILKSTONE_HOME} and {@code SILKSTONE_PORT_BASE} stand in for
     *     options that are absent
     * @throws StartRefused naming the argument and what is allowed
     */
    static Arguments parse(List<String> words, Map<String, String> environment)
            throws StartRefused {
        Deque<String> rest = new ArrayDeque<>(words);
        String command = rest.isEmpty() ? "" : rest.pop();
        if (!COMMANDS.contains(command)) {
            throw new StartRefused(
                    "\"%s\" is no command: use one of %s."
                            .formatted(command, String.join(", ", COMMANDS)));
        }
        Path home = homeByDefault(environment);
        int portBase =
                portBase(
                        "SILKSTONE_PORT_BASE",
                        environment.getOrDefault("SILKSTONE_PORT_BASE", PORT_BASE_BY_DEFAULT));
        Path report = null;
        while (!rest.isEmpty()) {
            String option = rest.pop();
            switch (option) {
                case "--home" -> home = path(option, value(option, rest));
                case "--port-base" -> portBase = portBase(option, value(option, rest));
                case "--report" -> report = path(option, value(option, rest));
                case "--nodes" -> requireOneNode(value(option, rest));
                default ->
                        throw new StartRefused(
                                "%s does not take \"%s\": it takes --home DIR%s."
                                        .formatted(command, option, optionsOf(command)));
            }
        }
        return new Arguments(command, home.toAbsolutePath().normalize(), portBase, report);
    }

    private static String optionsOf(String command) {
        return command.equals("up") ? ", --port-base P, --nodes 1 and --detach" : "";
    }

    private static Path homeByDefault(Map<String, String> environment) {
        String home = environment.getOrDefault("SILKSTONE_HOME", "");
        return home.isEmpty()
                ? Path.of(environment.getOrDefault("HOME", "."), ".silkstone", "node")
                : Path.of(home);
    }

    private static int portBase(String option, String value) throws StartRefused {
        return number(option, value, 1, PORT_BASE_MAX);
    }

    private static String value(String option, Deque<String> rest) throws StartRefused {
        if (rest.isEmpty()) {
            throw new StartRefused("%s needs a value after it.".formatted(option));
        }
        return rest.pop();
    }

    private static Path path(String option, String value) throws StartRefused {
        if (value.isEmpty()) {
            throw new StartRefused("%s needs a path, and it is empty.".formatted(option));
        }
        try {
            return Path.of(value);
        } catch (InvalidPathException e) {
            throw new StartRefused("%s cannot be \"%s\": not a path.".formatted(option, value), e);
        }
    }

    private static int number(String option, String value, int lowest, int highest)
            throws StartRefused {
        try {
            int number = Integer.parseInt(value);
            if (lowest <= number && number <= highest) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below, together with numbers that are out of range.
        }
        throw new StartRefused(
                "%s must be a number from %d to %d, was \"%s\"."
                        .formatted(option, lowest, highest, value));
    }

    private static void requireOneNode(String value) throws StartRefused {
        if (number("--nodes", value, 1, 1_000) != 1) {
            throw new StartRefused(
                    "--nodes %s is not possible yet: this release serves from one node."
                            .formatted(value));
        }
    }
}
