package io.silkstone.shell.node;

import io.silkstone.shell.client.ControlClient;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The client in a JVM of its own, with nothing but the bundle's classes. */
final class ClientProcess {
    private final Process process;
    private final Path out;
    private final Path err;

    ClientProcess(List<String> words) throws IOException {
        out = Files.createTempFile("client", ".out");
        err = Files.createTempFile("client", ".err");
        process =
                new ProcessBuilder(command(words))
                        .redirectOutput(out.toFile())
                        .redirectError(err.toFile())
                        .start();
    }

    /** What starts a client, a word each. */
    static List<String> command(List<String> words) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-cp",
                                Path.of(URI.create(LiveNode.location(ControlClient.class)))
                                        .toString(),
                                ControlClient.class.getName()));
        command.addAll(words);
        return command;
    }

    void type(String text) throws IOException {
        try (OutputStream input = process.getOutputStream()) {
            input.write(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    int exitCode() throws Exception {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IllegalStateException("The client did not end.");
        }
        return process.exitValue();
    }

    String out() throws Exception {
        exitCode();
        return Files.readString(out);
    }

    String err() throws Exception {
        exitCode();
        return Files.readString(err);
    }
}
