package io.silkstone.tidy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Imports point down only, as cnf/layers.txt says. */
class LayersTest {
    private static final String ALL = "all";
    private static final Pattern OUR_PACKAGE = Pattern.compile("io\\.silkstone(\\.\\w+)+");

    private final SourceTree tree = SourceTree.find();
    private final Map<String, Layer> layers = layers();

    private record Layer(int level, Set<String> mayImport) {}

    @Test
    void layers_pointDown() {
        layers.forEach(
                (module, layer) ->
                        assertThat(layer.mayImport)
                                .as("what %s may import, in cnf/layers.txt", module)
                                .allMatch(
                                        other ->
                                                other.equals(ALL)
                                                        || layers.get(other).level < layer.level));
    }

    @Test
    void imports_areAllowedByTheLayers() throws IOException {
        Map<String, String> moduleOfPackage = new HashMap<>();
        Map<String, Set<String>> importsOfModule = new HashMap<>();
        for (Path module : tree.modules()) {
            String name = module.getFileName().toString();
            Manifest manifest = manifest(module);
            packages(manifest, "Export-Package").forEach(each -> moduleOfPackage.put(each, name));
            importsOfModule.put(name, packages(manifest, "Import-Package"));
        }

        List<String> wrong = new ArrayList<>();
        importsOfModule.forEach(
                (module, imports) -> {
                    assertThat(layers).as("cnf/layers.txt").containsKey(module);
                    Set<String> allowed = layers.get(module).mayImport;
                    for (String each : imports) {
                        String owner = moduleOfPackage.get(each);
                        boolean own = module.equals(owner);
                        if (!own && !allowed.contains(ALL) && !allowed.contains(owner)) {
                            wrong.add(module + " imports " + each + " of " + owner);
                        }
                    }
                });
        assertThat(wrong).isEmpty();
        assertThat(importsOfModule).hasSizeGreaterThan(5);
    }

    private static Manifest manifest(Path module) throws IOException {
        Path file = module.resolve("target/classes/META-INF/MANIFEST.MF");
        assertThat(file).as("build the bundles first").exists();
        try (InputStream in = Files.newInputStream(file)) {
            return new Manifest(in);
        }
    }

    private static Set<String> packages(Manifest manifest, String header) {
        String value = manifest.getMainAttributes().getValue(header);
        String withoutQuotes = value == null ? "" : value.replaceAll("\"[^\"]*\"", "");
        Matcher matcher = OUR_PACKAGE.matcher(withoutQuotes);
        return Set.copyOf(matcher.results().map(result -> result.group()).toList());
    }

    private Map<String, Layer> layers() {
        Map<String, Layer> read = new HashMap<>();
        for (String line : tree.lines(tree.top().resolve("cnf/layers.txt"))) {
            if (!line.isBlank() && !line.startsWith("#")) {
                List<String> words = List.of(line.trim().split("\\s+"));
                int level = Integer.parseInt(words.get(1));
                read.put(
                        words.get(0), new Layer(level, Set.copyOf(words.subList(2, words.size()))));
            }
        }
        return read;
    }
}
