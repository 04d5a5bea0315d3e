package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunningNodeTest {
    @TempDir Path home;

    @BeforeEach
    void createRun() throws IOException {
        Files.createDirectory(home.resolve("run"));
    }

    @Test
    void find_livingProcess_isFound() throws IOException {
        RunningNode.write(home, ProcessHandle.current());
        RunningNode node = RunningNode.find(home).orElseThrow();
        assertThat(node.pid()).isEqualTo(ProcessHandle.current().pid());
        assertThat(node.endpoints()).isEmpty();
    }

    @Test
    void find_numberGivenOutAgain_isNotOurs() throws IOException {
        Files.writeString(home.resolve("run/node.pid"), ProcessHandle.current().pid() + " 1000\n");
        assertThat(RunningNode.find(home)).isEmpty();
    }

    @Test
    void find_damagedOrMissingFile_isNone() throws IOException {
        assertThat(RunningNode.find(home)).isEmpty();
        Files.writeString(home.resolve("run/node.pid"), "x");
        assertThat(RunningNode.find(home)).isEmpty();
    }

    @Test
    void endpoints_readyNode_areItsOwn() throws IOException {
        RunningNode.write(home, ProcessHandle.current());
        Files.writeString(home.resolve("run/endpoints"), "redis 127.0.0.1:7600\n");
        assertThat(RunningNode.find(home).orElseThrow().endpoints())
                .contains(List.of("redis 127.0.0.1:7600"));
    }

    @Test
    void stop_process_endsIt() throws Exception {
        Process process = new ProcessBuilder("sleep", "300").start();
        RunningNode.write(home, process.toHandle());
        assertThat(RunningNode.find(home).orElseThrow().stop(60)).isTrue();
        assertThat(process.isAlive()).isFalse();
        assertThat(RunningNode.find(home)).isEmpty();
    }

    @Test
    void find_processThatNobodyBuries_isNone() throws Exception {
        Process parent =
                new ProcessBuilder("sh", "-c", "sleep 300 & echo $!; exec sleep 300").start();
        try {
            String pid = parent.inputReader().readLine();
            ProcessHandle child = ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
            RunningNode.write(home, child);
            RunningNode node = RunningNode.find(home).orElseThrow();
            assertThat(node.stop(60)).isTrue();
            assertThat(child.isAlive()).as("as the JDK sees it").isTrue();
            assertThat(RunningNode.find(home)).isEmpty();
        } finally {
            parent.destroyForcibly().waitFor();
        }
    }
}
