/**
 * The shell on the terminal of a node that runs in the foreground: the same shell as over the
 * control socket, on the process's own terminal.
 */
package io.silkstone.shell.console;
