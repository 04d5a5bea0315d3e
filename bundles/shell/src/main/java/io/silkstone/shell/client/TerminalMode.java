package io.silkstone.shell.client;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;

/**
 * The terminal that the client runs on, handled by {@code stty}: a second process costs some
 * milliseconds, a terminal library would cost hundreds.
 */
final class TerminalMode {
    /**
     * Standard input and output stay the terminal; the answer comes over the error stream. Every
     * key must reach the node as it is, Ctrl-C too; line feeds come back as the node wants them.
     */
    private static final String PROBE = "[ -t 0 ] && [ -t 1 ] && { stty -g; stty size; } >&2";

    private static final String RAW = "stty raw -echo";
    private static final String SIZE = "stty size >&2";

    private final String saved;
    private volatile int columns;
    private volatile int rows;

    private TerminalMode(String saved) {
        this.saved = saved;
    }

    /** The terminal, or null when standard input or output is none. */
    static TerminalMode probe() throws IOException {
        String[] lines = shell(PROBE);
        if (lines.length < 2) {
            return null;
        }
        TerminalMode mode = new TerminalMode(lines[0]);
        mode.takeSize(lines[1]);
        return mode;
    }

    /** Hands every key on at once and unseen, until {@link #restore}. */
    void makeRaw() throws IOException {
        shell(RAW);
    }

    /** The terminal as it was. */
    void restore() throws IOException {
        shell("stty ".concat(saved));
    }

    /** Asks for the size of the window. */
    void refreshSize() throws IOException {
        String[] lines = shell(SIZE);
        if (lines.length > 0) {
            takeSize(lines[0]);
        }
    }

    int columns() {
        return columns;
    }

    int rows() {
        return rows;
    }

    private void takeSize(String line) {
        int blank = line.indexOf(' ');
        if (blank > 0) {
            rows = Integer.parseInt(line, 0, blank, 10);
            columns = Integer.parseInt(line, blank + 1, line.length(), 10);
        }
    }

    /** The lines that {@code script} wrote to its error stream; none when it failed. */
    private static String[] shell(String script) throws IOException {
        Process process =
                new ProcessBuilder("sh", "-c", script)
                        .redirectInput(Redirect.INHERIT)
                        .redirectOutput(Redirect.INHERIT)
                        .start();
        StringBuilder text = new StringBuilder();
        try (BufferedReader reader =
                new BufferedReader(
                        new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                text.append(line).append('\n');
            }
            return process.waitFor() == 0 ? text.toString().split("\n") : new String[0];
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return new String[0];
        }
    }
}
