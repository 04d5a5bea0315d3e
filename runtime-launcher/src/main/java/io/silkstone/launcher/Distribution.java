package io.silkstone.launcher;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The installed program: {@code bin}, {@code bundles} and {@code policies}, read only.
 *
 * @param root the directory that holds them
 */
record Distribution(Path root) {
    /** Folders in {@code bundles} begin with the start level of what is in them. */
    private static final Pattern LEVEL_FOLDER = Pattern.compile("([1-9])-[a-z]+");

    /** Before what they decide for, so that a node starts with the policies that it will keep. */
    private static final int POLICIES_LEVEL = 3;

    /** From this start level on, bundles are Silkstone's own. */
    private static final int OURS_LEVEL = 3;

    /**
     * A bundle to install.
     *
     * @param jar its file
     * @param startLevel when to start it
     */
    record BundleFile(Path jar, int startLevel) {}

    /** The distribution that this class was loaded from. */
    static Distribution ofThisProgram() throws StartRefused {
        try {
            Path jar =
                    Path.of(
                            Distribution.class
                                    .getProtectionDomain()
                                    .getCodeSource()
                                    .getLocation()
                                    .toURI());
            return new Distribution(jar.getParent().getParent());
        } catch (URISyntaxException e) {
            throw new StartRefused("The program's own jar cannot be found.", e);
        }
    }

    /** Every bundle, in the order in which they are installed. */
    List<BundleFile> bundles() throws StartRefused {
        List<BundleFile> bundles = new ArrayList<>();
        for (Path folder : sorted(root.resolve("bundles"))) {
            Matcher matcher = LEVEL_FOLDER.matcher(folder.getFileName().toString());
            if (matcher.matches()) {
                addJars(folder, Integer.parseInt(matcher.group(1)), bundles);
            }
        }
        addJars(root.resolve("policies"), POLICIES_LEVEL, bundles);
        return bundles;
    }

    /** What the framework exports from the jars of the class path. */
    String sharedPackages() throws StartRefused {
        List<Path> jars =
                sorted(root.resolve("bin")).stream()
                        .filter(file -> file.toString().endsWith(".jar"))
                        .toList();
        try {
            return SharedPackages.of(jars);
        } catch (IOException e) {
            throw new StartRefused(
                    "The distribution is not whole: %s; build it again.".formatted(e.getMessage()),
                    e);
        }
    }

    /** Copies the files of configuration that a new home begins with. */
    void copyTemplates(Path etc) throws IOException {
        try (Stream<Path> files = Files.list(root.resolve("etc"))) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                Path copy = etc.resolve(name);
                boolean forHomes = name.endsWith(".cfg") || name.endsWith(".options");
                if (forHomes && !Files.exists(copy)) {
                    Files.copy(file, copy);
                }
            }
        }
    }

    /** What can be configured in a node. */
    SettingsCatalog catalog() throws StartRefused, IOException {
        SettingsCatalog catalog = new SettingsCatalog();
        for (BundleFile bundle : bundles()) {
            if (bundle.startLevel() >= OURS_LEVEL) {
                catalog.addBundle(bundle.jar());
            }
        }
        return catalog;
    }

    /** The start script. */
    Path script() {
        return root.resolve("bin/silkstone");
    }

    /** The version in the launcher's manifest. */
    String version() {
        String version = Distribution.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    private static void addJars(Path folder, int startLevel, List<BundleFile> bundles)
            throws StartRefused {
        for (Path jar : sorted(folder)) {
            if (jar.toString().endsWith(".jar")) {
                bundles.add(new BundleFile(jar, startLevel));
            }
        }
    }

    private static List<Path> sorted(Path folder) throws StartRefused {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.sorted().toList();
        } catch (IOException e) {
            throw new StartRefused(
                    "The distribution is not whole: %s cannot be read; build it again."
                            .formatted(folder),
                    e);
        }
    }
}
