package io.silkstone.harness;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntPredicate;

/** Free ports of the loopback interface. */
public final class Ports {
    /** From a node's first port to the one at which other nodes reach it. */
    static final int TRANSPORT_OFFSET = 100;

    /** From there to the ports of the log that coordinators may share. */
    private static final int LOG_OFFSET = 200;

    private static final int LOG_PORTS = 5;

    private static final int TRIES = 100;

    /** Below the range from which systems take ports for clients. */
    private static final int BASE_MIN = 10_000;

    private static final int BASE_MAX = 30_000;

    private Ports() {}

    /** A TCP port that nobody listened on a moment ago. */
    public static int free() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /**
     * The first of {@code count} ports in a row that nobody had a moment ago, by TCP or by UDP.
     *
     * @throws IOException when there are none
     */
    public static int row(int count) throws IOException {
        return base(base -> areFree(base, count));
    }

    /**
     * A base for {@code up --nodes} from which on all ports that so many nodes need, TCP and UDP,
     * were free a moment ago.
     *
     * @throws IOException when there is none
     */
    public static int freeForCluster(int nodes) throws IOException {
        return base(
                base ->
                        areFree(base, nodes)
                                && areFree(base + TRANSPORT_OFFSET, nodes)
                                && areFree(base + LOG_OFFSET, LOG_PORTS * nodes));
    }

    private static int base(IntPredicate isFree) throws IOException {
        for (int attempt = 0; attempt < TRIES; attempt++) {
            int base = ThreadLocalRandom.current().nextInt(BASE_MIN, BASE_MAX);
            if (isFree.test(base)) {
                return base;
            }
        }
        throw new IOException("no free ports in " + TRIES + " tries");
    }

    private static boolean areFree(int first, int count) {
        InetAddress here = InetAddress.getLoopbackAddress();
        try {
            for (int port = first; port < first + count; port++) {
                new ServerSocket(port, 1, here).close();
                new DatagramSocket(new InetSocketAddress(here, port)).close();
            }
            return true;
        } catch (IOException e) {
            // Somebody has one of them.
            return false;
        }
    }
}
