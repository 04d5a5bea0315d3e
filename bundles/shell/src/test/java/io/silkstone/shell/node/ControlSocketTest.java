package io.silkstone.shell.node;

import io.silkstone.shell.client.ControlClient;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlSocketTest {
    @TempDir static Path home;
    static LiveNode node;

    @BeforeAll
    static void start() throws Exception {
        node = LiveNode.start(home);
    }

    @AfterAll
    static void stop() throws Exception {
        node.close();
    }

    @Test
    void client_withACommand_showsItsAnswer() throws Exception {
        long t = System.nanoTime();
        Process p =
                new ProcessBuilder(
                                ProcessHandle.current().info().command().get(),
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-Xshare:auto",
                                "-cp",
                                new File(
                                                ControlClient.class
                                                        .getProtectionDomain()
                                                        .getCodeSource()
                                                        .getLocation()
                                                        .getPath())
                                        .toString(),
                                ControlClient.class.getName(),
                                "--home",
                                home.toString(),
                                "-c",
                                "help; policy:list",
                                "-c",
                                "policy:nix; echo a",
                                "-c",
                                "help | grep nothing",
                                "-c",
                                "policy:list | grep x",
                                "-c",
                                "echo 'abc' | grep b")
                        .redirectErrorStream(true)
                        .start();
        String s = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        p.waitFor();
        System.out.println(s + " -> " + p.exitValue() + " " + (System.nanoTime() - t) / 1000000);
    }
}
