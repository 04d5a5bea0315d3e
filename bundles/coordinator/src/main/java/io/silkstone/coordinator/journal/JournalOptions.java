package io.silkstone.coordinator.journal;

import io.silkstone.base.Checks;
import java.util.concurrent.TimeUnit;

/**
 * Limits of a {@link JournalLog}.
 *
 * @param commandsPerSnapshot after so many commands a snapshot is written and a new journal begun
 * @param proposalsMax how many commands may wait to be written
 * @param commandBytesMax longest command
 * @param repairNanos how long to wait after the disk failed before it is tried again
 */
public record JournalOptions(
        int commandsPerSnapshot, int proposalsMax, int commandBytesMax, long repairNanos) {
    /** For a coordinator. */
    public static final JournalOptions DEFAULT =
            new JournalOptions(10_000, 1_024, 64 << 10, TimeUnit.MILLISECONDS.toNanos(200));

    /** Checks every value. */
    public JournalOptions {
        Checks.inRange("journal.snapshot.commands", commandsPerSnapshot, 1, 1_000_000);
        Checks.inRange("journal.proposals.max", proposalsMax, 1, 65_536);
        Checks.inRange("journal.command.bytes", commandBytesMax, 1, 1 << 20);
        Checks.inRange("journal.repair.ms", repairNanos / 1_000_000, 0, 60_000);
    }
}
