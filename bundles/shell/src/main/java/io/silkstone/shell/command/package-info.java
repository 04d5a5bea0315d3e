/**
 * What a command is: its name, arguments, options, help, completion and code in one place, so that
 * parsing, help and completion can never tell different stories. A {@link
 * io.silkstone.shell.command.CommandScope} gathers the commands of a subsystem.
 */
package io.silkstone.shell.command;
