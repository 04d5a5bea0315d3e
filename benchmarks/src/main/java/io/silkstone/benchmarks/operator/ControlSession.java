package io.silkstone.benchmarks.operator;

import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.shell.control.Frame;
import io.silkstone.shell.control.FrameChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An operator at the node's control socket, without the process that {@code ./silkstone shell}
 * starts for each call: that would load the machine more than what it asks for. One thread.
 */
public final class ControlSession implements AutoCloseable {
    private static final Pattern OBJECT = Pattern.compile("\\{[^{}]*}");
    private static final Pattern FIELD = Pattern.compile("\"(\\w+)\" *: *\"?([^\",}]*)\"?");
    private static final long WAIT_NANOS_MAX = 60_000_000_000L;
    private static final long POLL_MILLIS = 100;

    private final FrameChannel channel;

    /** Connects to the node in {@code home}. */
    public ControlSession(Path home) throws IOException {
        SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
        socket.connect(UnixDomainSocketAddress.of(home.resolve("run").resolve("control.sock")));
        channel = new FrameChannel(socket);
        Frame first = channel.read();
        if (first == null || first.kind() != Frame.Kind.HELLO) {
            throw new IOException("the node's control socket does not greet");
        }
        channel.write(Frame.hello(home.toString()));
    }

    /**
     * Which policy decides.
     *
     * @param name its name
     * @param version its bundle's version
     */
    public record InUse(String name, String version) {}

    /**
     * Runs {@code command} and returns what it wrote.
     *
     * @throws BenchmarkFailed when it failed
     */
    public String run(String command) throws IOException, BenchmarkFailed {
        channel.write(Frame.of(Frame.Kind.COMMAND, command));
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        for (Frame frame = channel.read(); frame != null; frame = channel.read()) {
            if (frame.kind() != Frame.Kind.EXIT) {
                output.writeBytes(frame.bytes());
                continue;
            }
            String text = output.toString(StandardCharsets.UTF_8).strip();
            if (frame.exitCode() != 0) {
                throw new BenchmarkFailed("'" + command + "' failed: " + text);
            }
            return text;
        }
        throw new IOException("the node closed the control socket");
    }

    /**
     * The node's metrics by label.
     *
     * @param part what the labels contain
     */
    public Map<String, Long> metrics(String part) throws IOException, BenchmarkFailed {
        return metricsIn(run("node:metrics " + part + " --json"));
    }

    static Map<String, Long> metricsIn(String list) {
        Map<String, Long> metrics = new HashMap<>();
        Matcher objects = OBJECT.matcher(list);
        while (objects.find()) {
            String object = objects.group();
            metrics.put(field(object, "metric"), Long.parseLong(field(object, "value")));
        }
        return metrics;
    }

    /** Whether {@code list}, as {@code node:config} writes it for programs, has this. */
    public static boolean hasSetting(String list, String key, String value) {
        Matcher objects = OBJECT.matcher(list);
        boolean found = false;
        while (objects.find()) {
            String object = objects.group();
            found |= field(object, "key").equals(key) && field(object, "value").equals(value);
        }
        return found;
    }

    /** The core policy in use. */
    public InUse coresInUse() throws IOException, BenchmarkFailed {
        String list = run("policy:list --json");
        Matcher objects = OBJECT.matcher(list);
        while (objects.find()) {
            String object = objects.group();
            if (field(object, "kind").equals("cores") && field(object, "state").equals("in use")) {
                return new InUse(field(object, "name"), field(object, "version"));
            }
        }
        throw new BenchmarkFailed("policy:list names no core policy in use: " + list);
    }

    /** Waits until the core policy in use is {@code wanted}. */
    public void awaitCores(Predicate<InUse> wanted, String description)
            throws IOException, BenchmarkFailed, InterruptedException {
        long deadline = System.nanoTime() + WAIT_NANOS_MAX;
        InUse present = coresInUse();
        while (!wanted.test(present)) {
            if (System.nanoTime() - deadline > 0) {
                throw new BenchmarkFailed(
                        "after a minute the core policy is still "
                                + present
                                + " instead of "
                                + description
                                + "; history: "
                                + run("policy:history --json"));
            }
            Thread.sleep(POLL_MILLIS);
            present = coresInUse();
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /** The value of {@code name} in a flat JSON object, empty when it is not there. */
    static String field(String object, String name) {
        Matcher fields = FIELD.matcher(object);
        while (fields.find()) {
            if (fields.group(1).equals(name)) {
                return fields.group(2).strip();
            }
        }
        return "";
    }
}
