package io.silkstone.transport.aeron;

import io.silkstone.base.FileTrees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * The directory of one transport's driver, which outlives the driver: its name is part of the
 * transport's address, while each driver that is built in it has a directory of its own within. A
 * file tells neighbours whose it is and where the present driver is.
 *
 * <pre>
 *   silkstone-aeron-PID-RANDOM/
 *     owner       token, process, present driver, and where it listens
 *     driver-N/   Aeron's own files
 * </pre>
 */
final class DriverHome {
    private static final System.Logger LOG = System.getLogger(DriverHome.class.getName());
    private static final String PREFIX = "silkstone-aeron-";
    private static final String OWNER_FILE = "owner";
    private static final String DRIVER_PREFIX = "driver-";
    private static final int PROCESS_LINES = 4;
    private static final int OWNER_LINES = 6;

    /** Whoever can open a stream's file can read what goes through it. */
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private final Path path;
    private final String token;
    private final ProcessIdentity process = ProcessIdentity.own();
    private int generation;

    /**
     * What a home says of itself.
     *
     * @param token a random word that its address carries
     * @param process who made it
     * @param driver where the present driver is
     * @param endpoint host and port at which it listens
     */
    record Owner(String token, ProcessIdentity process, Path driver, String endpoint) {}

    /**
     * A home in {@code directory}, made when the first driver needs it. Clears those of dead
     * processes away.
     */
    DriverHome(Path directory, RandomGenerator random) throws IOException {
        removeStale(directory);
        token = HexFormat.of().toHexDigits(random.nextLong());
        path =
                directory.resolve(
                        PREFIX
                                + process.pid()
                                + "-"
                                + HexFormat.of().toHexDigits(random.nextInt()));
    }

    Path path() {
        return path;
    }

    String token() {
        return token;
    }

    /** Directory for a new driver. */
    Path nextDriver() throws IOException {
        if (generation == 0) {
            create();
        }
        generation++;
        return path.resolve(DRIVER_PREFIX + generation);
    }

    /** Tells neighbours where the present driver is, which listens at {@code endpoint}. */
    void publish(String endpoint) throws IOException {
        Path written = path.resolve(OWNER_FILE + ".new");
        Files.write(
                written,
                List.of(
                        token,
                        Long.toString(process.pid()),
                        Long.toString(process.startMillis()),
                        process.namespace(),
                        DRIVER_PREFIX + generation,
                        endpoint));
        Files.move(
                written,
                path.resolve(OWNER_FILE),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    private void create() throws IOException {
        if (Files.getFileStore(path.getParent()).supportsFileAttributeView("posix")) {
            Files.createDirectory(path, PRIVATE);
        } else {
            Files.createDirectory(path);
        }
    }

    /** Removes the home and what is in it. */
    void remove() {
        if (generation > 0) {
            remove(path);
        }
    }

    /** Whose {@code home} is; empty when it is none, or none that this process may read. */
    static Optional<Owner> owner(Path home) {
        List<String> lines = lines(home);
        if (lines.size() < OWNER_LINES || !lines.get(4).matches(DRIVER_PREFIX + "\\d+")) {
            return Optional.empty();
        }
        return process(lines)
                .map(
                        process ->
                                new Owner(
                                        lines.get(0),
                                        process,
                                        home.resolve(lines.get(4)),
                                        lines.get(5)));
    }

    private static List<String> lines(Path home) {
        try {
            return Files.readAllLines(home.resolve(OWNER_FILE));
        } catch (IOException | IllegalArgumentException unreadable) {
            return List.of();
        }
    }

    /** These lines stand there in every version; what a version adds comes behind. */
    private static Optional<ProcessIdentity> process(List<String> lines) {
        if (lines.size() < PROCESS_LINES) {
            return Optional.empty();
        }
        try {
            long pid = Long.parseLong(lines.get(1));
            long startMillis = Long.parseLong(lines.get(2));
            return Optional.of(new ProcessIdentity(pid, startMillis, lines.get(3)));
        } catch (NumberFormatException damaged) {
            return Optional.empty();
        }
    }

    /**
     * Whoever lives in {@code directory} and listens at {@code endpoint}. Without a token a home
     * proves nothing, in a directory where everybody may write: only this user's count, and only
     * those of processes that this one sees, since others may have an endpoint of that name in a
     * network of their own.
     */
    static Optional<Owner> at(Path directory, String endpoint) {
        try {
            return homes(directory).stream()
                    .filter(ProcessIdentity::owns)
                    .flatMap(home -> owner(home).stream())
                    .filter(owner -> owner.endpoint().equals(endpoint))
                    .filter(owner -> owner.process().find().isPresent())
                    .findFirst();
        } catch (IOException unreadable) {
            return Optional.empty();
        }
    }

    private static List<Path> homes(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(entry -> entry.getFileName().toString().startsWith(PREFIX))
                    .toList();
        }
    }

    private static void removeStale(Path directory) throws IOException {
        for (Path home : homes(directory)) {
            if (process(lines(home)).filter(ProcessIdentity::isDead).isPresent()) {
                LOG.log(System.Logger.Level.INFO, "removes {0}, whose process is dead", home);
                remove(home);
            }
        }
    }

    private static void remove(Path home) {
        try {
            FileTrees.remove(home);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot remove " + home + ": " + e);
        }
    }
}
