package io.silkstone.redissuite;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * How many tests of each file passed so far. A run must not pass fewer; when it passes more, the
 * file {@code ratchet.txt} is to be raised, so that nothing that was won is lost again.
 */
final class Ratchet {
    private Ratchet() {}

    /**
     * One line of the ratchet.
     *
     * @param file a file of Redis's suite
     * @param passes how many of its tests pass against a node
     * @param redisPasses how many pass against Redis itself, run in the same way
     */
    record Line(String file, int passes, int redisPasses) {
        @Override
        public String toString() {
            return file;
        }
    }

    /** Reads {@code ratchet.txt}. */
    static List<Line> lines() {
        try (BufferedReader reader =
                new BufferedReader(
                        new InputStreamReader(
                                Ratchet.class.getResourceAsStream("/ratchet.txt"),
                                StandardCharsets.UTF_8))) {
            List<Line> lines = new ArrayList<>();
            for (String text = reader.readLine(); text != null; text = reader.readLine()) {
                if (!text.isBlank() && !text.startsWith("#")) {
                    String[] words = text.trim().split("\\s+");
                    lines.add(
                            new Line(
                                    words[0],
                                    Integer.parseInt(words[1]),
                                    Integer.parseInt(words[2])));
                }
            }
            return lines;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
