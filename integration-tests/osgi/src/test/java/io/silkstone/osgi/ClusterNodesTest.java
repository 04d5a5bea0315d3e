package io.silkstone.osgi;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.harness.NodeProcess;
import io.silkstone.harness.Tool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Three nodes that their configuration makes one cluster, as processes of their own. */
class ClusterNodesTest {
    private static final int NODES = 3;
    private static final int KEYS = 12;
    private static final String CLUSTER = "io.silkstone.rpc.cluster.cfg";
    private static final String COORDINATOR = "io.silkstone.coordinator.service.cfg";
    private static final String TRANSPORT = "io.silkstone.transport-aeron.transport.cfg";
    private static final String STORE = "io.silkstone.store.master.cfg";

    private static final Path SHARED = Path.of("/dev/shm");

    private final List<OperatedNode> nodes = new ArrayList<>();

    @AfterEach
    void close() throws IOException {
        for (OperatedNode node : nodes) {
            node.close();
        }
    }

    private OperatedNode node() throws IOException {
        OperatedNode node = new OperatedNode();
        nodes.add(node);
        node.configure("jvm.options", NodeProcess.BRIEF);
        node.configure(OperatedNode.THREADS, OperatedNode.PATIENCE);
        node.configure(STORE, "memory.bytes = 67108864\nmemory.prefault.bytes = 0\n");
        return node;
    }

    private static int freeUdpPort() throws IOException {
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (DatagramSocket socket = new DatagramSocket(any)) {
            return socket.getLocalPort();
        }
    }

    /** Three nodes, the first with the coordinator, all up. */
    private void startCluster() throws Exception {
        int coordinatorPort = freeUdpPort();
        for (int number = 1; number <= NODES; number++) {
            OperatedNode node = node();
            int port = number == 1 ? coordinatorPort : freeUdpPort();
            node.configure(TRANSPORT, "port = " + port + "\n");
            node.configure(CLUSTER, "coordinators = aeron:127.0.0.1:" + coordinatorPort + "\n");
            if (number == 1) {
                // A machine that runs several builds may stop a process for longer than a second.
                node.configure(
                        COORDINATOR,
                        "enabled = true\nservers.first = 3\nserver.lease.ms = 4000\n"
                                + "table.replicas = 0\n");
            }
            node.started();
        }
    }

    private OperatedNode node(int number) {
        return nodes.get(number - 1);
    }

    private static String key(int number) {
        return "key-" + number;
    }

    private static String eachKey(String command) {
        StringBuilder line = new StringBuilder();
        for (int number = 0; number < KEYS; number++) {
            line.append(line.isEmpty() ? "" : "; ").append(command.formatted(key(number)));
        }
        return line.toString();
    }

    /**
     * How many keys the node's shell gets a value for, and how many are said to be on a server that
     * is down.
     */
    private record Found(long values, long unavailable, long missing) {}

    private Found found(int number) throws Exception {
        long values = 0;
        long unavailable = 0;
        long missing = 0;
        for (int each = 0; each < KEYS; each++) {
            Tool.Outcome outcome = node(number).shell("kv:get " + key(each));
            if (outcome.succeeded()) {
                assertThat(outcome.output().strip()).isEqualTo("of-" + key(each));
                values++;
            } else if (outcome.output().contains("is down")) {
                unavailable++;
            } else {
                assertThat(outcome.output()).contains("There is no key");
                missing++;
            }
        }
        return new Found(values, unavailable, missing);
    }

    private static boolean says(String text, String... lines) {
        return Stream.of(lines)
                .allMatch(line -> text.lines().anyMatch(each -> each.matches(line + ".*")));
    }

    @Test
    void threeNodes_areOneStore_andANodeThatComesBackTakesItsPlace() throws Exception {
        startCluster();
        node(1).awaitSaid(
                        "cluster:servers",
                        text -> says(text, "1\\.1 +up", "2\\.1 +up", "3\\.1 +up"));
        for (int number = 1; number <= NODES; number++) {
            String tablets = node(number).awaitSaid("tablet:list", text -> text.contains(" 3.1 "));
            assertThat(tablets).contains(" 1.1 ", " 2.1 ").doesNotContain("lost");
            String self = number + "\\.1 +up +1 .*\\*";
            node(number).awaitSaid("cluster:servers", text -> says(text, self));
            node(number).awaitSaid("node:health", text -> says(text, "cluster +ok"));
        }

        node(2).said(eachKey("kv:put %1$s of-%1$s"));
        assertThat(found(3)).isEqualTo(new Found(KEYS, 0, 0));
        assertThat(node(3).said("table:create sessions --tablets 4")).contains("sessions");
        assertThat(node(1).said("tablet:list --table sessions").lines()).hasSize(5);
        node(1).said("table:drop sessions");
        assertThat(node(2).said("table:list")).doesNotContain("sessions");

        moveATabletThereAndBack();
        replaceTransportOfThird();
        stopAndStartThird();
        killSecondAndGiveItsTabletAway();
        for (int number : new int[] {3, 1}) {
            assertThat(node(number).command("down").succeeded()).isTrue();
            assertThat(node(number).log()).doesNotContain("ERROR").doesNotContain("\tat ");
        }
    }

    /** With all that is in it. */
    private void moveATabletThereAndBack() throws Exception {
        String before = node(1).said("tablet:list");
        String owner = before.lines().toList().get(1).split(" +")[4];
        String other = owner.equals("1.1") ? "2.1" : "1.1";
        for (String target : new String[] {other, owner}) {
            assertThat(node(3).said("migration:start default 0 " + target))
                    .contains("Server " + target + " serves the tablet of default");
            String arrived = "default +0x0{16} .* " + target.replace(".", "\\.") + " +normal";
            node(2).awaitSaid("tablet:list", text -> says(text, arrived));
            assertThat(found(2)).isEqualTo(new Found(KEYS, 0, 0));
        }
        Tool.Outcome again = node(3).shell("migration:start default 0 " + owner);
        assertThat(again.succeeded()).isFalse();
        assertThat(again.output()).contains("here already");
    }

    /** It stays a member, and keeps what it has. */
    private void replaceTransportOfThird() throws Exception {
        long pid = node(3).process().pid();
        List<Path> before = directoriesOf(pid);
        Path file = node(3).home().resolve("etc").resolve(TRANSPORT);
        node(3).configure(TRANSPORT, Files.readString(file) + "term.bytes = 1048576\n");
        // Each look is a command of the cluster, so it goes over whatever there is.
        node(3).awaitSaid(
                        "kv:get " + key(0),
                        text ->
                                Files.isDirectory(SHARED)
                                        ? !directoriesOf(pid).equals(before)
                                        : true);
        assertThat(found(1)).isEqualTo(new Found(KEYS, 0, 0));
        assertThat(node(2).said("cluster:servers")).contains("3.1  up").doesNotContain("down");
    }

    private void stopAndStartThird() throws Exception {
        long pid = node(3).process().pid();
        assertThat(node(3).command("down").succeeded()).isTrue();
        assertThat(directoriesOf(pid)).isEmpty();
        // It has said good-bye: nobody waits for its lease to end.
        assertThat(node(1).awaitSaid("cluster:servers", text -> says(text, "3\\.1 +down")))
                .contains("1.1", "2.1");
        node(2).awaitSaid("tablet:list", text -> text.contains("lost"));
        Found without = found(2);
        assertThat(without.values()).isPositive();
        assertThat(without.unavailable()).isPositive();
        assertThat(without.missing()).isZero();

        node(3).started();
        node(1).awaitSaid("cluster:servers", text -> says(text, "3\\.2 +up"));
        node(2).awaitSaid("tablet:list", text -> !text.contains("lost"));
        assertThat(found(3)).isEqualTo(new Found(without.values(), 0, without.unavailable()));
    }

    private void killSecondAndGiveItsTabletAway() throws Exception {
        ProcessHandle process = node(2).process();
        process.destroyForcibly();
        process.onExit().get(60, TimeUnit.SECONDS);
        node(3).awaitSaid("cluster:servers", text -> says(text, "2\\.1 +down"));
        String lost = node(3).awaitSaid("tablet:list", text -> text.contains("lost"));
        String hash =
                lost.lines()
                        .filter(line -> line.contains("lost"))
                        .findFirst()
                        .orElseThrow()
                        .split(" +")[1];
        assertThat(node(3).said("tablet:assign default " + hash + " 1"))
                .contains("Server 1.1 has the tablet of default with " + hash);
        node(3).awaitSaid("tablet:list", text -> !text.contains("lost"));
        node(3).said(eachKey("kv:put %1$s of-%1$s"));
        assertThat(found(1)).isEqualTo(new Found(KEYS, 0, 0));
    }

    private static List<Path> directoriesOf(long pid) {
        if (!Files.isDirectory(SHARED)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(SHARED)) {
            String name = "silkstone-aeron-" + pid + "-";
            return files.filter(file -> file.getFileName().toString().startsWith(name)).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void up_coordinatorsThatAreNoAddresses_isRefused() throws Exception {
        OperatedNode node = node();
        node.configure(CLUSTER, "coordinators = 127.0.0.1\n");
        assertThat(node.up().output())
                .contains(
                        CLUSTER + ": coordinators must be addresses such as aeron:127.0.0.1:7700");
        node.configure(CLUSTER, "coordinators = tcp:127.0.0.1:7700\n");
        assertThat(node.up().output()).contains(CLUSTER, "tcp:127.0.0.1:7700", "no address");
    }

    @Test
    void up_coordinatorInANodeThatIsAlone_isRefused() throws Exception {
        OperatedNode node = node();
        node.configure(COORDINATOR, "enabled = true\n");
        assertThat(node.up().output()).contains(COORDINATOR, "enabled is true", CLUSTER);
    }

    @Test
    void up_damagedJournal_isRefusedWithTheNameOfTheFile() throws Exception {
        OperatedNode node = node();
        int port = freeUdpPort();
        node.configure(TRANSPORT, "port = " + port + "\n");
        node.configure(CLUSTER, "coordinators = aeron:127.0.0.1:" + port + "\n");
        node.configure(COORDINATOR, "enabled = true\n");
        Path journal = node.home().resolve("data/coordinator/journal-0000000000000001");
        Files.createDirectories(journal.getParent());
        Files.writeString(journal, "no journal at all, but long enough to be one".repeat(10));
        Tool.Outcome outcome = node.up();
        assertThat(outcome.exit()).as(outcome.output()).isEqualTo(1);
        assertThat(outcome.output().lines()).hasSize(1);
        assertThat(outcome.output())
                .contains(COORDINATOR, "journal-0000000000000001", "is damaged");
    }
}
