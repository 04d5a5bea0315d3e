/**
 * The other end of the control socket: the program behind {@code ./silkstone shell}. It needs
 * nothing but the JDK, so that it starts in a fraction of a second; {@link
 * io.silkstone.shell.client.ControlClient} is its main class.
 */
package io.silkstone.shell.client;
