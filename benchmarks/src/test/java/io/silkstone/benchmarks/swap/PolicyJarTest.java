package io.silkstone.benchmarks.swap;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyJarTest {
    @Test
    void write_makesABundleWithItsComponentAndNothingElse(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("policy.jar");
        PolicyJar.write(file, 3);
        PolicyJar.write(file, 4);
        try (JarFile jar = new JarFile(file.toFile())) {
            assertThat(jar.getManifest().getMainAttributes().getValue("Bundle-Version"))
                    .isEqualTo("1.0.4");
            String component = jar.getManifest().getMainAttributes().getValue("Service-Component");
            assertThat(jar.getEntry(component)).isNotNull();
            assertThat(jar.stream().filter(entry -> entry.getName().endsWith(".class"))).hasSize(1);
        }
        assertThat(folder.toFile().list()).containsExactly("policy.jar");
    }
}
