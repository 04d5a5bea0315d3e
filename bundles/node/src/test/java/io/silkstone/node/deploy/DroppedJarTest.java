package io.silkstone.node.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.node.DeployRefused;
import io.silkstone.node.TestBundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class DroppedJarTest {
    @TempDir Path folder;

    @Test
    void read_bundle_hasItsNames() throws Exception {
        Path jar =
                TestBundle.of("test.one;singleton:=true", "1.2.3.rc1")
                        .header("Export-Package", "a.b;version=\"1,0\";uses:=\"c,d\",e;f;x=1")
                        .writeTo(folder.resolve("one.jar"));
        DroppedJar dropped = DroppedJar.read(jar);
        assertThat(dropped.symbolicName()).isEqualTo("test.one");
        assertThat(dropped.version()).hasToString("1.2.3.rc1");
        assertThat(dropped.exports()).containsExactly("a.b", "e", "f");
        assertThat(dropped.sha256()).hasSize(64);
        assertThat(dropped.fragment()).isFalse();
    }

    @Test
    void read_plainJar_isRefusedWithAdvice() throws Exception {
        Path jar =
                TestBundle.of("x", "1.0.0")
                        .header("Bundle-ManifestVersion", "1")
                        .writeTo(folder.resolve("plain.jar"));
        assertThatThrownBy(() -> DroppedJar.read(jar))
                .isInstanceOf(DeployRefused.class)
                .hasMessageStartingWith("plain.jar is a jar but no bundle");
    }

    @Test
    void read_wrongVersion_isRefused() throws Exception {
        Path jar = TestBundle.of("x", "one").writeTo(folder.resolve("x.jar"));
        assertThatThrownBy(() -> DroppedJar.read(jar))
                .hasMessage("x.jar has the Bundle-Version \"one\", which is not like 1.2.3");
    }

    @Test
    void read_cutOffAnywhere_isRefused() throws Exception {
        byte[] whole = TestBundle.of("x", "1.0.0").entry("data", new byte[100]).bytes();
        Path jar = folder.resolve("cut.jar");
        for (int length = 0; length < whole.length; length++) {
            Files.write(jar, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> DroppedJar.read(jar)).isInstanceOf(DeployRefused.class);
        }
        Files.write(jar, whole);
        assertThat(DroppedJar.read(jar).symbolicName()).isEqualTo("x");
    }

    @Test
    void read_flippedBytes_areRefusedOrRead() throws Exception {
        byte[] whole = TestBundle.of("x", "1.0.0").entry("data", new byte[100]).bytes();
        SplittableRandom random = new SplittableRandom(42);
        Path jar = folder.resolve("flipped.jar");
        int refused = 0;
        for (int i = 0; i < 500; i++) {
            byte[] flipped = whole.clone();
            flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
            Files.write(jar, flipped);
            try {
                DroppedJar.read(jar);
            } catch (DeployRefused expected) {
                refused++;
            }
        }
        assertThat(refused).isPositive();
    }

    @Test
    void read_noFile_isRefused() {
        assertThatThrownBy(() -> DroppedJar.read(folder.resolve("none.jar")))
                .hasMessageContaining("there is no file");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void read_writableByEverybody_isRefused() throws Exception {
        Path jar = TestBundle.of("x", "1.0.0").writeTo(folder.resolve("open.jar"));
        Files.setPosixFilePermissions(jar, PosixFilePermissions.fromString("rw-rw-rw-"));
        assertThatThrownBy(() -> DroppedJar.read(jar))
                .hasMessageContaining("open.jar may be written by everybody (rw-rw-rw-)");
    }
}
