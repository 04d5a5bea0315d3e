package io.silkstone.tidy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every bundle says what it is, and its configuration table is true. */
class ReadmeTest {
    private static final Pattern SETTING = Pattern.compile("<AD [^>]*\\bid=\"([^\"]+)\"");
    private static final Pattern PID = Pattern.compile("<Designate [^>]*pid=\"([^\"]+)\"");

    private final SourceTree tree = SourceTree.find();

    @Test
    void modules_haveAReadme() {
        assertThat(tree.modules())
                .isNotEmpty()
                .allSatisfy(module -> assertThat(module.resolve("README.md")).exists());
    }

    @Test
    void readmes_nameEverySetting() throws IOException {
        List<String> missing = new ArrayList<>();
        for (Path module : tree.modules()) {
            Path readme = module.resolve("README.md");
            Path types = module.resolve("target/classes/OSGI-INF/metatype");
            if (Files.isDirectory(types) && Files.exists(readme)) {
                missing.addAll(missing(types, Files.readString(readme), tree.name(readme)));
            }
        }
        assertThat(missing).isEmpty();
    }

    private static List<String> missing(Path types, String readme, String name) throws IOException {
        List<String> missing = new ArrayList<>();
        try (Stream<Path> files = Files.list(types)) {
            for (Path file : files.filter(each -> each.toString().endsWith(".xml")).toList()) {
                String xml = Files.readString(file);
                for (Pattern pattern : List.of(PID, SETTING)) {
                    Matcher matcher = pattern.matcher(xml);
                    while (matcher.find()) {
                        if (!readme.contains('`' + matcher.group(1) + '`')) {
                            missing.add(name + " does not explain `" + matcher.group(1) + "`");
                        }
                    }
                }
            }
        }
        return missing;
    }
}
