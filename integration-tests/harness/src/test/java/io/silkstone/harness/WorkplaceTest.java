package io.silkstone.harness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class WorkplaceTest {
    @Test
    void close_endsProcessesAndRemovesFiles() throws Exception {
        Workplace workplace = new Workplace("test");
        Path folder = workplace.newFolder("full");
        Files.writeString(folder.resolve("file"), "content");
        Process process = workplace.start(new ProcessBuilder("sleep", "600"));
        workplace.close();
        assertThat(process.isAlive()).isFalse();
        assertThat(workplace.folder()).doesNotExist();
    }

    @Test
    void close_endsWhatAProcessStarted() throws Exception {
        try (Workplace workplace = new Workplace("test")) {
            Process shell = workplace.start(new ProcessBuilder("sh", "-c", "sleep 601 & wait"));
            List<ProcessHandle> children = List.of();
            while (children.isEmpty() && shell.isAlive()) {
                children = shell.descendants().toList();
            }
            workplace.end(shell);
            assertThat(children).hasSize(1);
            children.get(0).onExit().join();
            assertThat(children.get(0).isAlive()).isFalse();
        }
    }

    @Test
    void start_afterClose_isRefused() {
        Workplace workplace = new Workplace("test");
        workplace.close();
        assertThatThrownBy(() -> workplace.start(new ProcessBuilder("true")))
                .isInstanceOf(IOException.class);
    }

    @Test
    void run_aCommandThatTakesTooLong_isEnded() throws Exception {
        try (Workplace workplace = new Workplace("test")) {
            Tool.Outcome outcome =
                    Tool.run(
                            workplace,
                            workplace.folder(),
                            Duration.ofMillis(50),
                            List.of("sh", "-c", "echo begun; sleep 602"));
            assertThat(outcome.inTime()).isFalse();
            assertThat(outcome.succeeded()).isFalse();
        }
    }

    @Test
    void run_aCommandThatEnds_tellsItsOutputAndStatus() throws Exception {
        try (Workplace workplace = new Workplace("test")) {
            Tool.Outcome outcome =
                    Tool.run(
                            workplace,
                            workplace.folder(),
                            Duration.ofSeconds(60),
                            List.of("sh", "-c", "echo out; echo err >&2; exit 3"));
            assertThat(outcome.output()).isEqualTo("out\nerr\n");
            assertThat(outcome.exit()).isEqualTo(3);
        }
    }
}
