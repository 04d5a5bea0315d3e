package io.silkstone.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.cluster.LocalCluster.ClientProcess;
import io.silkstone.cluster.LocalCluster.CoordinatorProcess;
import io.silkstone.cluster.LocalCluster.ServerProcess;
import io.silkstone.transport.aeron.AeronOptions;
import io.silkstone.transport.aeron.AeronOptions.DriverMode;
import io.silkstone.transport.aeron.AeronOptions.Route;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AeronClusterTest {
    private static final int KEYS = 300;
    private static final int COUNTS = 50;

    @TempDir private Path directory;

    private final List<AutoCloseable> processes = new ArrayList<>();
    private final Key key = new Key();

    private AeronOptions options(Route path, boolean listens) {
        return AeronOptions.defaults().toBuilder()
                .port(listens ? 0 : -1)
                .path(path)
                .driverMode(DriverMode.INVOKER)
                .build();
    }

    @Timeout(120)
    @ParameterizedTest
    @EnumSource(
            value = Route.class,
            names = {"IPC", "UDP"})
    void cluster_ofTwoServers_servesEveryKeyWithItsOwner(Route path) throws Exception {
        try {
            CoordinatorProcess coordinator =
                    new CoordinatorProcess(options(path, true), directory, 2);
            processes.add(coordinator);
            List<String> servers = new ArrayList<>();
            List<ServerProcess> members = new ArrayList<>();
            for (int number = 1; number <= 2; number++) {
                ServerProcess server =
                        new ServerProcess(options(path, true), number, coordinator.address());
                processes.add(server);
                members.add(server);
                servers.add(server.address());
            }
            // Of a client of servers alone: one of them says where the coordinator is.
            ClientProcess client = new ClientProcess(options(path, false), servers);
            processes.add(client);
            use(client);
            for (ServerProcess member : members) {
                // What it was told to serve may be somebody else's from now on.
                assertThat(member.leave()).isZero();
            }
        } finally {
            for (AutoCloseable process : processes.reversed()) {
                process.close();
            }
        }
    }

    private void use(ClientProcess client) {
        KvStore.Table table = client.store().table(KvStore.DEFAULT_TABLE);
        while (table == null) {
            table = client.store().table(KvStore.DEFAULT_TABLE);
        }
        try (KvSession session = client.store().openSession()) {
            WriteOptions options = new WriteOptions();
            for (int number = 0; number < KEYS; number++) {
                byte[] value = ("value-" + number).getBytes(UTF_8);
                MemorySegment memory = MemorySegment.ofArray(value);
                Status status = session.write(table, key(number), memory, 0, value.length, options);
                assertThat(status).isEqualTo(Status.OK);
            }
            for (int number = 0; number < KEYS; number++) {
                assertThat(session.read(table, key(number))).isEqualTo(Status.OK);
                assertThat(value(session)).isEqualTo("value-" + number);
            }
            for (int count = 1; count <= COUNTS; count++) {
                assertThat(session.increment(table, key(-1), 2, options)).isEqualTo(Status.OK);
                assertThat(session.number()).isEqualTo(2L * count);
            }
            assertThat(session.read(table, key(KEYS))).isEqualTo(Status.NOT_FOUND);
            int[] found = new int[1];
            long cursor = 0;
            do {
                cursor = session.scan(table, cursor, 50, object -> found[0]++);
            } while (cursor != 0);
            assertThat(found[0]).isGreaterThanOrEqualTo(KEYS + 1);
        }
        assertThat(table.objects()).isEqualTo(KEYS + 1);
        assertThat(client.store().tablets()).hasSize(2);
        assertThat(client.store().tablets())
                .extracting(KvStore.Tablet::owner)
                .doesNotHaveDuplicates();
    }

    private Key key(int number) {
        return key.wrap(("key-" + number).getBytes(UTF_8));
    }

    private static String value(KvSession session) {
        byte[] bytes = new byte[session.object().valueLength()];
        MemorySegment.copy(
                session.object().memory(),
                session.object().valueOffset(),
                MemorySegment.ofArray(bytes),
                0,
                bytes.length);
        return new String(bytes, UTF_8);
    }
}
