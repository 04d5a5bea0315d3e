package io.silkstone.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTreesTest {
    @TempDir Path folder;

    @Test
    void remove_treeWithLink_leavesWhatTheLinkNames() throws IOException {
        Path kept = Files.writeString(folder.resolve("kept"), "");
        Path other = Files.createDirectories(folder.resolve("other"));
        Path inOther = Files.writeString(other.resolve("file"), "");
        Path tree = folder.resolve("tree");
        Path below = Files.createDirectories(tree.resolve("below"));
        Files.writeString(below.resolve("file"), "");
        Files.createSymbolicLink(below.resolve("link"), kept);
        Files.createSymbolicLink(tree.resolve("directory"), other);

        FileTrees.remove(tree);

        assertThat(tree).doesNotExist();
        assertThat(kept).exists();
        assertThat(inOther).exists();
    }

    @Test
    void remove_nothingThere_doesNothing() throws IOException {
        FileTrees.remove(folder.resolve("none"));
        assertThat(folder).isEmptyDirectory();
    }
}
