package io.silkstone.harness;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A program of the machine, run with a bound on its time.
 *
 * @param path where it is
 */
public record Tool(Path path) {
    /** Looks {@code name} up in the PATH. */
    public static Optional<Tool> find(String name) {
        String folders = System.getenv().getOrDefault("PATH", "");
        for (String folder : folders.split(File.pathSeparator)) {
            Path candidate = Path.of(folder, name);
            if (Files.isExecutable(candidate) && !Files.isDirectory(candidate)) {
                return Optional.of(new Tool(candidate));
            }
        }
        return Optional.empty();
    }

    /** The command line of this tool with {@code arguments}. */
    public List<String> with(String... arguments) {
        List<String> line = new ArrayList<>(arguments.length + 1);
        line.add(path.toString());
        line.addAll(List.of(arguments));
        return line;
    }

    /**
     * Runs {@code command} in {@code folder} and waits for its end.
     *
     * @param limit after which it is killed
     * @return what it wrote, to standard output and error alike
     */
    public static Outcome run(
            Workplace workplace, Path folder, Duration limit, List<String> command)
            throws IOException, InterruptedException {
        // A file, because nobody would read a pipe while this thread waits with a time limit.
        Path output = Files.createTempFile(workplace.folder(), "tool", ".out");
        Process process =
                workplace.start(
                        new ProcessBuilder(command)
                                .directory(folder.toFile())
                                .redirectErrorStream(true)
                                .redirectInput(new File("/dev/null"))
                                .redirectOutput(output.toFile()));
        boolean inTime = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
        workplace.end(process);
        String text = new String(Files.readAllBytes(output), StandardCharsets.ISO_8859_1);
        Files.delete(output);
        return new Outcome(inTime, inTime ? process.exitValue() : -1, text);
    }

    /**
     * How a run ended.
     *
     * @param inTime false when it was killed for taking too long
     * @param exit its exit status, -1 when it was killed
     * @param output what it wrote
     */
    public record Outcome(boolean inTime, int exit, String output) {
        /** Whether it ended well. */
        public boolean succeeded() {
            return inTime && exit == 0;
        }
    }
}
