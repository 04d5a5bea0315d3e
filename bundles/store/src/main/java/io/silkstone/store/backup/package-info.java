/**
 * Copies of a log's segments outside memory. {@link io.silkstone.store.backup.SegmentFiles} keeps
 * those of one log in one directory of a disk: whoever copies the log appends to them, and whoever
 * begins again after the end of a process reads them. {@link io.silkstone.store.backup.Frame} and
 * {@link io.silkstone.store.backup.SegmentFile} have the layout.
 */
package io.silkstone.store.backup;
