package io.silkstone.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.base.disk.FileDisk;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalStateTest {
    @TempDir private Path folder;

    @Test
    void replace_aJournal_isRememberedAndLeavesItAsItIs() throws Exception {
        Files.writeString(folder.resolve("journal-1"), "decisions");
        try (FileDisk disk = FileDisk.open(folder, "a coordinator")) {
            assertThat(JournalState.isThere(disk)).isTrue();
            assertThat(JournalState.isReplaced(disk)).isFalse();
            JournalState.replace(disk);
            JournalState.replace(disk);
        }
        try (FileDisk disk = FileDisk.open(folder, "a coordinator")) {
            assertThat(JournalState.isThere(disk)).isTrue();
            assertThat(JournalState.isReplaced(disk)).isTrue();
        }
        assertThat(folder.resolve("journal-1")).hasContent("decisions");
    }

    @Test
    void replace_noJournal_writesNothing() throws Exception {
        try (FileDisk disk = FileDisk.open(folder, "a coordinator")) {
            JournalState.replace(disk);
            assertThat(JournalState.isThere(disk)).isFalse();
            assertThat(disk.names()).isEmpty();
        }
    }
}
