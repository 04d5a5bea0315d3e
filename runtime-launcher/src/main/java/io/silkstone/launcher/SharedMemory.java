package io.silkstone.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The memory file system where media drivers keep their buffers. A node's directories in it carry
 * its identity, so that the next start can tell what a killed one left from what others use.
 */
final class SharedMemory {
    private final Path folder;
    private final String nodeId;

    /**
     * @param folder {@code /dev/shm}
     * @param nodeId the identity of the node whose directories these are
     */
    SharedMemory(Path folder, String nodeId) {
        this.folder = folder;
        this.nodeId = nodeId;
    }

    /** Where this node's media driver keeps its buffers. */
    Path aeronDirectory() {
        return folder.resolve(prefix() + "aeron");
    }

    /**
     * Does nothing when {@code bytes} are free, or when this system has no such file system at all.
     *
     * @throws StartRefused with what is there and what is needed otherwise
     */
    void requireFree(long bytes) throws StartRefused {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try {
            long free = Files.getFileStore(folder).getUsableSpace();
            if (free < bytes) {
                throw new StartRefused(
                        ("%s has %d bytes free and the node needs %d (shm.bytes.min in"
                                        + " etc/node.properties): make it larger, for example with"
                                        + " `mount -o remount,size=256m %s`.")
                                .formatted(folder, free, bytes, folder));
            }
        } catch (IOException e) {
            throw new StartRefused(
                    "%s cannot be looked at: %s.".formatted(folder, e.getMessage()), e);
        }
    }

    /** Removes what an earlier process of this node left. */
    void removeStale() throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> entries = Files.list(folder)) {
            for (Path entry : entries.toList()) {
                if (entry.getFileName().toString().startsWith(prefix())) {
                    Home.removeTree(entry);
                }
            }
        }
    }

    private String prefix() {
        return "silkstone-" + nodeId + "-";
    }
}
