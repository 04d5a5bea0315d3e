package io.silkstone.simulation;

import io.silkstone.simulation.settings.Quoted;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The scenarios that there are: built in, as files that are shipped in the folder {@code
 * scenarios}, and in files of anybody.
 */
final class Catalogue {
    private static final String FOLDER = "scenarios";
    private static final String ENDING = ".scenario";

    private final List<ScenarioKind> kinds;

    /** With those of {@code kinds} built in. */
    Catalogue(List<ScenarioKind> kinds) {
        this.kinds = kinds;
    }

    /** Those that need no file. */
    List<Scenario> builtIn() {
        return kinds.stream().map(ScenarioKind::standard).toList();
    }

    /**
     * What somebody calls {@code name}: a scenario that is built in, a file that is shipped, or the
     * path of a file, which has a slash or ends in {@code .scenario}.
     *
     * @throws IllegalArgumentException with a sentence when there is no such scenario, or the file
     *     says something that is not allowed
     */
    Scenario find(String name) {
        if (name.contains("/") || name.endsWith(ENDING)) {
            return ScenarioFile.read(name, kinds);
        }
        for (ScenarioKind kind : kinds) {
            if (kind.name().equals(name)) {
                return kind.standard();
            }
        }
        Map<String, byte[]> shipped = shipped();
        if (!shipped.containsKey(name)) {
            throw new IllegalArgumentException(
                    "there is no scenario %s: use one of %s, or the path of a file that ends in %s."
                            .formatted(Quoted.of(name), String.join(", ", names(shipped)), ENDING));
        }
        return ScenarioFile.parse(name, shipped.get(name), kinds);
    }

    private List<String> names(Map<String, byte[]> shipped) {
        return Stream.concat(kinds.stream().map(ScenarioKind::name), shipped.keySet().stream())
                .sorted()
                .toList();
    }

    /** What is in the files that are shipped, by their names without the ending. */
    static Map<String, byte[]> shipped() {
        URL folder = Catalogue.class.getResource(FOLDER);
        if (folder == null) {
            return Map.of();
        }
        try {
            URI uri = folder.toURI();
            if (!uri.getScheme().equals("jar")) {
                return filesIn(Path.of(uri));
            }
            try (FileSystem jar = FileSystems.newFileSystem(uri, Map.of())) {
                return filesIn(jar.provider().getPath(uri));
            }
        } catch (URISyntaxException | IOException e) {
            throw new IllegalStateException("the scenarios that are shipped cannot be read", e);
        }
    }

    private static Map<String, byte[]> filesIn(Path folder) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        try (Stream<Path> all = Files.list(folder)) {
            for (Path file : all.toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith(ENDING)) {
                    files.put(
                            name.substring(0, name.length() - ENDING.length()),
                            Files.readAllBytes(file));
                }
            }
        }
        return files;
    }
}
