package io.silkstone.rpc;

import static io.silkstone.rpc.Process.MILLIS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RpcPollerTest {
    private static final String SERVER = "wire:server";

    private final AtomicLong clock = new AtomicLong();
    private final Wire wire = new Wire();
    private final Process client = new Process(wire.open("wire:client"), clock);
    private final Process server = new Process(wire.open(SERVER), clock);
    private final RpcPoller clientPoller = new RpcPoller(client.rpc, () -> {});
    private final RpcPoller serverPoller = new RpcPoller(server.rpc, () -> {});

    @AfterEach
    void close() {
        clientPoller.close();
        serverPoller.close();
    }

    private static long afterLooks(RpcPoller poller, int looks) {
        long nanos = 0;
        for (int look = 0; look < looks; look++) {
            assertThat(poller.poll()).isZero();
            long next = poller.nanosUnpolledMax();
            assertThat(next).isGreaterThanOrEqualTo(nanos);
            nanos = next;
        }
        return nanos;
    }

    @Test
    void nanosUnpolledMax_silence_growsToItsLimit() {
        assertThat(serverPoller.nanosUnpolledMax()).isEqualTo(RpcPoller.UNPOLLED_NANOS_MIN);
        assertThat(afterLooks(serverPoller, 1_000)).isEqualTo(RpcPoller.UNPOLLED_NANOS_MAX);
    }

    @Test
    void nanosUnpolledMax_aMessage_isShortAgain() {
        server.answerPings();
        afterLooks(serverPoller, 100);
        client.ping(client.rpc.newCall(), client.rpc.peer(SERVER), 1_000);
        assertThat(serverPoller.poll()).isPositive();
        assertThat(serverPoller.nanosUnpolledMax()).isEqualTo(RpcPoller.UNPOLLED_NANOS_TALKING);
        clock.addAndGet(Rpc.TALK_NANOS);
        assertThat(serverPoller.nanosUnpolledMax()).isEqualTo(RpcPoller.UNPOLLED_NANOS_MIN);
    }

    @Test
    void nanosUnpolledMax_callUnderWay_staysShort() {
        afterLooks(clientPoller, 100);
        Call call = client.ping(client.rpc.newCall(), client.rpc.peer(SERVER), 1_000);
        assertThat(afterLooks(clientPoller, 100)).isEqualTo(RpcPoller.UNPOLLED_NANOS_TALKING);
        clock.addAndGet(Rpc.TALK_NANOS);
        assertThat(afterLooks(clientPoller, 100)).isEqualTo(RpcPoller.UNPOLLED_NANOS_MIN);
        server.answerPings();
        server.rpc.poll();
        clientPoller.poll();
        assertThat(call.isDone()).isTrue();
        clock.addAndGet(Rpc.TALK_NANOS);
        assertThat(afterLooks(clientPoller, 100)).isEqualTo(RpcPoller.UNPOLLED_NANOS_MAX);
    }

    @Test
    void nanosUnpolledMax_somethingDue_isNotLater() {
        afterLooks(serverPoller, 100);
        server.rpc.after(4 * MILLIS, () -> {});
        assertThat(serverPoller.nanosUnpolledMax()).isEqualTo(4 * MILLIS);
    }
}
