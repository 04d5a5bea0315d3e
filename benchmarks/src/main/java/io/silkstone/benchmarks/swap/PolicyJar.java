package io.silkstone.benchmarks.swap;

import io.silkstone.benchmarks.swap.policy.SwappedPolicy;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** Makes bundles with the core policy {@value #NAME}, each of another version. */
final class PolicyJar {
    /** What the policy is called. */
    static final String NAME = "swapped";

    /** The bundle's symbolic name. */
    static final String SYMBOLIC_NAME = "io.silkstone.benchmarks.swapped";

    private static final String COMPONENT =
            """
            <scr:component xmlns:scr="http://www.osgi.org/xmlns/scr/v1.3.0" name="%1$s">
              <property name="silkstone.kind" value="cores"/>
              <property name="silkstone.name" value="%2$s"/>
              <service>
                <provide interface="io.silkstone.api.threads.CorePolicy"/>
              </service>
              <implementation class="%3$s"/>
            </scr:component>
            """
                    .formatted(SYMBOLIC_NAME, NAME, SwappedPolicy.class.getName());

    private PolicyJar() {}

    /** The version numbered {@code number}; a higher number is a higher version. */
    static String version(int number) {
        return "1.0." + number;
    }

    /** Writes the bundle of version {@code number} to {@code file}, which appears whole. */
    static void write(Path file, int number) throws IOException {
        Path draft = Files.createTempFile("silkstone-policy-", ".draft");
        String classFile = SwappedPolicy.class.getName().replace('.', '/') + ".class";
        try (OutputStream out = Files.newOutputStream(draft);
                JarOutputStream jar = new JarOutputStream(out, manifest(number));
                InputStream code =
                        SwappedPolicy.class.getClassLoader().getResourceAsStream(classFile)) {
            jar.putNextEntry(new JarEntry(classFile));
            code.transferTo(jar);
            jar.putNextEntry(new JarEntry("OSGI-INF/" + SYMBOLIC_NAME + ".xml"));
            jar.write(COMPONENT.getBytes(StandardCharsets.UTF_8));
        }
        // Within one folder, because whoever watches it must not see half a bundle.
        Path beside = file.resolveSibling("." + file.getFileName() + ".new");
        Files.move(draft, beside, StandardCopyOption.REPLACE_EXISTING);
        Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static Manifest manifest(int number) {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue("Bundle-ManifestVersion", "2");
        main.putValue("Bundle-SymbolicName", SYMBOLIC_NAME);
        main.putValue("Bundle-Version", version(number));
        main.putValue("Import-Package", "io.silkstone.api.threads;version=\"[1.0,2)\"");
        main.putValue("Service-Component", "OSGI-INF/" + SYMBOLIC_NAME + ".xml");
        main.putValue(
                "Provide-Capability",
                "silkstone.policy;kind=cores;name="
                        + NAME
                        + ",osgi.service;objectClass:List<String>="
                        + "\"io.silkstone.api.threads.CorePolicy\";"
                        + "uses:=\"io.silkstone.api.threads\"");
        main.putValue(
                "Require-Capability",
                "osgi.extender;filter:=\"(&(osgi.extender=osgi.component)(version>=1.3.0)"
                        + "(!(version>=2.0.0)))\",osgi.ee;"
                        + "filter:=\"(&(osgi.ee=JavaSE)(version=25))\"");
        return manifest;
    }
}
