package io.silkstone.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a server's process holds. */
public final class ServerMemory {
    private static final Duration COMMAND_MAX = Duration.ofSeconds(60);
    private static final Pattern USED = Pattern.compile("\\bused (\\d+)K");
    private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+(\\d+) kB");

    private ServerMemory() {}

    /**
     * Bytes that {@code server} cannot do without: of a Java process what the heap holds after a
     * collection, of any other its resident memory.
     */
    public static long retained(ServerProcess server) throws IOException, InterruptedException {
        if (!(server instanceof NodeProcess)) {
            return resident(server.pid());
        }
        // The second collection takes what the first found finalizable.
        jcmd(server.pid(), "GC.run");
        jcmd(server.pid(), "GC.run");
        return heapUsed(jcmd(server.pid(), "GC.heap_info"));
    }

    /**
     * How many objects a Java server holds, after a collection, of the classes whose names end in
     * {@code classEnding}.
     */
    public static long instances(ServerProcess server, String classEnding)
            throws IOException, InterruptedException {
        // What a cleaner or a reference queue lets go of takes a second collection.
        jcmd(server.pid(), "GC.run");
        return instances(jcmd(server.pid(), "GC.class_histogram"), classEnding);
    }

    /** Reads {@code number: instances bytes class (module)} lines. */
    static long instances(String histogram, String classEnding) {
        long instances = 0;
        for (String line : histogram.lines().toList()) {
            String[] words = line.strip().split("\\s+");
            if (words.length >= 4 && words[3].endsWith(classEnding)) {
                instances += Long.parseLong(words[1]);
            }
        }
        return instances;
    }

    /** Resident memory of the process in bytes, as Linux counts it. */
    public static long resident(long pid) throws IOException {
        Matcher matcher = RESIDENT.matcher(Files.readString(Path.of("/proc/" + pid + "/status")));
        if (!matcher.find()) {
            throw new IOException("the kernel does not say how much memory " + pid + " has");
        }
        return Long.parseLong(matcher.group(1)) << 10;
    }

    /** Adds up the generations; metaspace and its part, the class space, come last. */
    static long heapUsed(String info) throws IOException {
        int end = info.indexOf("Metaspace");
        Matcher matcher = USED.matcher(end < 0 ? info : info.substring(0, end));
        long used = 0;
        while (matcher.find()) {
            used += Long.parseLong(matcher.group(1)) << 10;
        }
        if (used == 0) {
            throw new IOException("jcmd's heap was not understood: " + info);
        }
        return used;
    }

    private static String jcmd(long pid, String command) throws IOException, InterruptedException {
        Tool tool = new Tool(Path.of(System.getProperty("java.home"), "bin", "jcmd"));
        try (Workplace workplace = new Workplace("jcmd")) {
            Tool.Outcome outcome =
                    Tool.run(
                            workplace,
                            workplace.folder(),
                            COMMAND_MAX,
                            tool.with(Long.toString(pid), command));
            if (!outcome.succeeded()) {
                throw new IOException("jcmd " + command + ": " + outcome.output().strip());
            }
            return outcome.output();
        }
    }
}
