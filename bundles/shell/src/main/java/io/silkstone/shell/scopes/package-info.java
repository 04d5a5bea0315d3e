/**
 * The commands, a class per scope. {@code <Scope>Commands} is plain Java over the services of the
 * API; {@code <Scope>CommandsComponent} brings the services in. Every service may be absent: its
 * commands then say so.
 */
package io.silkstone.shell.scopes;
