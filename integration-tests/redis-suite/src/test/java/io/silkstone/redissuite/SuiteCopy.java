package io.silkstone.redissuite;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A copy of Redis's suite for one series of runs, which write into it. Two guards are lifted in it,
 * because they keep out tests whose subject a node has:
 *
 * <ul>
 *   <li>one test in {@code unit/type/string} runs only where INFO names jemalloc; it asks whether
 *       MEMORY USAGE is small again after a smaller value took a large one's place;
 *   <li>{@code unit/info} is marked for servers that the suite starts itself, since it sets some
 *       back by starting anew; its tests ask for the statistics of errors in INFO.
 * </ul>
 */
final class SuiteCopy {
    private static final List<Guard> GUARDS =
            List.of(
                    new Guard(
                            "tests/unit/type/string.tcl",
                            "if {[string match {*jemalloc*} [s mem_allocator]]} {",
                            "if {1} {"),
                    new Guard(
                            "tests/unit/info.tcl",
                            "tags {\"info\" \"external:skip\"}",
                            "tags {\"info\"}"));

    private SuiteCopy() {}

    /** A guard's text, and what stands in its place. */
    private record Guard(String file, String text, String lifted) {}

    /** Copies the folder {@code tests} of {@code suite} into {@code target}, an empty folder. */
    static Path of(Path suite, Path target) throws IOException {
        Path tests = suite.resolve("tests");
        try (Stream<Path> paths = Files.walk(tests)) {
            for (Path each : paths.toList()) {
                Files.copy(each, target.resolve(suite.relativize(each)));
            }
        }
        for (Guard guard : GUARDS) {
            Path file = target.resolve(guard.file());
            String text = Files.readString(file, StandardCharsets.ISO_8859_1);
            if (!text.contains(guard.text())) {
                throw new IllegalStateException(guard.file() + " lacks " + guard.text());
            }
            Files.writeString(
                    file, text.replace(guard.text(), guard.lifted()), StandardCharsets.ISO_8859_1);
        }
        return target;
    }
}
