package io.silkstone.shell.command;

import java.util.List;

/** The commands of one subsystem. Published as a service; the catalog takes them up. */
public interface CommandScope {
    /** The commands, all of one scope, in the order in which help shows them. */
    List<Command> commands();
}
