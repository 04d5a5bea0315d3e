package io.silkstone.node.deploy;

import io.silkstone.api.node.DeployRefused;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.osgi.framework.Version;

/**
 * Keeps the node's deployed bundles equal to the jars in {@code deploy}: of each symbolic name the
 * highest version that works. Since it compares what lies there with what is deployed, it needs no
 * memory of events, and a restart brings everything back.
 *
 * <p>A jar is looked at only when it has stayed the same for two scans, so a copy under way is left
 * alone; and nothing is changed before every jar has been looked at. One that fails gets a file
 * beside it, {@code <jar>.failed}, with the reason, and is not tried again until it changes or that
 * file is removed. The file is written <em>before</em> the attempt: a bundle that takes the whole
 * node down is not tried again at the next start.
 *
 * <p>Jars that passed once are remembered by digest in {@code data/deployed}; at the next start
 * they are not watched again. Called by one thread, but for {@link #problems}.
 */
final class DeployDirectory {
    private static final System.Logger LOG = System.getLogger(DeployDirectory.class.getName());
    private static final String JAR = ".jar";
    private static final String FAILED = ".failed";
    private static final int JARS_MAX = 1_000;
    private static final int REMEMBERED_MAX = 1_000;

    private final Path directory;
    private final Path memory;
    private final Deployer deployer;
    private final Map<String, Dropped> files = new TreeMap<>();
    private final Set<String> proven;

    /** Symbolic names whose jars have gone, until it is known that no other jar has them. */
    private final Set<String> left = new HashSet<>();

    private volatile List<String> problems = List.of();
    private boolean first = true;
    private String directoryProblem = "";

    /**
     * @param directory {@code deploy}
     * @param memory the file with digests of jars that passed
     */
    DeployDirectory(Path directory, Path memory, Deployer deployer) {
        this.directory = directory;
        this.memory = memory;
        this.deployer = deployer;
        this.proven = remembered(memory);
    }

    /**
     * Looks once and brings the node to what lies there; may take as long as bundles are watched.
     */
    void scan() throws IOException {
        deployer.exclusively(this::lookAndFollow);
    }

    private void lookAndFollow() throws IOException {
        try {
            if (!Files.isDirectory(directory) || isOpenToAll()) {
                return;
            }
            List<Path> jars = jars();
            for (Path jar : jars) {
                look(jar, files.computeIfAbsent(nameOf(jar), name -> new Dropped()));
            }
            forgetAllBut(jars.stream().map(DeployDirectory::nameOf).toList());
            first = false;
            // A jar that has not rested yet may be any bundle: a newer version, or one that was
            // merely renamed. Judging without it would take back what it is about to bring.
            if (files.values().stream().noneMatch(file -> file.pending)) {
                bringWanted();
                proveDeployed();
                undeployLeft();
            }
        } finally {
            publishProblems();
        }
    }

    private void forgetAllBut(List<String> names) {
        files.entrySet()
                .removeIf(
                        entry -> {
                            boolean gone = !names.contains(entry.getKey());
                            if (gone) {
                                left.add(entry.getValue().symbolicName);
                                deleteReport(directory.resolve(entry.getKey()));
                            }
                            return gone;
                        });
    }

    private void undeployLeft() {
        for (String symbolicName : left) {
            boolean stillThere =
                    files.values().stream()
                            .anyMatch(file -> symbolicName.equals(file.symbolicName));
            if (!symbolicName.isEmpty() && !stillThere) {
                removeDeployed(symbolicName);
            }
        }
        left.clear();
    }

    /** What failed, a sentence each. Threads: any; never waits for a deployment. */
    List<String> problems() {
        return problems;
    }

    private void publishProblems() {
        List<String> found = new ArrayList<>();
        if (!directoryProblem.isEmpty()) {
            found.add(directoryProblem);
        }
        files.forEach(
                (name, file) -> {
                    if (file.failure != null) {
                        found.add("deploy/" + name + ": " + file.failure);
                    }
                });
        problems = List.copyOf(found);
    }

    /** Deploys until nothing more can be: one bundle may need what another one brings. */
    private void bringWanted() {
        boolean progress = true;
        Set<Path> tried = new HashSet<>();
        List<Path> waiting = new ArrayList<>();
        while (progress) {
            progress = false;
            for (Path jar : wanted()) {
                if (tried.add(jar)) {
                    if (bring(jar)) {
                        progress = true;
                    } else {
                        waiting.add(jar);
                    }
                }
            }
            if (progress) {
                // Those that failed get one more try, since something new is there.
                for (Path jar : waiting) {
                    Dropped file = files.get(nameOf(jar));
                    if (file.failure != null && file.retries == 0) {
                        file.retries++;
                        file.failure = null;
                        tried.remove(jar);
                    }
                }
                waiting.clear();
            }
        }
    }

    /** Of each symbolic name the best jar, when it is not deployed already. */
    private List<Path> wanted() {
        Map<String, Map.Entry<String, Dropped>> best = new TreeMap<>();
        Comparator<Map.Entry<String, Dropped>> order =
                Comparator.comparing((Map.Entry<String, Dropped> entry) -> entry.getValue().version)
                        .thenComparing(entry -> entry.getValue().stamp.modifiedMs());
        for (Map.Entry<String, Dropped> entry : files.entrySet()) {
            Dropped file = entry.getValue();
            if (file.sha256 != null && file.failure == null) {
                best.merge(
                        file.symbolicName,
                        entry,
                        (left, right) -> order.compare(left, right) >= 0 ? left : right);
            }
        }
        return best.values().stream()
                .filter(
                        entry ->
                                !entry.getValue()
                                        .sha256
                                        .equals(deployer.digestOf(entry.getValue().symbolicName)))
                .map(entry -> directory.resolve(entry.getKey()))
                .toList();
    }

    private boolean bring(Path jar) {
        if (Thread.currentThread().isInterrupted()) {
            return false;
        }
        Dropped file = files.get(nameOf(jar));
        try {
            DroppedJar dropped = DroppedJar.read(jar);
            boolean known = proven.contains(dropped.sha256());
            if (!known) {
                report(jar, file.stamp, "the node ended while this bundle was being deployed");
            }
            deployer.deployFromDirectory(dropped, !known);
            deleteReport(jar);
            file.retries = 0;
            prove(dropped.sha256());
            return true;
        } catch (DeployRefused refused) {
            if (Thread.currentThread().isInterrupted()) {
                // The node is stopping, which is not the bundle's fault: the next start tries it.
                deleteReport(jar);
            } else {
                fail(jar, file, refused.getMessage());
            }
            return false;
        } catch (IOException unwritable) {
            fail(jar, file, "deploy cannot be written: " + unwritable.getMessage());
            return false;
        }
    }

    /** What an operator deployed by command has passed its watch as well. */
    private void proveDeployed() {
        for (Dropped file : files.values()) {
            if (file.sha256 != null && file.sha256.equals(deployer.digestOf(file.symbolicName))) {
                prove(file.sha256);
            }
        }
    }

    private void removeDeployed(String symbolicName) {
        boolean deployed =
                deployer.deployed().stream()
                        .anyMatch(one -> one.symbolicName().equals(symbolicName));
        if (!deployed) {
            return;
        }
        try {
            deployer.undeployFromDirectory(symbolicName);
        } catch (DeployRefused refused) {
            LOG.log(System.Logger.Level.WARNING, refused.getMessage());
        }
    }

    private void look(Path jar, Dropped file) {
        Stamp stamp = Stamp.of(jar);
        if (stamp == null) {
            return;
        }
        if (!stamp.equals(file.stamp)) {
            file.stamp = stamp;
            file.pending = true;
            if (!first) {
                return;
            }
        }
        if (file.pending) {
            file.pending = false;
            file.retries = 0;
            read(jar, file);
        } else if (file.failure != null && !Files.exists(reportOf(jar))) {
            // The operator removed the report, which asks for another try.
            file.failure = null;
            file.retries = 0;
            read(jar, file);
        }
    }

    private void read(Path jar, Dropped file) {
        String before = failureReported(jar, file.stamp);
        file.failure = before;
        try {
            DroppedJar dropped = DroppedJar.read(jar);
            file.symbolicName = dropped.symbolicName();
            file.version = dropped.version();
            file.sha256 = dropped.sha256();
        } catch (DeployRefused refused) {
            file.sha256 = null;
            fail(jar, file, refused.getMessage());
        }
    }

    private void fail(Path jar, Dropped file, String reason) {
        file.failure = reason;
        publishProblems();
        LOG.log(System.Logger.Level.WARNING, "deploy/{0} was refused: {1}", nameOf(jar), reason);
        try {
            report(jar, file.stamp, reason);
        } catch (IOException unwritable) {
            LOG.log(System.Logger.Level.WARNING, "the reason cannot be written", unwritable);
        }
    }

    private static void report(Path jar, Stamp stamp, String reason) throws IOException {
        Files.writeString(
                reportOf(jar),
                "%s\nRemove this file or change the jar to have it tried again.\n%s\n"
                        .formatted(reason, stamp.line()));
    }

    /** The reason in the report beside {@code jar}, when it is about the jar as it is now. */
    private static String failureReported(Path jar, Stamp stamp) {
        Path report = reportOf(jar);
        try {
            if (Files.exists(report)) {
                List<String> lines = Files.readAllLines(report);
                if (lines.size() >= 3 && lines.get(2).equals(stamp.line())) {
                    return lines.getFirst();
                }
                Files.delete(report);
            }
        } catch (IOException unreadable) {
            LOG.log(System.Logger.Level.WARNING, report + " cannot be read", unreadable);
        }
        return null;
    }

    private static void deleteReport(Path jar) {
        try {
            Files.deleteIfExists(reportOf(jar));
        } catch (IOException stays) {
            LOG.log(System.Logger.Level.WARNING, reportOf(jar) + " cannot be deleted", stays);
        }
    }

    private void prove(String sha256) {
        if (!proven.add(sha256)) {
            return;
        }
        List<String> lines = new ArrayList<>(proven);
        try {
            Files.createDirectories(memory.toAbsolutePath().getParent());
            Files.write(
                    memory,
                    lines.subList(Math.max(0, lines.size() - REMEMBERED_MAX), lines.size()));
        } catch (IOException unwritable) {
            // It will be watched again at the next start, that is all.
            LOG.log(System.Logger.Level.WARNING, memory + " cannot be written", unwritable);
        }
    }

    private static Set<String> remembered(Path memory) {
        try {
            return Files.exists(memory)
                    ? new LinkedHashSet<>(Files.readAllLines(memory))
                    : new LinkedHashSet<>();
        } catch (IOException unreadable) {
            return new LinkedHashSet<>();
        }
    }

    /** A directory that everybody may write would let everybody into the node. */
    private boolean isOpenToAll() throws IOException {
        boolean open =
                directory.getFileSystem().supportedFileAttributeViews().contains("posix")
                        && Files.getPosixFilePermissions(directory)
                                .contains(PosixFilePermission.OTHERS_WRITE);
        String problem =
                open
                        ? directory
                                + " may be written by everybody, so nothing in it is deployed; run"
                                + " chmod o-w on it"
                        : "";
        if (open && directoryProblem.isEmpty()) {
            LOG.log(System.Logger.Level.ERROR, problem);
        }
        directoryProblem = problem;
        return open;
    }

    private List<Path> jars() throws IOException {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> entries =
                Files.newDirectoryStream(
                        directory,
                        entry -> nameOf(entry).endsWith(JAR) && !nameOf(entry).startsWith("."))) {
            for (Path entry : entries) {
                if (found.size() == JARS_MAX) {
                    throw new IOException("deploy has more than " + JARS_MAX + " jars");
                }
                found.add(entry);
            }
        }
        found.sort(null);
        return found;
    }

    private static Path reportOf(Path jar) {
        return jar.resolveSibling(jar.getFileName() + FAILED);
    }

    private static String nameOf(Path file) {
        return file.getFileName().toString();
    }

    /** What is known of one jar. */
    private static final class Dropped {
        private Stamp stamp;
        private boolean pending;
        private String symbolicName = "";
        private Version version;
        private String sha256;
        private String failure;
        private int retries;
    }

    private record Stamp(long bytes, long modifiedMs) {
        static Stamp of(Path file) {
            try {
                BasicFileAttributes attributes =
                        Files.readAttributes(file, BasicFileAttributes.class);
                return attributes.isRegularFile()
                        ? new Stamp(attributes.size(), attributes.lastModifiedTime().toMillis())
                        : null;
            } catch (IOException gone) {
                return null;
            }
        }

        String line() {
            return "This is about the file of %d bytes that was written last at %s."
                    .formatted(bytes, Instant.ofEpochMilli(modifiedMs));
        }
    }
}
