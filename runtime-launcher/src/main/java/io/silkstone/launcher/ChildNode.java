package io.silkstone.launcher;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A node of a cluster that this process starts, by the start script as a person would. Detached,
 * the script is the child, and ends when the node serves; attached, the node itself is, and what it
 * says appears here with its name before it.
 */
final class ChildNode {
    private static final String OUR_PREFIX = "silkstone: ";
    private static final long STOP_SECONDS = 30;

    private final String name;
    private final Path home;
    private final Process process;
    private final boolean detached;
    private final Path report;
    private final List<String> said = new ArrayList<>();
    private final Thread reader;

    /** How its start went: what it serves, or in one sentence why it does not. */
    record Outcome(List<String> endpoints, String refusal) {}

    private ChildNode(String name, Path home, Process process, Path report, PrintStream shown) {
        this.name = name;
        this.home = home;
        this.process = process;
        this.detached = report == null;
        this.report = report;
        this.reader = Thread.ofPlatform().daemon().name(name).unstarted(() -> read(shown));
    }

    /** Starts one that outlives this process. */
    static ChildNode detached(Path script, String name, Path home) throws IOException {
        return started(
                new ChildNode(
                        name,
                        home,
                        process(script, List.of("up", "--home", home.toString(), "--detach")),
                        null,
                        null));
    }

    /** Starts one whose lines go to {@code shown}, and which reports to the file {@code report}. */
    static ChildNode attached(Path script, String name, Path home, Path report, PrintStream shown)
            throws IOException {
        return started(
                new ChildNode(
                        name,
                        home,
                        process(
                                script,
                                List.of(
                                        "up",
                                        "--home",
                                        home.toString(),
                                        "--report",
                                        report.toString())),
                        report,
                        shown));
    }

    private static Process process(Path script, List<String> words) throws IOException {
        List<String> command = new ArrayList<>(List.of(script.toString()));
        command.addAll(words);
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"))
                .start();
    }

    private static ChildNode started(ChildNode child) {
        child.reader.start();
        return child;
    }

    String name() {
        return name;
    }

    private void read(PrintStream shown) {
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (shown == null) {
                    said.add(line);
                } else {
                    shown.println(name + ": " + line);
                }
            }
            if (shown != null && !endedAsAsked(process.waitFor())) {
                shown.println(name + ": ended with " + process.exitValue());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            // The stream of a process that was killed; what it ended with says the rest.
            System.getLogger(ChildNode.class.getName())
                    .log(System.Logger.Level.DEBUG, name + " says no more", e);
        }
    }

    /** How the start went; nothing while it goes on. */
    Optional<Outcome> outcome() throws IOException, InterruptedException {
        return detached ? outcomeOfScript() : outcomeInReport();
    }

    private Optional<Outcome> outcomeOfScript() throws InterruptedException {
        if (process.isAlive()) {
            return Optional.empty();
        }
        reader.join();
        if (process.exitValue() == 0) {
            return Optional.of(new Outcome(List.copyOf(said), null));
        }
        String sentence = said.isEmpty() ? "it said nothing" : said.getFirst();
        return Optional.of(new Outcome(List.of(), plain(sentence)));
    }

    private Optional<Outcome> outcomeInReport() throws IOException {
        boolean ended = !process.isAlive();
        if (Files.exists(report) && Files.size(report) > 0) {
            List<String> lines = Files.readAllLines(report);
            List<String> before = lines.subList(0, lines.size() - 1);
            return Optional.of(
                    lines.getLast().equals("ready")
                            ? new Outcome(before, null)
                            : new Outcome(List.of(), plain(before.getFirst())));
        }
        return ended
                ? Optional.of(new Outcome(List.of(), "it ended with " + process.exitValue()))
                : Optional.empty();
    }

    private static String plain(String sentence) {
        return sentence.startsWith(OUR_PREFIX) ? sentence.substring(OUR_PREFIX.length()) : sentence;
    }

    /** Asks it to end, wherever in its life it is. */
    void ask() {
        process.destroy();
        if (detached) {
            RunningNode.find(home).ifPresent(RunningNode::ask);
        }
    }

    /** Asks it to end and waits for that. */
    void stop() {
        ask();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            Optional<RunningNode> node = RunningNode.find(home);
            if (detached && node.isPresent()) {
                node.get().stop(STOP_SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits for the end of an attached node; whether somebody had asked it to end. */
    boolean awaitEnd() throws InterruptedException {
        int code = process.waitFor();
        reader.join();
        return endedAsAsked(code);
    }

    /** By itself, at Ctrl-C, or because it was stopped. */
    private static boolean endedAsAsked(int code) {
        return code == 0 || code == 130 || code == 143;
    }
}
