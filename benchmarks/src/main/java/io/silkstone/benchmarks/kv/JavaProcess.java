package io.silkstone.benchmarks.kv;

import io.silkstone.harness.Workplace;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A main class of this program in a process of its own, set as a node's JVM is. */
final class JavaProcess implements AutoCloseable {
    private static final List<String> OPTIONS =
            List.of(
                    "-XX:+UseSerialGC",
                    "-Xms32m",
                    "-Xmx256m",
                    "--enable-native-access=ALL-UNNAMED",
                    "--add-opens=java.base/java.lang=ALL-UNNAMED",
                    "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                    "--sun-misc-unsafe-memory-access=allow");

    private final Workplace workplace;
    private final Process process;
    private final Writer in;
    private final BufferedReader out;

    private JavaProcess(Workplace workplace, Process process) {
        this.workplace = workplace;
        this.process = process;
        in = process.outputWriter();
        out = process.inputReader();
    }

    /** Starts {@code main}, which is to end with its standard input. */
    static JavaProcess start(
            Workplace workplace, List<String> prefix, Class<?> main, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(prefix);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(OPTIONS);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        return new JavaProcess(workplace, workplace.start(builder));
    }

    /** Waits for a line of its output. */
    String readLine() throws IOException {
        String line = out.readLine();
        if (line == null) {
            throw new IOException("a process ended before it said that it was ready");
        }
        return line;
    }

    /** Gives it a line of input. */
    void writeLine(String line) throws IOException {
        in.write(line + "\n");
        in.flush();
    }

    long pid() {
        return process.pid();
    }

    @Override
    public void close() throws IOException {
        in.close();
        workplace.end(process);
    }
}
