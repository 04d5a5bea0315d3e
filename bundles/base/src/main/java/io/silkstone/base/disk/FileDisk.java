package io.silkstone.base.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** A directory of the machine's file system, locked against other processes. */
public final class FileDisk implements Disk {
    private static final String LOCK = "lock";

    private final Path directory;
    private final FileChannel lockChannel;

    private FileDisk(Path directory, FileChannel lockChannel) {
        this.directory = directory;
        this.lockChannel = lockChannel;
    }

    /**
     * Opens {@code directory}, and makes it if there is none.
     *
     * @param owner who opens such directories, as "a coordinator": whoever finds this one in use is
     *     asked whether it is one of those
     * @throws IOException when that is not possible, or another process has it open; the message is
     *     for operators
     */
    public static FileDisk open(Path directory, String owner) throws IOException {
        create(directory.toAbsolutePath());
        FileChannel channel =
                FileChannel.open(
                        directory.resolve(LOCK),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
        if (!lock(channel)) {
            channel.close();
            throw new IOException(
                    "another process has " + directory + " open: is " + owner + " running there?");
        }
        return new FileDisk(directory, channel);
    }

    /** Makes a directory, and those that it is to be in, so that they survive whatever happens. */
    private static void create(Path directory) throws IOException {
        Path parent = directory.getParent();
        if (parent == null || Files.isDirectory(directory)) {
            return;
        }
        create(parent);
        Files.createDirectories(directory);
        syncNames(parent);
    }

    private static boolean lock(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    @Override
    public String path() {
        return directory.toString();
    }

    @Override
    public List<String> names() throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            files.forEach(file -> names.add(file.getFileName().toString()));
        }
        names.remove(LOCK);
        return names;
    }

    @Override
    public long length(String name) throws IOException {
        return Files.size(directory.resolve(name));
    }

    @Override
    public byte[] read(String name) throws IOException {
        return Files.readAllBytes(directory.resolve(name));
    }

    @Override
    public byte[] read(String name, long offset, int length) throws IOException {
        try (SeekableByteChannel file = Files.newByteChannel(directory.resolve(name))) {
            return Channels.newInputStream(file.position(offset)).readNBytes(length);
        }
    }

    @Override
    public Writer open(String name) throws IOException {
        FileChannel channel =
                FileChannel.open(
                        directory.resolve(name),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
        return new Writer() {
            @Override
            public void write(long offset, ByteBuffer bytes) throws IOException {
                long at = offset;
                while (bytes.hasRemaining()) {
                    at += channel.write(bytes, at);
                }
            }

            @Override
            public void truncate(long length) throws IOException {
                channel.truncate(length);
            }

            @Override
            public void sync() throws IOException {
                // Content, and the length where that has changed; not the time of it, which would
                // cost a write to the file system's journal each time.
                channel.force(false);
            }

            @Override
            public void close() throws IOException {
                channel.close();
            }
        };
    }

    @Override
    public void rename(String from, String to) throws IOException {
        Files.move(
                directory.resolve(from),
                directory.resolve(to),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void delete(String name) throws IOException {
        Files.delete(directory.resolve(name));
    }

    @Override
    public void sync() throws IOException {
        syncNames(directory);
    }

    private static void syncNames(Path directory) throws IOException {
        // A directory is a file whose content are the names.
        try (FileChannel names = FileChannel.open(directory, StandardOpenOption.READ)) {
            names.force(true);
        }
    }

    @Override
    public void close() throws IOException {
        lockChannel.close();
    }
}
