package io.silkstone.node.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.harness.NodeProcess;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/**
 * A hundred thousand contents of {@code .cfg} files against the rules of every component of the
 * distribution: each is taken or refused with sentences, and none of them fails. The test lives in
 * the validator's package, since nobody else has business with it.
 */
class ConfigFuzzTest {
    private static final int TRIES = 50_000;
    private static final int PROBLEM_CHARACTERS_MAX = 4_000;
    private static final String[] VALUES = {
        "",
        "0",
        "-1",
        "1",
        "true",
        "false",
        "TRUE",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "1e308",
        "1e309",
        "NaN",
        "0x10",
        "1_000",
        "127.0.0.1",
        "::1",
        "none",
        "a,b",
        ",",
        ",,,",
        "\\",
        "\\u0041",
        "${user.home}",
        "# no comment",
        "=",
        "auto",
        "fixed"
    };

    private static final List<ConfigSchema> SCHEMAS = schemas();

    @Provide
    Arbitrary<ConfigSchema> components() {
        return Arbitraries.of(SCHEMAS);
    }

    @Provide
    Arbitrary<String> texts() {
        Arbitrary<String> keys =
                Arbitraries.frequencyOf(
                        Tuple.of(8, Arbitraries.of(keys())),
                        Tuple.of(1, Arbitraries.strings().ascii().ofMaxLength(20)),
                        Tuple.of(1, Arbitraries.strings().ofMaxLength(5)));
        Arbitrary<String> values =
                Arbitraries.frequencyOf(
                        Tuple.of(4, Arbitraries.of(VALUES)),
                        Tuple.of(2, Arbitraries.longs().map(String::valueOf)),
                        Tuple.of(2, Arbitraries.strings().ofMaxLength(40)),
                        Tuple.of(1, Arbitraries.integers().between(1, 5_000).map("9"::repeat)));
        Arbitrary<String> lines =
                Arbitraries.frequencyOf(
                        Tuple.of(8, Combinators.combine(keys, values).as((k, v) -> k + " = " + v)),
                        Tuple.of(1, Arbitraries.strings().ofMaxLength(60)),
                        Tuple.of(1, Arbitraries.of("", "# said", "\uFEFF", "=", "key", "\0")));
        return Combinators.combine(lines.list().ofMaxSize(8), Arbitraries.of("\n", "\r\n", "\r"))
                .as((each, end) -> String.join(end, each))
                .withoutEdgeCases();
    }

    @Property(tries = TRIES)
    void anyText_isTakenOrRefusedWithSentences(
            @ForAll("components") ConfigSchema schema, @ForAll("texts") String text) {
        List<String> problems = new ArrayList<>();
        CfgFile file = CfgFile.parse(text);
        Map<String, Object> typed = schema.typed(file, problems);
        assertThat(problems)
                .allSatisfy(
                        problem ->
                                assertThat(problem)
                                        .isNotBlank()
                                        .hasSizeLessThan(PROBLEM_CHARACTERS_MAX + text.length()));
        assertThat(schema.rules().keySet()).containsAll(typed.keySet());
        if (problems.isEmpty()) {
            assertThat(typed.keySet()).isEqualTo(file.values().keySet());
            assertThat(typed.values()).doesNotContainNull();
        }
    }

    @Property(tries = TRIES)
    void anyText_withOneKeySet_keepsTheOthers(
            @ForAll("components") ConfigSchema schema, @ForAll("texts") String text) {
        CfgFile file = CfgFile.parse(text);
        String key = schema.rules().keySet().iterator().next();
        CfgFile changed = CfgFile.parse(file.with(key, "changed"));
        assertThat(changed.values().get(key).text()).isEqualTo("changed");
        Set<String> others = new LinkedHashSet<>(file.values().keySet());
        others.remove(key);
        assertThat(changed.values().keySet()).containsAll(others);
    }

    private static List<String> keys() {
        return SCHEMAS.stream().flatMap(schema -> schema.rules().keySet().stream()).toList();
    }

    /** The rules of all bundles in the distribution. */
    private static List<ConfigSchema> schemas() {
        Path distribution = NodeProcess.checkout().resolve("runtime-launcher/target/silkstone");
        List<ConfigSchema> schemas = new ArrayList<>();
        try (Stream<Path> files = Files.walk(distribution)) {
            for (Path jar : files.filter(each -> each.toString().endsWith(".jar")).toList()) {
                addSchemas(jar, schemas);
            }
        } catch (IOException e) {
            throw new IllegalStateException("the distribution is not built", e);
        }
        schemas.removeIf(schema -> schema.rules().isEmpty());
        assertThat(schemas).as("components that can be configured").hasSizeGreaterThan(2);
        return schemas;
    }

    private static void addSchemas(Path jar, List<ConfigSchema> schemas) throws IOException {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            for (ZipEntry entry : zip.stream().toList()) {
                if (entry.getName().matches("OSGI-INF/metatype/[^/]+\\.xml")) {
                    try (InputStream document = zip.getInputStream(entry)) {
                        schemas.addAll(SchemaReader.read(document));
                    }
                }
            }
        }
    }
}
