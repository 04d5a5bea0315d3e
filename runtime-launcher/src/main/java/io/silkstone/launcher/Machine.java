package io.silkstone.launcher;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What this machine has for the nodes of a cluster, looked at before the first of them starts: one
 * sentence now is better than several nodes that fail one after the other.
 *
 * @param root the root of the file system; another one in tests
 */
record Machine(Path root) {
    /** A media driver, as the transport counts it, and the streams of a session: see its README. */
    private static final long DRIVER_BYTES = 16L << 20;

    private static final long TERMS_PER_SESSION = 6;
    private static final long TERM_BYTES = 8L << 20;

    /** What a member of the log that coordinators share needs: see that bundle's README. */
    private static final long LOG_BYTES = 32L << 20;

    private static final int LOG_UDP_PORTS = 5;

    /** A JVM with a node in it that has no objects yet. */
    private static final long NODE_BYTES = 256L << 20;

    private static final Pattern AVAILABLE =
            Pattern.compile("^MemAvailable: +([0-9]+) kB$", Pattern.MULTILINE);

    /** Pages of files that nobody has used lately: the kernel drops them before it runs short. */
    private static final Pattern RECLAIMABLE =
            Pattern.compile("^inactive_file ([0-9]{1,18})$", Pattern.MULTILINE);

    private static final String GATEWAY = "io.silkstone.gateway.redis";
    private static final String TRANSPORT = "io.silkstone.transport-aeron.transport";

    /** Refuses when the nodes called {@code numbers} could not all start. */
    void require(ClusterHome home, List<Integer> numbers) throws StartRefused {
        ClusterSettings settings = new ClusterSettings(home);
        long sharedBytes = 0;
        for (int number : numbers) {
            requirePorts(home, settings, number);
            long terms = settings.number(number, TRANSPORT, "term.bytes", TERM_BYTES);
            sharedBytes += DRIVER_BYTES + TERMS_PER_SESSION * terms;
            if (home.coordinators() > 1 && home.coordinates(number)) {
                requireLogPorts(home, number);
                sharedBytes += LOG_BYTES;
            }
        }
        requireSharedMemory(numbers.size(), sharedBytes);
        requireMemory(numbers.size());
    }

    private static void requirePorts(ClusterHome home, ClusterSettings settings, int number)
            throws StartRefused {
        String name = ClusterHome.name(number);
        if (settings.number(number, GATEWAY, "port", -1) == -1
                && !isFree(home.port(number), false)) {
            throw new StartRefused(
                    "Port %d of %s, for Redis clients, is taken: give another --port-base."
                            .formatted(home.port(number), name));
        }
        if (settings.number(number, TRANSPORT, "port", -1) == -1
                && !isFree(home.transportPort(number), true)) {
            throw new StartRefused(
                    "UDP port %d of %s, for other nodes, is taken: give another --port-base."
                            .formatted(home.transportPort(number), name));
        }
    }

    private static void requireLogPorts(ClusterHome home, int number) throws StartRefused {
        int first = home.logPort(number);
        boolean isFree = isFree(first, false);
        for (int port = first; port < first + LOG_UDP_PORTS; port++) {
            isFree &= isFree(port, true);
        }
        if (!isFree) {
            throw new StartRefused(
                    ("One of the UDP ports %d to %d, or TCP port %d, of %s, for the coordinators'"
                                    + " log, is taken: give another --port-base.")
                            .formatted(
                                    first,
                                    first + LOG_UDP_PORTS - 1,
                                    first,
                                    ClusterHome.name(number)));
        }
    }

    private static boolean isFree(int port, boolean udp) {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        if (udp) {
            try (DatagramChannel channel = DatagramChannel.open()) {
                return channel.bind(address).isOpen();
            } catch (IOException e) {
                return false;
            }
        }
        // With the option that a server sets, which sees through connections that are ending.
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(address);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void requireSharedMemory(int nodes, long bytes) throws StartRefused {
        Path folder = root.resolve("dev/shm");
        if (!Files.isDirectory(folder)) {
            return;
        }
        try {
            long free = Files.getFileStore(folder).getUsableSpace();
            if (free < bytes) {
                throw new StartRefused(
                        ("%s has %d MiB free and the transports of %d nodes need %d: make it larger"
                                        + " (containers: shm size), start fewer nodes, or set"
                                        + " term.bytes = 1048576 in etc/%s.cfg of each.")
                                .formatted(folder, free >> 20, nodes, bytes >> 20, TRANSPORT));
            }
        } catch (IOException e) {
            throw new StartRefused(
                    "%s cannot be looked at: %s.".formatted(folder, e.getMessage()), e);
        }
    }

    private void requireMemory(int nodes) throws StartRefused {
        long available = availableBytes();
        long needed = nodes * NODE_BYTES;
        if (available < needed) {
            throw new StartRefused(
                    ("This machine has %d MiB of memory available, and %d nodes need %d even while"
                                    + " they are empty: start fewer nodes.")
                            .formatted(available >> 20, nodes, needed >> 20));
        }
    }

    /** What the machine, or the container, can still give; a lot where neither says. */
    private long availableBytes() {
        long available = Long.MAX_VALUE;
        Matcher matcher = AVAILABLE.matcher(text("proc/meminfo"));
        if (matcher.find()) {
            available = Long.parseLong(matcher.group(1)) << 10;
        }
        long limit = number("sys/fs/cgroup/memory.max");
        long used = number("sys/fs/cgroup/memory.current");
        if (limit < 0 || used < 0) {
            return available;
        }
        Matcher reclaimable = RECLAIMABLE.matcher(text("sys/fs/cgroup/memory.stat"));
        long cached = reclaimable.find() ? Long.parseLong(reclaimable.group(1)) : 0;
        return Math.min(available, limit - Math.max(0, used - cached));
    }

    /** What stands in a file of the system; -1 when that is no number. */
    private long number(String file) {
        String text = text(file).strip();
        return text.matches("[0-9]{1,18}") ? Long.parseLong(text) : -1;
    }

    private String text(String file) {
        try {
            return Files.readString(root.resolve(file));
        } catch (IOException e) {
            return "";
        }
    }
}
