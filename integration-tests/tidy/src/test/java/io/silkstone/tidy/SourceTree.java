package io.silkstone.tidy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The checkout that this test belongs to. */
record SourceTree(Path top) {
    private static final Set<String> NOT_OURS = Set.of("target", ".git", ".silkstone", ".idea");

    static SourceTree find() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("cnf/layers.txt"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException("cnf/layers.txt is in no folder above");
            }
        }
        return new SourceTree(folder);
    }

    /** Files below {@code folder} whose names end in {@code ending}, build output left out. */
    List<Path> files(String folder, String ending) {
        try (Stream<Path> paths = Files.walk(top.resolve(folder))) {
            return paths.filter(path -> path.toString().endsWith(ending))
                    .filter(path -> Files.isRegularFile(path) && isOurs(path))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Folders of bundles and policies: those with a pom of their own. */
    List<Path> modules() {
        return Stream.of("bundles", "policies")
                .flatMap(folder -> files(folder, "pom.xml").stream())
                .map(Path::getParent)
                .filter(folder -> !folder.getParent().equals(top))
                .toList();
    }

    /** The product's sources, tests left out. */
    List<Path> mainSources() {
        return Stream.of("bundles", "policies")
                .flatMap(folder -> files(folder, ".java").stream())
                .filter(path -> path.toString().contains("/src/main/"))
                .toList();
    }

    List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String name(Path file) {
        return top.relativize(file).toString();
    }

    private boolean isOurs(Path path) {
        for (Path part : top.relativize(path)) {
            if (NOT_OURS.contains(part.toString())) {
                return false;
            }
        }
        return true;
    }
}
