package io.silkstone.shell.format;

/**
 * What a command gives back. It shows itself as text, which is what a pipe and a terminal get, and
 * as plain data, which is what {@code --json} and scripts get.
 */
public sealed interface Answer permits Table, Details, Lines {
    /** For people; lines are separated by line feeds, the last has none. */
    String text();

    /** The same as lists, maps, strings, numbers and booleans. */
    Object data();
}
