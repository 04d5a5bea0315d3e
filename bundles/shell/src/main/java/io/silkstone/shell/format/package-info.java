/**
 * What commands answer, and how answers look: as a table for people, as JSON for programs. {@link
 * io.silkstone.shell.format.Answer} is the root; commands build a {@link
 * io.silkstone.shell.format.Table}, {@link io.silkstone.shell.format.Details} or {@link
 * io.silkstone.shell.format.Lines} and never print.
 */
package io.silkstone.shell.format;
