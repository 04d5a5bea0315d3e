package io.silkstone.launcher;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * A node's home directory, held by this process: {@code etc} (configuration, the operator's),
 * {@code deploy} (bundles dropped in), {@code data} (what must outlive the node), {@code logs}, and
 * {@code run} (sockets, process identity, framework cache: nothing in it outlives the process).
 *
 * <p>Holding is a lock on {@code run/node.lock}, which the kernel gives back however the process
 * ends; so a node that was killed leaves nothing that stops the next start. Threads: one.
 */
final class Home implements AutoCloseable {
    private static final List<String> FOLDERS = List.of("etc", "deploy", "data", "logs");
    private static final Set<PosixFilePermission> OWNERS_ONLY =
            PosixFilePermissions.fromString("rwx------");
    private static final String LOCK = "node.lock";
    private static final Path KERNEL_RUN = Path.of("/proc/sys/kernel/random/boot_id");

    /** What stays in {@code run} from one process to the next: the lock and what people typed. */
    private static final Set<String> KEPT = Set.of(LOCK, "shell.history");

    private static final int NODE_ID_BYTES = 20;
    // sockaddr_un takes 108 bytes, the closing zero included.
    private static final int SOCKET_PATH_BYTES_MAX = 107;

    private final Path root;
    private final FileChannel lockFile;

    private Home(Path root, FileChannel lockFile) {
        this.root = root;
        this.lockFile = lockFile;
    }

    /**
     * Creates what is missing, takes the lock, and removes what an earlier process left in {@code
     * run}.
     *
     * @throws StartRefused when it cannot be written or a living node has it
     */
    static Home take(Path root) throws StartRefused {
        Path socket = root.resolve("run/control.sock");
        int length = socket.toString().getBytes(StandardCharsets.UTF_8).length;
        if (length > SOCKET_PATH_BYTES_MAX) {
            throw new StartRefused(
                    ("--home %s is too long: the path of the control socket in it may have"
                                    + " %d bytes, and has %d.")
                            .formatted(root, SOCKET_PATH_BYTES_MAX, length));
        }
        try {
            Path etc = root.resolve("etc");
            if (!Files.exists(etc)) {
                // Passwords stand here. An operator may open it to those who look after it.
                Files.setPosixFilePermissions(Files.createDirectories(etc), OWNERS_ONLY);
            }
            for (String folder : FOLDERS) {
                Files.createDirectories(root.resolve(folder));
            }
            Path run = Files.createDirectories(root.resolve("run"));
            // The control socket and the framework's code lie here: nobody else's business.
            Files.setPosixFilePermissions(run, OWNERS_ONLY);
            FileChannel lockFile = lock(root, run);
            emptyRun(run);
            return new Home(root, lockFile);
        } catch (FileAlreadyExistsException e) {
            throw new StartRefused(
                    "--home %s cannot be used: %s is not a directory.".formatted(root, e.getFile()),
                    e);
        } catch (IOException e) {
            throw new StartRefused(
                    "--home %s cannot be written: %s.".formatted(root, reason(e)), e);
        }
    }

    Path root() {
        return root;
    }

    Path etc() {
        return root.resolve("etc");
    }

    Path deploy() {
        return root.resolve("deploy");
    }

    Path logs() {
        return root.resolve("logs");
    }

    Path run() {
        return root.resolve("run");
    }

    /**
     * The node's identity, forty hexadecimal digits; drawn from {@code random} at the first start.
     */
    String nodeId(RandomGenerator random) throws StartRefused {
        Path file = root.resolve("data/node.id");
        try {
            if (!Files.exists(file)) {
                byte[] id = new byte[NODE_ID_BYTES];
                random.nextBytes(id);
                Files.writeString(file, HexFormat.of().formatHex(id) + "\n");
            }
            String id = Files.readString(file).strip();
            if (!id.matches("[0-9a-f]{" + 2 * NODE_ID_BYTES + "}")) {
                throw new StartRefused(
                        ("%s must hold %d hexadecimal digits: restore it, or remove it to give"
                                        + " the node a new identity.")
                                .formatted(file, 2 * NODE_ID_BYTES));
            }
            return id;
        } catch (IOException e) {
            throw new StartRefused("%s cannot be used: %s.".formatted(file, reason(e)), e);
        }
    }

    /**
     * A name for this process's hold on the home: which run of which kernel, and the device and
     * inode of the file that it has locked. Two processes whose holds have one name cannot have
     * them at the same time. Empty where the kernel does not tell.
     */
    String hold() {
        try {
            Object file =
                    Files.readAttributes(run().resolve(LOCK), BasicFileAttributes.class).fileKey();
            return file == null ? "" : Files.readString(KERNEL_RUN).strip() + " " + file;
        } catch (IOException e) {
            // Not Linux; a node that was killed waits a little longer then.
            return "";
        }
    }

    /** Says in {@code run} which process the node is, for {@code down} and {@code status}. */
    void announce(ProcessHandle process) throws StartRefused {
        try {
            RunningNode.write(root, process);
        } catch (IOException e) {
            throw new StartRefused(
                    "--home %s cannot be written: %s.".formatted(root, reason(e)), e);
        }
    }

    /**
     * Removes what is in {@code run}. The lock stays, for the kernel to take back when the process
     * is gone: until then a part of it that does not stop may serve yet, and {@link #hold} must not
     * be another's.
     */
    void clear() {
        try {
            emptyRun(run());
        } catch (IOException e) {
            // The next start removes what is left.
            System.getLogger(Home.class.getName())
                    .log(System.Logger.Level.DEBUG, "run directory not emptied", e);
        }
    }

    /** Removes what is in {@code run}, and lets go of the home, where nothing of a node runs. */
    @Override
    public void close() {
        clear();
        try {
            lockFile.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static FileChannel lock(Path root, Path run) throws IOException, StartRefused {
        FileChannel file =
                FileChannel.open(
                        run.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = null;
        try {
            lock = file.tryLock();
            if (lock == null) {
                file.close();
            }
        } catch (OverlappingFileLockException e) {
            // Held by this very process: as taken as by another one. The file stays open, since
            // the kernel takes all locks back when a process closes any descriptor of a file.
        }
        if (lock == null) {
            String who =
                    RunningNode.find(root).map(node -> "process " + node.pid()).orElse("a node");
            throw new StartRefused(
                    ("--home %s is in use by %s: stop it with `silkstone down --home %s`, or"
                                    + " give this node another home.")
                            .formatted(root, who, root));
        }
        return file;
    }

    private static void emptyRun(Path run) throws IOException {
        try (Stream<Path> entries = Files.list(run)) {
            for (Path entry : entries.toList()) {
                if (!KEPT.contains(entry.getFileName().toString())) {
                    removeTree(entry);
                }
            }
        }
    }

    /** Removes {@code tree} with all that is in it; nothing happens when it is not there. */
    static void removeTree(Path tree) throws IOException {
        if (!Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> paths = Files.walk(tree)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }

    /** What is wrong with a file, for the middle of a sentence. */
    static String reason(IOException e) {
        if (e instanceof FileSystemException failure && failure.getReason() != null) {
            return failure.getFile() + ": " + failure.getReason();
        }
        return e instanceof FileSystemException failure
                ? "no access to " + failure.getFile()
                : e.getMessage();
    }
}
