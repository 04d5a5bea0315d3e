/**
 * Starts and ends a node. {@link io.silkstone.launcher.Main} reads the command line; {@code up}
 * takes the {@link io.silkstone.launcher.Home}, starts the {@link
 * io.silkstone.launcher.NodeFramework framework} with the bundles of the {@link
 * io.silkstone.launcher.Distribution} and {@link io.silkstone.launcher.StartWatch waits} until
 * every component serves. Whatever goes wrong on the way is a {@link
 * io.silkstone.launcher.StartRefused}: one sentence for the operator and an exit code.
 *
 * <p>The launcher lives outside the framework, on the class path. It knows bundles, components and
 * log entries, and nothing of what Silkstone's own bundles do.
 */
package io.silkstone.launcher;
