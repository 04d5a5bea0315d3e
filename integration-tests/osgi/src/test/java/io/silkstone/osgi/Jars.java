package io.silkstone.osgi;

import io.silkstone.harness.NodeProcess;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** Bundles for tests, made of the ones that the distribution has or of nothing but a manifest. */
final class Jars {
    private Jars() {}

    /**
     * The distribution's policy called {@code name}, as version {@code version}, in {@code jar}.
     */
    static void policy(String name, String version, Path jar) throws IOException {
        Path policies =
                NodeProcess.checkout().resolve("runtime-launcher/target/silkstone/policies");
        try (DirectoryStream<Path> found = Files.newDirectoryStream(policies, name + "-*.jar");
                JarFile original = new JarFile(found.iterator().next().toFile())) {
            Manifest manifest = original.getManifest();
            manifest.getMainAttributes().putValue("Bundle-Version", version);
            try (JarOutputStream copy = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
                for (JarEntry entry : original.stream().toList()) {
                    if (!entry.getName().equals(JarFile.MANIFEST_NAME)) {
                        copy.putNextEntry(new JarEntry(entry.getName()));
                        original.getInputStream(entry).transferTo(copy);
                        copy.closeEntry();
                    }
                }
            }
        }
    }

    /** A bundle that imports a package that nobody has. */
    static void unresolvable(Path jar) throws IOException {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue("Bundle-ManifestVersion", "2");
        main.putValue("Bundle-SymbolicName", "test.unresolvable");
        main.putValue("Bundle-Version", "1.0.0");
        main.putValue("Import-Package", "nobody.has.this");
        new JarOutputStream(Files.newOutputStream(jar), manifest).close();
    }
}
