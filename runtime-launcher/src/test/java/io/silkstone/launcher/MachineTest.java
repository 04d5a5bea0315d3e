package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineTest {
    private static final List<Integer> ALL = List.of(1, 2);

    @TempDir Path root;
    private ClusterHome home;

    /** Ports are the real machine's; memory is what the files below {@code root} say. */
    @BeforeEach
    void describe() throws IOException {
        home = new ClusterHome(root.resolve("cluster"), 2, 0);
        configure(1, "io.silkstone.gateway.redis", "port = 0");
        configure(2, "io.silkstone.gateway.redis", "port = 0");
        configure(1, "io.silkstone.transport-aeron.transport", "port = 0");
        configure(2, "io.silkstone.transport-aeron.transport", "port = 0");
        memory(8192, "max");
    }

    private void configure(int node, String pid, String text) throws IOException {
        Path etc = Files.createDirectories(home.node(node).resolve("etc"));
        Files.writeString(etc.resolve(pid + ".cfg"), text + "\n");
    }

    private void memory(long mebibytes, String limit) throws IOException {
        Files.createDirectories(root.resolve("proc"));
        Files.writeString(
                root.resolve("proc/meminfo"),
                "MemFree:  1 kB\nMemAvailable:  " + (mebibytes << 10) + " kB\n");
        Path group = Files.createDirectories(root.resolve("sys/fs/cgroup"));
        Files.writeString(group.resolve("memory.max"), limit + "\n");
        Files.writeString(group.resolve("memory.current"), (100L << 20) + "\n");
    }

    private void require() throws StartRefused {
        new Machine(root).require(home, ALL);
    }

    @Test
    void require_enough_isFine() {
        assertThatCode(this::require).doesNotThrowAnyException();
    }

    @Test
    void require_portTaken_namesPortAndNode() throws IOException {
        InetAddress here = InetAddress.getLoopbackAddress();
        try (ServerSocket taken = new ServerSocket(0, 1, here)) {
            home = new ClusterHome(home.root(), 2, taken.getLocalPort() - 1);
            Files.delete(home.node(2).resolve("etc/io.silkstone.gateway.redis.cfg"));
            assertThatThrownBy(this::require)
                    .isInstanceOf(StartRefused.class)
                    .hasMessage(
                            "Port %d of node-2, for Redis clients, is taken: give another"
                                    + " --port-base.",
                            taken.getLocalPort());
        }
        assertThatCode(this::require).doesNotThrowAnyException();
    }

    @Test
    void require_udpPortTaken_namesPortAndNode() throws IOException {
        InetAddress here = InetAddress.getLoopbackAddress();
        try (DatagramSocket taken = new DatagramSocket(new InetSocketAddress(here, 0))) {
            home = new ClusterHome(home.root(), 2, taken.getLocalPort() - 100);
            Files.delete(home.node(1).resolve("etc/io.silkstone.transport-aeron.transport.cfg"));
            assertThatThrownBy(this::require)
                    .hasMessage(
                            "UDP port %d of node-1, for other nodes, is taken: give another"
                                    + " --port-base.",
                            taken.getLocalPort());
        }
    }

    @Test
    void require_portOfTheSharedLogTaken_namesPortsAndNode() throws IOException {
        InetAddress here = InetAddress.getLoopbackAddress();
        try (ServerSocket taken = new ServerSocket(0, 1, here)) {
            int first = taken.getLocalPort();
            home = new ClusterHome(home.root(), 3, 3, first - 200);
            assertThatThrownBy(this::require)
                    .isInstanceOf(StartRefused.class)
                    .hasMessageContaining(
                            "or TCP port %d, of node-1, for the coordinators'", first);
        }
    }

    @Test
    void require_tooLittleMemory_saysBothFigures() throws IOException {
        memory(511, "max");
        String needed = " MiB of memory available, and 2 nodes need 512 even while they are empty";
        assertThatThrownBy(this::require).hasMessageContaining("has 511" + needed);
        memory(8192, Long.toString(400L << 20));
        assertThatThrownBy(this::require).hasMessageContaining("has 300" + needed);
        memory(512, "max");
        assertThatCode(this::require).doesNotThrowAnyException();
    }

    @Test
    void require_containerFullOfCachedFiles_isFine() throws IOException {
        memory(8192, Long.toString(600L << 20));
        assertThatThrownBy(this::require).hasMessageContaining("has 500 MiB");
        Files.writeString(
                root.resolve("sys/fs/cgroup/memory.stat"),
                "active_file 1073741824\ninactive_file " + (20L << 20) + "\n");
        assertThatCode(this::require).doesNotThrowAnyException();
    }

    @Test
    void require_tooLittleSharedMemory_saysBothFigures() throws IOException {
        Path shared = Files.createDirectories(root.resolve("dev/shm"));
        configure(
                1,
                "io.silkstone.transport-aeron.transport",
                "port = 0\nterm.bytes = " + (1L << 50));
        assertThatThrownBy(this::require)
                .hasMessageStartingWith(shared + " has ")
                .hasMessageContaining(" the transports of 2 nodes need " + ((6L << 30) + 80));
        assertThat(shared).isEmptyDirectory();
    }

    @Test
    void require_systemThatSaysNothing_isFine() throws IOException {
        Files.delete(root.resolve("proc/meminfo"));
        Files.delete(root.resolve("sys/fs/cgroup/memory.max"));
        assertThatCode(this::require).doesNotThrowAnyException();
    }
}
