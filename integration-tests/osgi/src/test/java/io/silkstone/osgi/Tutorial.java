package io.silkstone.osgi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The code blocks of a page, in order. What stands behind the three back-ticks says what to do:
 *
 * <ul>
 *   <li>{@code sh}: run it; {@code sh eventually}: run it until the output below is there
 *   <li>{@code text}: what the block above shows, among other lines; {@code …} stands for anything
 *   <li>a language and a path: a file with that content
 * </ul>
 *
 * @param steps the blocks
 */
record Tutorial(List<Step> steps) {
    private static final String FENCE = "```";

    /**
     * One block.
     *
     * @param kind {@code sh}, {@code sh eventually}, {@code text} or {@code file}
     * @param path for a file, where it goes
     * @param content what is in it
     */
    record Step(String kind, String path, String content) {}

    static Tutorial read(Path page) throws IOException {
        List<Step> steps = new ArrayList<>();
        String opened = null;
        StringBuilder content = new StringBuilder();
        for (String line : Files.readAllLines(page)) {
            if (!line.startsWith(FENCE)) {
                content.append(line).append('\n');
            } else if (opened == null) {
                opened = line.substring(FENCE.length());
                content.setLength(0);
            } else {
                steps.add(step(opened, content.toString()));
                opened = null;
            }
        }
        if (opened != null) {
            throw new IOException(page + ": the last block has no end");
        }
        return new Tutorial(steps);
    }

    /** Whether each line of {@code wanted} is a line of {@code shown}, in the same order. */
    static boolean shows(String shown, String wanted) {
        List<String> rest = shown.lines().map(Tutorial::spaced).toList();
        for (String line : wanted.lines().toList()) {
            Pattern pattern =
                    Pattern.compile(".*\\Q" + spaced(line).replace("…", "\\E.*\\Q") + "\\E.*");
            int at = 0;
            while (at < rest.size() && !pattern.matcher(rest.get(at)).matches()) {
                at++;
            }
            if (at == rest.size()) {
                return false;
            }
            rest = rest.subList(at + 1, rest.size());
        }
        return true;
    }

    private static Step step(String opened, String content) throws IOException {
        List<String> words = List.of(opened.split(" "));
        if (opened.equals("sh") || opened.equals("sh eventually") || opened.equals("text")) {
            return new Step(opened, "", content);
        }
        if (words.size() != 2) {
            throw new IOException("a block that nobody understands: " + opened);
        }
        return new Step("file", words.get(1), content);
    }

    /** Tables align their columns by as many blanks as it takes. */
    private static String spaced(String line) {
        return line.strip().replaceAll("\\s+", " ");
    }
}
