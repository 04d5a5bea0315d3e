package io.silkstone.shell.node;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A process on a terminal of its own, made by util-linux' {@code script}. */
final class PseudoTerminal implements AutoCloseable {
    private static final Path SCRIPT = Path.of("/usr/bin/script");

    private final Process process;
    private final InputStream output;
    private final OutputStream keys;
    private final Path device;
    private final StringBuilder screen = new StringBuilder();

    PseudoTerminal(List<String> command, int columns, int rows) throws IOException {
        device = Files.createTempFile("terminal", ".name");
        // Whoever runs the tests in the background may have had them ignore Ctrl-C, and a JVM that
        // was started like that never hears it.
        String line =
                "tty > %s; stty rows %d cols %d; exec env --default-signal=INT '%s'"
                        .formatted(device, rows, columns, String.join("' '", command));
        ProcessBuilder builder = new ProcessBuilder(SCRIPT.toString(), "-qec", line, "/dev/null");
        builder.environment().put("TERM", "xterm");
        builder.environment().put("SHELL", "/bin/sh");
        process = builder.redirectErrorStream(true).start();
        // Reading from a process cannot be interrupted: the end of the process ends it.
        CompletableFuture.delayedExecutor(2, TimeUnit.MINUTES).execute(process::destroyForcibly);
        output = process.getInputStream();
        keys = process.getOutputStream();
    }

    /** Whether this machine can make one. */
    static boolean isPossible() {
        return Files.isExecutable(SCRIPT)
                && System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("linux");
    }

    void type(String text) throws IOException {
        keys.write(text.getBytes(StandardCharsets.UTF_8));
        keys.flush();
    }

    void resize(int columns, int rows) throws Exception {
        String name = Files.readString(device).strip();
        new ProcessBuilder(
                        "stty",
                        "-F",
                        name,
                        "rows",
                        String.valueOf(rows),
                        "cols",
                        String.valueOf(columns))
                .inheritIO()
                .start()
                .waitFor();
    }

    /** Reads until {@code text} has appeared since the last call. */
    void expect(String text) throws IOException {
        byte[] bytes = new byte[4096];
        while (screen.indexOf(text) < 0) {
            int count = output.read(bytes);
            if (count < 0) {
                throw new IOException("Wanted '" + text + "', saw '" + screen + "'");
            }
            screen.append(new String(bytes, 0, count, StandardCharsets.UTF_8));
        }
        screen.delete(0, screen.indexOf(text) + text.length());
    }

    /** Settings of the terminal, as {@code stty -a} tells them. */
    String settings() throws Exception {
        String name = Files.readString(device).strip();
        Process stty = new ProcessBuilder("stty", "-F", name, "-a").start();
        return new String(stty.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    int exitCode() throws Exception {
        output.readAllBytes();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException("The process did not end.");
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroy();
    }
}
