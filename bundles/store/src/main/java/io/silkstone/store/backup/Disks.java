package io.silkstone.store.backup;

import io.silkstone.base.disk.Disk;
import java.io.IOException;
import java.util.List;

/**
 * Places for the replicas of other servers' logs, one {@link Disk} for each log. Nobody else uses
 * them. Threads: one at a time.
 */
public interface Disks {
    /** Where they are, for messages. */
    String path();

    /** Names of all that there are, and perhaps of other things. */
    List<String> names() throws IOException;

    /**
     * Opens the disk of this name, an empty one if there is none.
     *
     * @throws IOException when that is not possible; the message is for operators
     */
    Disk open(String name) throws IOException;

    /** Removes the disk of this name, which is not open, with all that is on it. */
    void remove(String name) throws IOException;
}
