package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunningClusterTest {
    @TempDir Path root;
    private final List<Process> processes = new ArrayList<>();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private RunningCluster cluster() {
        return new RunningCluster(new ClusterHome(root, 2, 7600));
    }

    private Process start(int number) throws IOException {
        Path run = Files.createDirectories(root.resolve("node-" + number).resolve("run"));
        Process process = new ProcessBuilder("sleep", "300").start();
        processes.add(process);
        RunningNode.write(run.getParent(), process.toHandle());
        Files.writeString(
                run.resolve("endpoints"), "control /x\nredis 127.0.0.1:760" + number + "\n");
        Files.writeString(run.resolve("cluster"), "serving server " + number + ".1\n");
        return process;
    }

    @AfterEach
    void end() {
        processes.forEach(Process::destroyForcibly);
    }

    @Test
    void status_allRun_showsALineEach() throws Exception {
        start(1);
        start(2);
        cluster().status(new PrintStream(out));
        List<String> lines = out.toString().lines().toList();
        assertThat(lines).hasSize(3);
        assertThat(lines.getFirst()).matches("NODE    STATE  PROCESS +UPTIME    REDIS +CLUSTER");
        assertThat(lines.get(2))
                .matches("node-2  ready  [0-9]+ +00:0[0-9:]+  127.0.0.1:7602  server 2.1");
    }

    @Test
    void status_oneDead_isShownAndFails() throws Exception {
        start(1);
        start(2).destroyForcibly().waitFor();
        assertThatThrownBy(() -> cluster().status(new PrintStream(out)))
                .hasMessageStartingWith("node-2 does not run: `silkstone up --home " + root);
        assertThat(out.toString()).containsPattern("node-1 +ready").containsPattern("node-2 +not");
    }

    @Test
    void status_noneRuns_fails() {
        assertThatThrownBy(() -> cluster().status(new PrintStream(out)))
                .hasMessage("No node runs in " + root + ".");
    }

    @Test
    void stop_all_endsTheCoordinatorLast() throws Exception {
        start(1);
        start(2);
        cluster().stop(60, new PrintStream(out));
        assertThat(out).hasToString("Stopped node-2.\nStopped node-1.\n");
        // They ended; this JVM takes note of that in another thread, later.
        for (Process process : processes) {
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
        out.reset();
        cluster().stop(60, new PrintStream(out));
        assertThat(out).hasToString("No node runs in " + root + ".\n");
    }
}
