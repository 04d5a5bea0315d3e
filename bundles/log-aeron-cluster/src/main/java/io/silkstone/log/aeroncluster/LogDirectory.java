package io.silkstone.log.aeroncluster;

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Where a member keeps its log, locked against other processes.
 *
 * <pre>
 *   lock
 *   joined     how this member came to its log; without it there is none, whatever else lies here
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
        GIVEN
    }

    private static final String JOINED = "joined";

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

    Joined joined() throws IOException {
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
        try (FileChannel folder = FileChannel.open(path, StandardOpenOption.READ)) {
            folder.force(true);
        }
    }

    /** Removes what an attempt to be given a log has left. */
    void clear() throws IOException {
        removeTree(cluster().toPath());
        removeTree(archive().toPath());
    }

    /** Removes {@code folder} and what is in it, if it is there. */
    static void removeTree(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Files.walkFileTree(
                folder,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.deleteIfExists(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(Path each, IOException failure)
                            throws IOException {
                        Files.deleteIfExists(each);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
