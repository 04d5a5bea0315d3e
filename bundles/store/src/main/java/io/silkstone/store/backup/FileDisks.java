package io.silkstone.store.backup;

import io.silkstone.base.FileTrees;
import io.silkstone.base.disk.Disk;
import io.silkstone.base.disk.FileDisk;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Directories in one directory of the machine's file system, which is made when it is needed. */
public final class FileDisks implements Disks {
    private static final String OWNER = "a server";

    private final Path directory;

    /** In {@code directory}, which need not be there. */
    public FileDisks(Path directory) {
        this.directory = directory;
    }

    @Override
    public String path() {
        return directory.toString();
    }

    @Override
    public List<String> names() throws IOException {
        List<String> names = new ArrayList<>();
        if (Files.isDirectory(directory)) {
            try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
                all.forEach(each -> names.add(each.getFileName().toString()));
            }
        }
        return names;
    }

    @Override
    public Disk open(String name) throws IOException {
        return FileDisk.open(directory.resolve(name), OWNER);
    }

    @Override
    public void remove(String name) throws IOException {
        FileTrees.remove(directory.resolve(name));
    }
}
