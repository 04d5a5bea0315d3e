package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedPackagesTest {
    @TempDir Path folder;

    @Test
    void of_bundles_areTheirExportsWithoutUses() throws IOException {
        Path net =
                jar(
                        "net",
                        Map.of(
                                "Bundle-SymbolicName",
                                "a.net",
                                "Export-Package",
                                "a.net;uses:=\"a.base,a.io\";version=\"4.2\","
                                        + "a.net.unix;version=\"4.2\""));
        Path base = jar("base", Map.of("Export-Package", "a.base;version=\"1.0\""));
        assertThat(SharedPackages.of(List.of(net, base)))
                .isEqualTo(
                        "a.net;version=\"4.2\",a.net.unix;version=\"4.2\",a.base;version=\"1.0\"");
    }

    @Test
    void of_frameworkAndPlainJars_areLeftOut() throws IOException {
        Path framework =
                jar(
                        "framework",
                        Map.of(
                                "Bundle-SymbolicName",
                                "org.apache.felix.framework",
                                "Export-Package",
                                "org.osgi.framework"));
        assertThat(SharedPackages.of(List.of(framework, jar("launcher", Map.of())))).isEmpty();
    }

    @Test
    void of_brokenJar_fails() throws IOException {
        Path broken = Files.writeString(folder.resolve("broken.jar"), "no jar");
        assertThatThrownBy(() -> SharedPackages.of(List.of(broken)))
                .isInstanceOf(IOException.class);
    }

    private Path jar(String name, Map<String, String> headers) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().putValue("Manifest-Version", "1.0");
        headers.forEach(manifest.getMainAttributes()::putValue);
        Path file = folder.resolve(name + ".jar");
        new JarOutputStream(Files.newOutputStream(file), manifest).close();
        return file;
    }
}
