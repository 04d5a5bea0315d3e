package io.silkstone.redissuite;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a run must come to: of each file the number of tests that Redis itself passes, less those
 * that {@code ratchet.txt} names with what a node lacks for them. So every test that can pass has
 * to, and a test that passes although it is named there has to be taken off the list: nothing that
 * was won is lost again.
 */
final class Ratchet {
    private static final String LACKING = "- ";
    private static final String SEPARATOR = ": ";

    private Ratchet() {}

    /**
     * What is expected of one file.
     *
     * @param name a file of Redis's suite
     * @param redisPasses how many of its tests pass against Redis itself, run in the same way
     * @param lacking tests that a node cannot pass, and what it lacks for each
     */
    record File(String name, int redisPasses, Map<String, String> lacking) {
        /** How many tests pass against a node. */
        int passes() {
            return redisPasses - lacking.size();
        }

        /** Sentences about what is not as expected in {@code result}; none when all is well. */
        List<String> judge(SuiteRun.Result result) {
            List<String> complaints = new ArrayList<>();
            if (!result.finished()) {
                complaints.add("the run did not reach its end");
            }
            for (String failure : result.failed()) {
                if (!lacking.containsKey(failure)) {
                    complaints.add("fails: " + failure);
                }
            }
            Set<String> won = new TreeSet<>(lacking.keySet());
            won.retainAll(result.passed());
            won.forEach(test -> complaints.add("passes now, take it off ratchet.txt: " + test));
            if (complaints.isEmpty() && result.passed().size() != passes()) {
                complaints.add(
                        result.passed().size()
                                + " tests pass, where "
                                + passes()
                                + " are expected");
            }
            return complaints;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** Reads {@code ratchet.txt}. */
    static List<File> files() {
        try (InputStream text = Ratchet.class.getResourceAsStream("/ratchet.txt")) {
            return read(new String(text.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads a text like {@code ratchet.txt}. */
    static List<File> read(String text) {
        Map<String, File> files = new LinkedHashMap<>();
        File file = null;
        for (String line : text.lines().map(String::strip).toList()) {
            if (line.startsWith(LACKING)) {
                int end = line.indexOf(SEPARATOR);
                String reason = line.substring(LACKING.length(), end);
                file.lacking().put(line.substring(end + SEPARATOR.length()), reason);
            } else if (!line.isEmpty() && !line.startsWith("#")) {
                String[] words = line.split("\\s+");
                file = new File(words[0], Integer.parseInt(words[1]), new TreeMap<>());
                files.put(words[0], file);
            }
        }
        return List.copyOf(files.values());
    }
}
