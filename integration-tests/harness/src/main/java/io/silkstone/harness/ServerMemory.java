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
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        if (!(server instanceof NodeProcess) || !Files.isExecutable(jcmd)) {
            return resident(server.pid());
        }
        try (Workplace workplace = new Workplace("jcmd")) {
            Tool tool = new Tool(jcmd);
            String pid = Long.toString(server.pid());
            // One command a call; the second collection takes what the first found finalizable.
            for (int run = 0; run < 2; run++) {
                jcmd(workplace, tool, pid, "GC.run");
            }
            return heapUsed(jcmd(workplace, tool, pid, "GC.heap_info"));
        }
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

    private static String jcmd(Workplace workplace, Tool tool, String pid, String command)
            throws IOException, InterruptedException {
        Tool.Outcome outcome =
                Tool.run(workplace, workplace.folder(), COMMAND_MAX, tool.with(pid, command));
        if (!outcome.succeeded()) {
            throw new IOException("jcmd " + command + ": " + outcome.output().strip());
        }
        return outcome.output();
    }
}
