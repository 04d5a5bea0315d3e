package io.silkstone.node.deploy;

import io.silkstone.api.node.DeployRefused;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;
import org.osgi.framework.Constants;
import org.osgi.framework.Version;

/**
 * A jar that somebody wants in the node, read once: what was verified is what is installed, even
 * when the file changes in between.
 *
 * @param path where it lay
 * @param bytes all of it
 * @param sha256 its digest in hexadecimal
 * @param symbolicName the bundle's symbolic name
 * @param version the bundle's version
 * @param exports names of the packages that it exports
 * @param fragment whether it would become part of another bundle
 */
record DroppedJar(
        Path path,
        byte[] bytes,
        String sha256,
        String symbolicName,
        Version version,
        List<String> exports,
        boolean fragment) {
    static final long JAR_BYTES_MAX = 64L << 20;
    private static final long UNPACKED_BYTES_MAX = 512L << 20;
    private static final int ENTRIES_MAX = 65_535;
    private static final int END_RECORD_LENGTH = 22;
    private static final int END_RECORD_SEARCH = END_RECORD_LENGTH + 65_535;

    /**
     * Reads and checks the jar at {@code path}.
     *
     * @throws DeployRefused when it is no bundle that could be installed
     */
    static DroppedJar read(Path path) throws DeployRefused {
        String name = path.getFileName() == null ? path.toString() : path.getFileName().toString();
        byte[] bytes = bytesOf(path, name);
        Manifest manifest = manifestIn(bytes, name);
        Attributes headers = manifest.getMainAttributes();
        if (!"2".equals(headers.getValue(Constants.BUNDLE_MANIFESTVERSION))
                || headers.getValue(Constants.BUNDLE_SYMBOLICNAME) == null) {
            throw new DeployRefused(
                    ("%s is a jar but no bundle: its manifest needs Bundle-ManifestVersion: 2 "
                                    + "and Bundle-SymbolicName (the bnd Maven plugin writes both)")
                            .formatted(name));
        }
        String symbolicName =
                headers.getValue(Constants.BUNDLE_SYMBOLICNAME).split(";", 2)[0].strip();
        String version = headers.getValue(Constants.BUNDLE_VERSION);
        if (version == null || !symbolicName.matches("[A-Za-z0-9_.-]+")) {
            throw new DeployRefused(
                    ("%s needs a Bundle-Version and a Bundle-SymbolicName of letters, digits, "
                                    + "dots and dashes")
                            .formatted(name));
        }
        try {
            return new DroppedJar(
                    path,
                    bytes,
                    HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)),
                    symbolicName,
                    Version.parseVersion(version),
                    packagesIn(headers.getValue(Constants.EXPORT_PACKAGE)),
                    headers.getValue(Constants.FRAGMENT_HOST) != null);
        } catch (IllegalArgumentException wrong) {
            throw new DeployRefused(
                    "%s has the Bundle-Version \"%s\", which is not like 1.2.3"
                            .formatted(name, version));
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Symbolic name and version. */
    String called() {
        return symbolicName + " " + version;
    }

    private static byte[] bytesOf(Path path, String name) throws DeployRefused {
        try {
            if (!Files.isRegularFile(path)) {
                throw new DeployRefused("there is no file %s".formatted(path));
            }
            refuseIfWritableByOthers(path, name);
            if (Files.size(path) > JAR_BYTES_MAX) {
                throw new DeployRefused(
                        "%s is larger than %d MiB".formatted(name, JAR_BYTES_MAX >> 20));
            }
            try (InputStream in = Files.newInputStream(path)) {
                byte[] bytes = in.readNBytes((int) JAR_BYTES_MAX + 1);
                if (bytes.length > JAR_BYTES_MAX) {
                    throw new DeployRefused("%s grows while it is read".formatted(name));
                }
                return bytes;
            }
        } catch (IOException unreadable) {
            throw new DeployRefused(
                    "%s cannot be read: %s".formatted(name, unreadable.getMessage()));
        }
    }

    /** What anybody on the machine may change is nobody's word. */
    private static void refuseIfWritableByOthers(Path path, String name)
            throws IOException, DeployRefused {
        if (!path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return;
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(path);
        if (permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new DeployRefused(
                    "%s may be written by everybody (%s); run chmod o-w on it first"
                            .formatted(name, PosixFilePermissions.toString(permissions)));
        }
    }

    /** Reads every entry, which checks its checksum, and returns the manifest. */
    private static Manifest manifestIn(byte[] bytes, String name) throws DeployRefused {
        if (!hasEndRecord(bytes)) {
            throw new DeployRefused("%s is not a jar, or not all of it is there".formatted(name));
        }
        Manifest manifest = null;
        long unpacked = 0;
        int entries = 0;
        byte[] buffer = new byte[64 << 10];
        try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(bytes))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                entries++;
                if (entry.getName().equals(JarFile.MANIFEST_NAME)) {
                    manifest = new Manifest(zip);
                }
                for (int read = zip.read(buffer); read >= 0; read = zip.read(buffer)) {
                    unpacked += read;
                }
                if (unpacked > UNPACKED_BYTES_MAX || entries > ENTRIES_MAX) {
                    throw new DeployRefused("%s unpacks to too much".formatted(name));
                }
            }
        } catch (ZipException broken) {
            throw new DeployRefused("%s is damaged: %s".formatted(name, broken.getMessage()));
        } catch (IOException broken) {
            throw new DeployRefused("%s is damaged or cut off".formatted(name));
        }
        if (manifest == null) {
            throw new DeployRefused("%s is a jar without a manifest, so no bundle".formatted(name));
        }
        return manifest;
    }

    /** A zip ends in a record of its own; a copy that was cut off has none. */
    private static boolean hasEndRecord(byte[] bytes) {
        int lowest = Math.max(0, bytes.length - END_RECORD_SEARCH);
        for (int at = bytes.length - END_RECORD_LENGTH; at >= lowest; at--) {
            if (bytes[at] == 'P'
                    && bytes[at + 1] == 'K'
                    && bytes[at + 2] == 5
                    && bytes[at + 3] == 6) {
                return true;
            }
        }
        return false;
    }

    /** Names before attributes and directives, whose quoted values may hold commas. */
    private static List<String> packagesIn(String header) {
        List<String> names = new ArrayList<>();
        if (header == null) {
            return names;
        }
        for (String clause : header.replaceAll("\"[^\"]*\"", "").split(",")) {
            for (String part : clause.split(";")) {
                if (!part.contains("=") && !part.isBlank()) {
                    names.add(part.strip());
                }
            }
        }
        return names;
    }
}
