package io.silkstone.launcher;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Pattern;

/**
 * What the framework exports to bundles from the launcher's class path: the packages of each jar in
 * {@code bin}, with the versions that its own manifest gives them. Bundles import them as if a
 * bundle exported them.
 *
 * <p>Libraries lie there, not among the bundles, because the JVM keeps compiled profiles and linked
 * classes only of what its own loaders load; see docs/decisions/0073.
 */
final class SharedPackages {
    private static final String FRAMEWORK = "org.apache.felix.framework";

    /** Which packages belong together says nothing where all have one exporter. */
    private static final Pattern USES = Pattern.compile(";\\s*uses:=\"[^\"]*\"");

    private SharedPackages() {}

    /**
     * The packages of {@code jars} as the framework wants to read them. The framework's own jar is
     * left out, since that exports itself; so is a jar that is no bundle.
     */
    static String of(List<Path> jars) throws IOException {
        List<String> exports = new ArrayList<>();
        for (Path jar : jars) {
            try (JarFile file = new JarFile(jar.toFile())) {
                Manifest manifest = file.getManifest();
                String exported = header(manifest, "Export-Package");
                if (exported != null
                        && !FRAMEWORK.equals(header(manifest, "Bundle-SymbolicName"))) {
                    exports.add(USES.matcher(exported).replaceAll(""));
                }
            }
        }
        return String.join(",", exports);
    }

    private static String header(Manifest manifest, String name) {
        return manifest == null ? null : manifest.getMainAttributes().getValue(name);
    }
}
