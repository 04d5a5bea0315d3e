package io.silkstone.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.gateway.GatewayRefused;
import io.silkstone.policies.coresfixed.FixedOptions;
import io.silkstone.policies.coresfixed.FixedPolicy;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SilkstoneTest {
    private static final long MEMORY_BYTES = 64 << 20;

    private static Silkstone.Builder small() {
        return Silkstone.builder().memoryBytes(MEMORY_BYTES).cores(1, 1);
    }

    private static String call(Silkstone node, String command) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), node.redisPort())) {
            socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.UTF_8));
            BufferedReader replies =
                    new BufferedReader(
                            new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            String first = replies.readLine();
            return first.startsWith("$") ? replies.readLine() : first;
        }
    }

    @Test
    void store_writtenObject_isReadByARedisClient() throws Exception {
        try (Silkstone node = small().redisPort(0).start();
                KvSession session = node.kvStore().openSession()) {
            KvStore.Table table = node.kvStore().table(KvStore.DEFAULT_TABLE);
            byte[] value = "quince".getBytes(StandardCharsets.UTF_8);
            session.enter();
            Status status =
                    session.write(
                            table,
                            new Key().wrap("fruit".getBytes(StandardCharsets.UTF_8)),
                            MemorySegment.ofArray(value),
                            0,
                            value.length,
                            new WriteOptions());
            session.exit();
            assertThat(status).isEqualTo(Status.OK);
            assertThat(call(node, "GET fruit")).isEqualTo("quince");
            assertThat(call(node, "SET fruit medlar")).isEqualTo("+OK");
            assertThat(node.metrics().snapshot()).isNotEmpty();
        }
    }

    @Test
    void threads_task_runsOnACore() throws Exception {
        try (Silkstone node = small().start()) {
            CompletableFuture<Long> self = new CompletableFuture<>();
            long thread = node.threads().create(0, () -> self.complete(node.threads().self()));
            assertThat(self.get(60, TimeUnit.SECONDS)).isEqualTo(thread);
        }
    }

    @Test
    void usePolicy_whileServing_switches() throws Exception {
        try (Silkstone node = small().redisPort(0).start()) {
            assertThat(call(node, "SET a 1")).isEqualTo("+OK");
            node.usePolicy("fixed", new FixedPolicy(FixedOptions.of(1, 0, 0, 10)));
            assertThat(node.policy().name()).isEqualTo("fixed");
            assertThat(call(node, "GET a")).isEqualTo("1");
        }
    }

    @Test
    void start_portTaken_isRefusedAndLeavesNothingBehind() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> small().redisPort(taken.getLocalPort()).start())
                    .isInstanceOf(GatewayRefused.class)
                    .hasMessageContaining(Integer.toString(taken.getLocalPort()));
        }
        small().redisPort(0).start().close();
    }

    @Test
    void start_tooLittleMemory_namesTheValue() {
        assertThatThrownBy(() -> Silkstone.builder().memoryBytes(1).start())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("memory.bytes");
    }

    @Test
    void redisPort_builtWithout_saysHowToHaveOne() throws Exception {
        try (Silkstone node = small().start()) {
            assertThatThrownBy(node::redisPort).hasMessageContaining("redisPort");
        }
    }
}
