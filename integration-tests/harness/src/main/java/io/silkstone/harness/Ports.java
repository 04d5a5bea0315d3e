package io.silkstone.harness;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;

/** Free ports. */
public final class Ports {
    private static final int ATTEMPTS = 100;

    private Ports() {}

    /** A port of the loopback interface that nobody listened on a moment ago. */
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
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int first = free();
            int port = first;
            while (port < first + count && isFree(port)) {
                port++;
            }
            if (port == first + count) {
                return first;
            }
        }
        throw new IOException("there are no " + count + " free ports in a row");
    }

    private static boolean isFree(int port) {
        InetAddress here = InetAddress.getLoopbackAddress();
        try (ServerSocket tcp = new ServerSocket(port, 1, here);
                DatagramSocket udp = new DatagramSocket(port, here)) {
            return tcp.isBound() && udp.isBound();
        } catch (IOException | IllegalArgumentException e) {
            return false;
        }
    }
}
