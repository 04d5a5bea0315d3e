/**
 * The control socket: how {@code ./silkstone shell} talks to a node on the same machine. A Unix
 * domain socket that only its owner can open carries {@link io.silkstone.shell.control.Frame}s;
 * {@link io.silkstone.shell.control.ControlServer} serves each connection a session of its own.
 * {@code Frame} and {@link io.silkstone.shell.control.FrameChannel} need nothing but the JDK: the
 * client runs them without OSGi.
 */
package io.silkstone.shell.control;
