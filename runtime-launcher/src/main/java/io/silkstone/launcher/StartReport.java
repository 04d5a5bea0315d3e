package io.silkstone.launcher;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * How the start went, said once: to the terminal, or to a file that the start script waits for when
 * the node runs detached. The file's last line is {@code ready}, {@code refused} or {@code
 * misused}.
 */
final class StartReport {
    private final Path file;
    private final PrintStream out;
    private final PrintStream err;

    /**
     * @param file where to say it, or null for {@code out} and {@code err}
     */
    StartReport(Path file, PrintStream out, PrintStream err) {
        this.file = file;
        this.out = out;
        this.err = err;
    }

    /** The node serves {@code endpoints}. */
    void ready(List<String> endpoints) {
        if (file == null) {
            endpoints.forEach(out::println);
        } else {
            write(endpoints, "ready");
        }
    }

    /**
     * The node was not started because of {@code sentence}, which gets its full stop here: what
     * components say stands in the middle of other sentences too.
     */
    void refused(String sentence) {
        refused(sentence, "refused");
    }

    /** Like {@link #refused(String)}, because of the command line. */
    void misused(String sentence) {
        refused(sentence, "misused");
    }

    /** Something that whoever is at the terminal, if anybody, will want to know. */
    void note(String sentence) {
        if (file == null) {
            err.println("silkstone: " + sentence);
        }
    }

    private void refused(String sentence, String outcome) {
        boolean ends = sentence.endsWith(".") || sentence.endsWith("?");
        String line = "silkstone: " + sentence + (ends ? "" : ".");
        if (file == null) {
            err.println(line);
        } else {
            write(List.of(line), outcome);
        }
    }

    private void write(List<String> lines, String outcome) {
        List<String> all = new ArrayList<>(lines);
        all.add(outcome);
        Path draft = file.resolveSibling(file.getFileName() + ".new");
        try {
            Files.write(draft, all);
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
