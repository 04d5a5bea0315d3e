/**
 * The log of a coordinator that is alone: a checksummed journal with snapshots in one directory.
 * Start at {@link io.silkstone.coordinator.journal.JournalLog}.
 */
package io.silkstone.coordinator.journal;
