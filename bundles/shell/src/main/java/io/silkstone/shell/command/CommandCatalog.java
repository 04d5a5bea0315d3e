package io.silkstone.shell.command;

import java.util.List;

/** The commands that there are now. Threads: any. */
public interface CommandCatalog {
    /** Every command, by scope and then in the order of its scope. */
    List<Command> commands();

    /** The command called {@code name}, with its scope and a colon in front; null for none. */
    default Command command(String name) {
        for (Command command : commands()) {
            if (command.name().equals(name)) {
                return command;
            }
        }
        return null;
    }
}
