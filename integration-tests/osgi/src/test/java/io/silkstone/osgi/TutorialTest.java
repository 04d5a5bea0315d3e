package io.silkstone.osgi;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.harness.NodeProcess;
import io.silkstone.harness.Ports;
import io.silkstone.harness.Tool;
import io.silkstone.harness.Workplace;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Does what docs/tutorials/core-policy.md says, word for word, in a copy of this checkout. */
class TutorialTest {
    private static final Duration COMMAND_MAX = Duration.ofMinutes(6);
    private static final Set<String> NOT_COPIED = Set.of(".git", ".silkstone", "surefire-reports");

    private final Path checkout = NodeProcess.checkout();

    @Test
    void corePolicy_everyBlock_doesWhatThePageSays() throws Exception {
        Tutorial tutorial = Tutorial.read(checkout.resolve("docs/tutorials/core-policy.md"));
        assertThat(tutorial.steps()).hasSizeGreaterThan(20);
        try (Workplace workplace = new Workplace("tutorial")) {
            Path copy = copyOf(checkout, workplace.folder().resolve("silkstone"));
            Path etc = Files.createDirectories(copy.resolve(".silkstone/node/etc"));
            Files.writeString(etc.resolve(OperatedNode.THREADS), OperatedNode.PATIENCE);
            String port = Integer.toString(Ports.free());
            try {
                for (int index = 0; index < tutorial.steps().size(); index++) {
                    follow(tutorial, index, copy, port, workplace);
                }
            } finally {
                run(workplace, copy, port, "./silkstone down");
            }
        }
    }

    private static void follow(
            Tutorial tutorial, int index, Path copy, String port, Workplace workplace)
            throws IOException, InterruptedException {
        Tutorial.Step step = tutorial.steps().get(index);
        if (step.kind().equals("file")) {
            Path file = copy.resolve(step.path());
            Files.createDirectories(file.getParent());
            Files.writeString(file, step.content());
        } else if (step.kind().startsWith("sh")) {
            boolean hasOutput =
                    index + 1 < tutorial.steps().size()
                            && tutorial.steps().get(index + 1).kind().equals("text");
            String wanted = hasOutput ? tutorial.steps().get(index + 1).content() : "";
            long deadlineNs = System.nanoTime() + COMMAND_MAX.toNanos();
            Tool.Outcome outcome = run(workplace, copy, port, step.content());
            while (step.kind().endsWith("eventually")
                    && !Tutorial.shows(outcome.output(), wanted)
                    && System.nanoTime() - deadlineNs < 0) {
                outcome = run(workplace, copy, port, step.content());
            }
            String what = step.content() + "said\n" + outcome.output();
            assertThat(outcome.succeeded()).as(what).isTrue();
            assertThat(Tutorial.shows(outcome.output(), wanted))
                    .as(what + "but the page says\n" + wanted)
                    .isTrue();
        }
    }

    private static Tool.Outcome run(Workplace workplace, Path copy, String port, String script)
            throws IOException, InterruptedException {
        // A port of its own: a developer's node may be running at the usual one.
        String line = "set -e\nunset SILKSTONE_HOME\nexport SILKSTONE_PORT_BASE=" + port + "\n";
        return Tool.run(workplace, copy, COMMAND_MAX, List.of("/bin/sh", "-c", line + script));
    }

    /** With the build's output, whose files keep their times, so that nothing is built twice. */
    private static Path copyOf(Path from, Path to) throws IOException {
        Files.walkFileTree(
                from,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(
                            Path folder, BasicFileAttributes attributes) throws IOException {
                        if (NOT_COPIED.contains(folder.getFileName().toString())) {
                            return FileVisitResult.SKIP_SUBTREE;
                        }
                        Files.createDirectories(to.resolve(from.relativize(folder)));
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.copy(
                                file,
                                to.resolve(from.relativize(file)),
                                StandardCopyOption.COPY_ATTRIBUTES);
                        return FileVisitResult.CONTINUE;
                    }
                });
        return to;
    }
}
