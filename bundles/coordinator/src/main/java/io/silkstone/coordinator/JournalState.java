package io.silkstone.coordinator;

import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.base.disk.Disk;
import io.silkstone.coordinator.journal.JournalLog;
import io.silkstone.coordinator.journal.JournalOptions;
import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The latest state that a journal has, for another log to begin with, once. Nobody may have the
 * journal open; it stays as it is but for a file that says that another log took its place. Without
 * it the journal could, after the loss of that log, begin another with what was true long ago,
 * under the number of a cluster whose servers and clients know better.
 */
final class JournalState {
    /** A file without content beside those of the journal. */
    static final String REPLACED = "replaced";

    private JournalState() {}

    /** Whether there is a journal at all. */
    static boolean isThere(Disk disk) throws IOException {
        List<String> names = disk.names();
        return !names.isEmpty() && !names.equals(List.of(REPLACED));
    }

    /** Whether another log took the journal's place. */
    static boolean isReplaced(Disk disk) throws IOException {
        return disk.names().contains(REPLACED);
    }

    /** Remembers for good that another log has taken the place of the journal, if there is one. */
    static void replace(Disk disk) throws IOException {
        if (!isThere(disk) || isReplaced(disk)) {
            return;
        }
        try (Disk.Writer mark = disk.open(REPLACED)) {
            mark.sync();
        }
        disk.sync();
    }

    /**
     * What {@link CoordinatorReplica#snapshot} says when all of the journal was applied.
     *
     * @throws IllegalStateException when it cannot be read; the message is for operators
     */
    static byte[] read(Disk disk, JournalOptions options) {
        CoordinatorReplica replica = new CoordinatorReplica(new Deaf());
        try (JournalLog log =
                new JournalLog(
                        disk,
                        "",
                        options,
                        NanoClock.SYSTEM,
                        new SplittableRandom(),
                        new Metrics())) {
            log.start(replica);
            return replica.snapshot();
        }
    }

    /** Nobody is served from this state. */
    private static final class Deaf implements CoordinatorReplica.Listener {
        @Override
        public void applied() {}

        @Override
        public void leads(boolean leading) {}
    }
}
