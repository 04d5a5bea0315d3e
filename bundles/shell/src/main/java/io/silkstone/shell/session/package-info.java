/**
 * Commands meet gogo here: the catalog publishes them as gogo functions, a {@link
 * io.silkstone.shell.session.ShellSession} runs lines, and {@link
 * io.silkstone.shell.session.InteractiveShell} reads lines from a terminal. The control socket and
 * the console both build on these two.
 */
package io.silkstone.shell.session;
