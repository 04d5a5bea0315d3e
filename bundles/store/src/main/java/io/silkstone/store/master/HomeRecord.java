package io.silkstone.store.master;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * The predecessor of a process that has a home for itself: a file in it, {@code data/member}, says
 * under which boot the last process of it enlisted, and by what that one held the home.
 *
 * <p><b>Why it has certainly ended.</b> Whoever runs a node holds a lock on a file of its home from
 * before it enlists until its process is gone; the launcher names that hold: which run of which
 * kernel, and which file, by device and inode. The record carries the name of its writer's hold. A
 * process whose own hold has the same name holds the same lock of the same kernel, which gives it
 * to one process at a time, so the writer has it no more: the kernel took it back when the last
 * thread of the writer had ended. The inode cannot be that of another file, for a file that
 * somebody holds open keeps its inode when it is removed. A copy of a home has a file of its own,
 * another machine or another start of this one has another kernel run: then nothing is proved, and
 * the coordinator waits for the lease. Where the writer is this very process, its membership has
 * been closed before the next one is made, and serves nothing any more.
 *
 * <p>Nothing is synchronised to disk. What a killed process wrote is still there for the next one
 * under the same kernel, and nobody believes it under another.
 */
final class HomeRecord implements Predecessor {
    private static final Logger LOG = System.getLogger(HomeRecord.class.getName());
    private static final int LINES = 2;

    private final Path file;
    private final String hold;
    private final long ended;

    /**
     * Reads {@code file}.
     *
     * @param hold the name of this process's hold on the home
     */
    HomeRecord(Path file, String hold) {
        this.file = file;
        this.hold = hold;
        ended = read();
    }

    private long read() {
        try {
            List<String> lines = Files.readAllLines(file);
            return lines.size() == LINES && lines.getFirst().equals(hold)
                    ? Long.parseUnsignedLong(lines.getLast(), 16)
                    : NONE;
        } catch (NoSuchFileException first) {
            return NONE;
        } catch (IOException | NumberFormatException e) {
            LOG.log(Level.WARNING, "{0} cannot be read: {1}", file, e.getMessage());
            return NONE;
        }
    }

    @Override
    public long ended() {
        return ended;
    }

    @Override
    public void enlists(long boot) {
        Path draft = file.resolveSibling(file.getFileName() + ".new");
        try {
            Files.write(draft, List.of(hold, Long.toHexString(boot)));
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            // The one that is there names a process that ended earlier still.
            LOG.log(
                    Level.WARNING,
                    "{0} cannot be written: {1}. If this node is killed, it waits for its own lease"
                            + " when it starts again.",
                    file,
                    e.getMessage());
        }
    }
}
