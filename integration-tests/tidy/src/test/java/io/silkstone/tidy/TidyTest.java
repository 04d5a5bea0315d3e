package io.silkstone.tidy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Rules of the source text that no compiler knows. */
class TidyTest {
    private static final int LINE_LENGTH_MAX = 100;
    private static final int FILE_LINES_MAX = 800;
    private static final Pattern LEFT_UNDONE =
            Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b");
    private static final Pattern MACHINE_PATH =
            Pattern.compile("(?<![\\w$}])/(work|root|home|Users)/[\\w.]+");
    private static final Pattern CITATION =
            Pattern.compile(
                    "[Ss]ee \"([^\"]+)\"\\s+(?:\\*\\s+|//\\s+)?in\\s+(?:\\*\\s+|//\\s+)?"
                            + "docs/design-notes\\.md");

    private final SourceTree tree = SourceTree.find();

    private record Ban(Pattern pattern, String instead) {}

    private record Allowance(String file, String pattern) {}

    @Test
    void calls_thatAreBanned_areNotMade() {
        List<Ban> bans = new ArrayList<>();
        Set<Allowance> allowances = new LinkedHashSet<>();
        for (String line : tree.lines(tree.top().resolve("cnf/banned.txt"))) {
            if (line.startsWith("ban ")) {
                String[] parts = line.substring(4).split("=>");
                bans.add(new Ban(Pattern.compile(parts[0].trim()), parts[1].trim()));
            } else if (line.startsWith("allow ")) {
                assertThat(line).as("cnf/banned.txt").contains(" because ");
                String[] words = line.split("\\s+");
                allowances.add(new Allowance(words[1], words[2]));
            }
        }
        assertThat(bans).hasSizeGreaterThan(5);

        List<String> found = new ArrayList<>();
        Set<Allowance> unused = new LinkedHashSet<>(allowances);
        for (Path file : tree.mainSources()) {
            List<String> lines = tree.lines(file);
            for (int index = 0; index < lines.size(); index++) {
                for (Ban ban : bans) {
                    if (isCode(lines.get(index)) && ban.pattern.matcher(lines.get(index)).find()) {
                        Allowance needed = new Allowance(tree.name(file), ban.pattern.pattern());
                        unused.remove(needed);
                        if (!allowances.contains(needed)) {
                            found.add(where(file, index) + ": " + ban.instead);
                        }
                    }
                }
            }
        }
        assertThat(found).isEmpty();
        assertThat(unused).as("allowances in cnf/banned.txt that nothing needs").isEmpty();
    }

    @Test
    void lines_fitTheWidth() {
        List<String> found = new ArrayList<>();
        for (Path file : tree.files(".", ".java")) {
            List<String> lines = tree.lines(file);
            for (int index = 0; index < lines.size(); index++) {
                if (lines.get(index).length() > LINE_LENGTH_MAX) {
                    found.add(where(file, index));
                }
            }
        }
        assertThat(found).isEmpty();
    }

    @Test
    void files_fitTheLength() {
        assertThat(tree.files(".", ".java"))
                .isNotEmpty()
                .allSatisfy(
                        file ->
                                assertThat(tree.lines(file))
                                        .as(tree.name(file))
                                        .hasSizeLessThanOrEqualTo(FILE_LINES_MAX));
    }

    @Test
    void nothing_isLeftUndone() {
        assertThat(matches(tree.files(".", ".java"), LEFT_UNDONE)).isEmpty();
    }

    @Test
    void nothing_namesAMachinesPaths() {
        List<Path> files = new ArrayList<>(tree.files(".", ".java"));
        for (String ending : List.of(".md", ".txt", ".sh", ".xml", ".bnd", ".options")) {
            files.addAll(tree.files(".", ending));
        }
        assertThat(matches(files, MACHINE_PATH)).isEmpty();
    }

    @Test
    void designNotes_areCitedAndExist() {
        Set<String> cited = new LinkedHashSet<>();
        for (Path file : tree.mainSources()) {
            Matcher matcher = CITATION.matcher(String.join("\n", tree.lines(file)));
            matcher.results().forEach(result -> cited.add(result.group(1)));
        }
        List<String> notes =
                tree.lines(tree.top().resolve("docs/design-notes.md")).stream()
                        .filter(line -> line.startsWith("## "))
                        .map(line -> line.substring(3).trim())
                        .toList();
        assertThat(cited).containsExactlyInAnyOrderElementsOf(notes);
    }

    private List<String> matches(List<Path> files, Pattern pattern) {
        List<String> found = new ArrayList<>();
        for (Path file : files) {
            List<String> lines = tree.lines(file);
            for (int index = 0; index < lines.size(); index++) {
                if (pattern.matcher(lines.get(index)).find()) {
                    found.add(where(file, index) + ": " + lines.get(index).trim());
                }
            }
        }
        return found;
    }

    private String where(Path file, int index) {
        return tree.name(file) + ":" + (index + 1);
    }

    private static boolean isCode(String line) {
        String text = line.strip();
        return !text.startsWith("*") && !text.startsWith("//") && !text.startsWith("/*");
    }
}
