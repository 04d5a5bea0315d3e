package io.silkstone.store.master;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.rpc.Call;
import io.silkstone.rpc.Completion;
import io.silkstone.rpc.Patience;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.RpcOptions;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.rpc.messages.WriteReplicaEncoder;
import io.silkstone.store.backup.TestEntries;
import io.silkstone.store.durable.Flush;
import io.silkstone.transport.memory.MemoryNetwork;
import io.silkstone.transport.memory.MemoryOptions;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class NodeBackupTest {
    private static final long ASK_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final Metrics metrics = new Metrics();
    private final SplittableRandom random = new SplittableRandom(1);
    private final MemoryNetwork network =
            new MemoryNetwork(NanoClock.SYSTEM, random, MemoryOptions.DEFAULTS, metrics);

    private Rpc rpc(String address) {
        return new Rpc(
                network.transport(address),
                RpcOptions.DEFAULT,
                NanoClock.SYSTEM,
                null,
                Patience.polling(),
                random,
                new Metrics());
    }

    @Test
    @Timeout(60)
    void start_hasAThreadOfItsOwnWriteWhatComes(@TempDir Path home) throws Exception {
        byte[] object = new TestEntries().object(1, 1).memory().toArray(ValueLayout.JAVA_BYTE);
        try (Rpc server = rpc("memory:server");
                Rpc client = rpc("")) {
            server.identity(1, 1);
            Path directory = home.resolve("data/backup");
            try (NodeBackup backup =
                    new NodeBackup(
                            server,
                            directory,
                            new NodeBackup.Options(Flush.ALWAYS, 1_000),
                            NanoClock.SYSTEM,
                            random,
                            metrics)) {
                backup.service().register();
                backup.start();
                for (int sequence = 0; sequence < 20; sequence++) {
                    assertThat(write(server, client, sequence, object)).isEqualTo(Status.OK);
                }
            }
            Path file = directory.resolve("log-0000000000000001-2-3/segment-0000000000000007");
            assertThat(Files.size(file)).isGreaterThan(20L * object.length);
        }
    }

    private static Status write(Rpc server, Rpc client, int sequence, byte[] object) {
        Call call = client.newCall();
        int length =
                new WriteReplicaEncoder()
                        .wrapAndApplyHeader(call.request(1_000), 0, new MessageHeaderEncoder())
                        .master(2L << 32 | 3)
                        .segment(7)
                        .incarnation(1)
                        .noteNumber(0)
                        .sequence(sequence)
                        .position(sequence * object.length)
                        .ended((short) 0)
                        .putNote(new byte[0], 0, 0)
                        .putEntries(object, 0, object.length)
                        .encodedLength();
        call.start(
                client.peer("memory:server"),
                0,
                MessageHeaderEncoder.ENCODED_LENGTH + length,
                ASK_NANOS,
                Completion.NONE);
        while (!call.isDone()) {
            server.poll();
            client.poll();
            Thread.onSpinWait();
        }
        Status status = call.status();
        call.close();
        return status;
    }
}
