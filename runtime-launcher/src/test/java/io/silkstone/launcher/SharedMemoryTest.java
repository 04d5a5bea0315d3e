package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedMemoryTest {
    private static final String ID = "0123456789012345678901234567890123456789";

    @TempDir Path folder;

    @Test
    void requireFree_tooLittle_isRefusedWithBothFigures() {
        SharedMemory memory = new SharedMemory(folder, ID);
        assertThatThrownBy(() -> memory.requireFree(Long.MAX_VALUE))
                .isInstanceOf(StartRefused.class)
                .hasMessageStartingWith(folder + " has ")
                .hasMessageContaining("the node needs " + Long.MAX_VALUE);
    }

    @Test
    void requireFree_enoughOrNoSuchFileSystem_isFine() {
        assertThatCode(() -> new SharedMemory(folder, ID).requireFree(1))
                .doesNotThrowAnyException();
        assertThatCode(() -> new SharedMemory(folder.resolve("none"), ID).requireFree(1L << 60))
                .doesNotThrowAnyException();
    }

    @Test
    void removeStale_directories_onlyOfThisNode() throws IOException {
        SharedMemory memory = new SharedMemory(folder, ID);
        Files.createDirectories(memory.aeronDirectory().resolve("publications"));
        Path other = Files.createDirectory(folder.resolve("silkstone-other-aeron"));
        memory.removeStale();
        assertThat(memory.aeronDirectory()).doesNotExist();
        assertThat(other).exists();
    }
}
