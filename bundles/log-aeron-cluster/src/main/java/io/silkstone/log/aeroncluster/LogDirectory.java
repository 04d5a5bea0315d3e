package io.silkstone.log.aeroncluster;

import io.aeron.cluster.RecordingLog;
import io.silkstone.base.FileTrees;
import java.io.File;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Where a member keeps its log, locked against other processes.
 *
 * <pre>
 *   lock
 *   joined     how this member came to its log; without it, or with nothing of the
 *              others here, there is none
 *   cluster/   Aeron's list of terms and snapshots
 *   archive/   the log and the snapshots
 * </pre>
 */
final class LogDirectory implements AutoCloseable {
    /** How this member came to its log. */
    enum Joined {
        /** Not yet. */
        NOT,
        /** It began one with the others, who had nothing either. */
        FOUNDED,
        /** It was given what the others had. */
        GIVEN,
        /** It began one with the others, and that has a beginning. */
        ESTABLISHED
    }

    private static final Logger LOG = System.getLogger(LogDirectory.class.getName());
    private static final String JOINED = "joined";

    /** Aeron's name for the archive's list of recordings. */
    private static final String CATALOG = "archive.catalog";

    private final Path path;
    private final FileChannel lock;

    private LogDirectory(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    /**
     * Opens {@code path}, and makes it if there is none.
     *
     * @throws IOException when that is not possible, or another process has it open; the message is
     *     for operators
     */
    static LogDirectory open(Path path) throws IOException {
        Files.createDirectories(path);
        FileChannel channel =
                FileChannel.open(
                        path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (!isLocked(channel)) {
            channel.close();
            throw new IOException("another process has " + path + " open");
        }
        return new LogDirectory(path, channel);
    }

    private static boolean isLocked(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    Path path() {
        return path;
    }

    File cluster() {
        return path.resolve("cluster").toFile();
    }

    File archive() {
        return path.resolve("archive").toFile();
    }

    /**
     * How this member came to its log; NOT as well when the log is gone that it once had, since it
     * then lacks what it promised to keep. A member that is FOUNDED has promised nothing yet, but
     * asks the others again too.
     */
    Joined joined() throws IOException {
        Joined written = written();
        boolean isThere =
                switch (written) {
                    case NOT -> true;
                    case FOUNDED -> hasFiles();
                    case GIVEN, ESTABLISHED -> hasFiles() && hasTerms();
                };
        if (!isThere) {
            LOG.log(
                    Level.WARNING,
                    "{0} lacks the log or its list: this member counts as one that lost its disk",
                    path);
        }
        return isThere ? written : Joined.NOT;
    }

    private boolean hasFiles() {
        return recordingLog().exists() && new File(archive(), CATALOG).exists();
    }

    private File recordingLog() {
        return new File(cluster(), RecordingLog.RECORDING_LOG_FILE_NAME);
    }

    /** Whether Aeron's list of terms and snapshots has any. */
    boolean hasTerms() {
        if (!recordingLog().exists()) {
            return false;
        }
        try (RecordingLog log = new RecordingLog(cluster(), false)) {
            return !log.entries().isEmpty();
        }
    }

    private Joined written() throws IOException {
        Path file = path.resolve(JOINED);
        if (!Files.exists(file)) {
            return Joined.NOT;
        }
        String word = Files.readString(file).strip();
        try {
            return Joined.valueOf(word);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " says '" + word + "', which is none of its words", e);
        }
    }

    /** Remembers for good how this member came to its log. */
    void join(Joined how) throws IOException {
        Path written = path.resolve(JOINED + ".new");
        Files.writeString(written, how + "\n");
        try (FileChannel file = FileChannel.open(written, StandardOpenOption.WRITE)) {
            file.force(true);
        }
        Files.move(written, path.resolve(JOINED), StandardCopyOption.ATOMIC_MOVE);
        sync();
    }

    private void sync() throws IOException {
        try (FileChannel folder = FileChannel.open(path, StandardOpenOption.READ)) {
            folder.force(true);
        }
    }

    /** Removes what an attempt to be given a log has left, or a log that is not whole. */
    void clear() throws IOException {
        // First: what is copied halfway must not be taken for the log of which this speaks.
        if (Files.deleteIfExists(path.resolve(JOINED))) {
            sync();
        }
        FileTrees.remove(cluster().toPath());
        FileTrees.remove(archive().toPath());
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
