package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
        // It ended; this JVM takes note of that in another thread, later.
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
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

    @Test
    void find_firstThreadEndedAndOthersNot_isFound() throws Exception {
        // Only a thread that ends by itself leaves the others; no JVM's first one does.
        String program =
                """
                import ctypes, threading, time
                threading.Thread(target=time.sleep, args=(300,)).start()
                print(flush=True)
                ctypes.CDLL(None).pthread_exit(None)
                """;
        assumeThat(hasPython()).as("python3 is here").isTrue();
        Process process = new ProcessBuilder("python3", "-c", program).start();
        try {
            RunningNode.write(home, process.toHandle());
            process.inputReader().readLine();
            Path stat = Path.of("/proc", Long.toString(process.pid()), "stat");
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (!Files.readString(stat).contains(") Z ")) {
                assertThat(System.nanoTime() - deadline).isNegative();
                Thread.sleep(10);
            }
            assertThat(RunningNode.find(home)).as("with a thread left").isPresent();
            process.destroyForcibly().waitFor();
            assertThat(RunningNode.find(home)).isEmpty();
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    private static boolean hasPython() throws InterruptedException {
        try {
            return new ProcessBuilder("python3", "--version").start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
