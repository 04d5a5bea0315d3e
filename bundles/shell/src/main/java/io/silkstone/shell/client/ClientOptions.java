package io.silkstone.shell.client;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the command line of the client says.
 *
 * @param home the node's home directory
 * @param commands what to run instead of opening a session; empty for a session
 */
record ClientOptions(Path home, List<String> commands) {
    /**
     * Understands {@code words}.
     *
     * @throws IllegalArgumentException in one sentence
     */
    static ClientOptions parse(String... words) {
        Path home = null;
        List<String> commands = new ArrayList<>();
        for (int index = 0; index < words.length; index += 2) {
            String word = words[index];
            if (!word.equals("--home") && !word.equals("-c")) {
                throw new IllegalArgumentException(
                        "shell does not take \""
                                .concat(word)
                                .concat("\": it takes --home DIR and -c COMMANDS."));
            }
            if (index + 1 == words.length) {
                throw new IllegalArgumentException(word.concat(" needs a value after it."));
            }
            if (word.equals("-c")) {
                commands.add(words[index + 1]);
            } else {
                home = Path.of(words[index + 1]).toAbsolutePath().normalize();
            }
        }
        if (home == null) {
            throw new IllegalArgumentException("shell needs --home DIR.");
        }
        return new ClientOptions(home, commands);
    }

    Path socket() {
        return home.resolve("run").resolve("control.sock");
    }
}
