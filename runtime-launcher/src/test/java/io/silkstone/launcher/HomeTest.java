package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HomeTest {
    @TempDir Path folder;

    private Path root() {
        return folder.resolve("node");
    }

    @Test
    void take_newHome_hasItsFolders() throws Exception {
        try (Home home = Home.take(root())) {
            assertThat(home.etc()).isDirectory();
            assertThat(home.deploy()).isDirectory();
            assertThat(home.logs()).isDirectory();
            assertThat(root().resolve("data")).isDirectory();
            assertThat(permissions(home.run())).isEqualTo("rwx------");
            assertThat(permissions(home.etc())).isEqualTo("rwx------");
        }
    }

    @Test
    void take_etcThatItsOwnerOpened_isLeftOpen() throws Exception {
        Path etc = Files.createDirectories(root().resolve("etc"));
        Files.setPosixFilePermissions(etc, PosixFilePermissions.fromString("rwxr-x---"));
        Home.take(root()).close();
        assertThat(permissions(etc)).isEqualTo("rwxr-x---");
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void take_homeOfAKilledNode_isEmptiedOfItsRemains() throws Exception {
        Files.createDirectories(root().resolve("run/cache/bundle1"));
        Files.writeString(root().resolve("run/cache/bundle1/x"), "x");
        Files.writeString(root().resolve("run/control.sock"), "");
        Files.writeString(root().resolve("run/shell.history"), "policy:list");
        try (Home home = Home.take(root())) {
            assertThat(home.run()).isDirectoryNotContaining("glob:**/{cache,control.sock}");
            assertThat(home.run().resolve("shell.history")).hasContent("policy:list");
        }
    }

    @Test
    void take_homeInUse_isRefusedAndUntouched() throws Exception {
        try (Home home = Home.take(root())) {
            home.announce(ProcessHandle.current());
            Files.writeString(home.run().resolve("control.sock"), "");
            assertThatThrownBy(() -> Home.take(root()))
                    .isInstanceOf(StartRefused.class)
                    .hasMessage(
                            ("--home %s is in use by process %d: stop it with `silkstone down"
                                            + " --home %s`, or give this node another home.")
                                    .formatted(root(), ProcessHandle.current().pid(), root()));
            assertThat(home.run().resolve("control.sock")).exists();
        }
    }

    /** A process that closes a descriptor of a file loses its locks on it. */
    @Test
    void take_homeInUseByThisProcess_leavesItsLock() throws Exception {
        Path locks = Path.of("/proc/locks");
        assumeTrue(Files.exists(locks), "the kernel does not list locks");
        try (Home home = Home.take(root())) {
            Object inode = Files.getAttribute(home.run().resolve("node.lock"), "unix:ino");
            String held = " %d .*:%s ".formatted(ProcessHandle.current().pid(), inode);
            assertThat(Files.readString(locks)).containsPattern(held);
            assertThatThrownBy(() -> Home.take(root())).isInstanceOf(StartRefused.class);
            assertThat(Files.readString(locks)).containsPattern(held);
        }
    }

    @Test
    void take_afterClose_isPossible() throws Exception {
        Home.take(root()).close();
        Home.take(root()).close();
        assertThat(root().resolve("run")).isDirectoryNotContaining("glob:**/node.pid");
    }

    @Test
    void take_pathBelowAFile_isRefused() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> Home.take(file.resolve("node")))
                .isInstanceOf(StartRefused.class)
                .hasMessageStartingWith("--home " + file.resolve("node") + " cannot be ");
    }

    @Test
    void take_file_isRefused() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> Home.take(file)).isInstanceOf(StartRefused.class);
    }

    @Test
    void take_pathTooLongForASocket_isRefused() {
        assertThatThrownBy(() -> Home.take(folder.resolve("x".repeat(100))))
                .isInstanceOf(StartRefused.class)
                .hasMessageContaining("may have 107 bytes");
    }

    @Test
    void nodeId_secondStart_isTheSame() throws Exception {
        String first;
        try (Home home = Home.take(root())) {
            first = home.nodeId(RandomGenerator.of("Random"));
        }
        try (Home home = Home.take(root())) {
            assertThat(home.nodeId(RandomGenerator.of("Random"))).isEqualTo(first);
        }
        assertThat(first).matches("[0-9a-f]{40}");
    }

    @Test
    void nodeId_damaged_isRefused() throws Exception {
        try (Home home = Home.take(root())) {
            Files.writeString(root().resolve("data/node.id"), "abc\n");
            assertThatThrownBy(() -> home.nodeId(RandomGenerator.of("Random")))
                    .isInstanceOf(StartRefused.class)
                    .hasMessageContaining("must hold 40 hexadecimal digits");
        }
    }

    @Test
    void removeTree_linkInside_isNotFollowed() throws IOException {
        Path kept = Files.writeString(folder.resolve("kept"), "");
        Path tree = Files.createDirectories(folder.resolve("tree/below"));
        Files.createSymbolicLink(tree.resolve("link"), kept);
        Home.removeTree(folder.resolve("tree"));
        assertThat(folder.resolve("tree")).doesNotExist();
        assertThat(kept).exists();
    }

    @Test
    void hold_sameHomeLater_isTheSame() throws Exception {
        String first;
        try (Home home = Home.take(root())) {
            first = home.hold();
        }
        try (Home home = Home.take(root())) {
            assertThat(home.hold()).isEqualTo(first);
        }
    }

    @Test
    void hold_aCopyOfTheHome_isAnother() throws Exception {
        Path copy = folder.resolve("copy");
        try (Home home = Home.take(root())) {
            Files.createDirectories(copy.resolve("run"));
            Files.copy(home.run().resolve("node.lock"), copy.resolve("run/node.lock"));
            try (Home other = Home.take(copy)) {
                assertThat(other.hold()).isNotEmpty().isNotEqualTo(home.hold());
            }
        }
    }

    @Test
    void clear_keepsTheHome() throws Exception {
        try (Home home = Home.take(root())) {
            home.clear();
            assertThatThrownBy(() -> Home.take(root())).isInstanceOf(StartRefused.class);
        }
    }
}
