package io.silkstone.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeIdentityTest {
    @TempDir Path home;

    @Test
    void of_firstStart_makesOneThatStays() throws IOException {
        Path file = home.resolve("data/node.id");
        String id = NodeIdentity.of(null, file, new SplittableRandom(1));
        assertThat(id).matches("[0-9a-f]{40}");
        assertThat(NodeIdentity.of(null, file, new SplittableRandom(2))).isEqualTo(id);
    }

    @Test
    void of_given_isTaken() throws IOException {
        String given = "0123456789abcdef0123456789abcdef01234567";
        assertThat(NodeIdentity.of(given, home.resolve("x"), new SplittableRandom(1)))
                .isEqualTo(given);
        assertThat(home.resolve("x")).doesNotExist();
    }

    @Test
    void of_damagedFile_isRefusedByName() throws IOException {
        Path file = Files.writeString(home.resolve("node.id"), "hello\n");
        assertThatThrownBy(() -> NodeIdentity.of(null, file, new SplittableRandom(1)))
                .hasMessageContaining("node.id must hold 40 hexadecimal digits, was \"hello\"");
    }
}
