package io.silkstone.coordinator;

import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.coordinator.journal.Disk;
import io.silkstone.coordinator.journal.JournalLog;
import io.silkstone.coordinator.journal.JournalOptions;
import java.util.SplittableRandom;

/**
 * The latest state that a journal has, for another log to begin with. Nobody may have the journal
 * open; it stays as it is.
 */
final class JournalState {
    private JournalState() {}

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
