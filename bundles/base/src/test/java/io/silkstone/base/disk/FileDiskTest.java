package io.silkstone.base.disk;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileDiskTest {
    @TempDir Path directory;

    @Test
    void open_directoryInUse_isRefusedInASentence() throws IOException {
        try (FileDisk first = FileDisk.open(directory, "a store")) {
            assertThat(first.names()).isEmpty();
            assertThatThrownBy(() -> FileDisk.open(directory, "a store"))
                    .hasMessageContaining("is a store running there?");
        }
        FileDisk.open(directory, "a store").close();
    }

    @Test
    void open_ofAFile_hasWhatWasWrittenUnderItsNewName() throws IOException {
        try (FileDisk disk = FileDisk.open(directory.resolve("below"), "a store")) {
            try (Disk.Writer writer = disk.open("a")) {
                writer.write(0, ByteBuffer.wrap("Silkstone".getBytes(UTF_8)));
                writer.truncate(4);
                disk.rename("a", "b");
                writer.write(2, ByteBuffer.wrap("me".getBytes(UTF_8)));
                writer.sync();
            }
            disk.sync();

            assertThat(disk.names()).containsExactly("b");
            assertThat(disk.length("b")).isEqualTo(4);
            assertThat(disk.read("b")).asString(UTF_8).isEqualTo("Sime");
            assertThat(disk.read("b", 1, 2)).asString(UTF_8).isEqualTo("im");
            assertThat(disk.read("b", 2, 9)).asString(UTF_8).isEqualTo("me");
            assertThat(disk.read("b", 9, 9)).isEmpty();
            disk.delete("b");
            assertThat(disk.names()).isEmpty();
        }
    }
}
