package io.silkstone.rpc;

import static io.silkstone.rpc.Process.MILLIS;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.rpc.messages.Status;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LeaderTest {
    private static final String SERVER = "wire:server";

    private final AtomicLong clock = new AtomicLong();
    private final Wire wire = new Wire();
    private final Process client = new Process(wire.open("wire:client"), clock);
    private final Leader leader = new Leader(client.rpc, List.of(SERVER));
    private final Call call = client.rpc.newCall();

    private Status ask(Process server, long timeoutMillis) {
        boolean[] done = new boolean[1];
        int length = Process.encodePing(call);
        leader.start(call, length, timeoutMillis * MILLIS, each -> done[0] = true);
        for (int millis = 0; millis <= timeoutMillis + 1_000 && !done[0]; millis++) {
            Process.pass(1, client, server);
        }
        assertThat(done[0]).isTrue();
        return call.status();
    }

    /** Whoever was there is gone without a word; the session to it looks as good as ever. */
    @Test
    void start_leaderReplacedAtItsAddress_isFoundOverANewSession() {
        Process before = new Process(wire.open(SERVER), clock);
        before.answerPings();
        assertThat(ask(before, 1_000)).isEqualTo(Status.OK);

        Process after = new Process(wire.open(SERVER), clock);
        AtomicLong pings = after.answerPings();
        long since = clock.get();
        assertThat(ask(after, 5_000)).isEqualTo(Status.OK);
        assertThat(pings).hasPositiveValue();
        assertThat(clock.get() - since).isLessThan(2_500 * MILLIS);
    }

    @Test
    void start_shortSilences_keepTheSession() {
        Process server = new Process(wire.open(SERVER), clock);
        AtomicLong pings = server.answerPings();
        assertThat(ask(server, 1_000)).isEqualTo(Status.OK);
        int connects = wire.connects();
        for (int round = 0; round < 10; round++) {
            client.rpc.poll();
            boolean[] done = new boolean[1];
            leader.start(call, Process.encodePing(call), 750 * MILLIS, each -> done[0] = true);
            // The server stands still until one attempt and the next are nearly over.
            Process.pass(700, client);
            Process.pass(100, client, server);
            assertThat(done[0]).isTrue();
            assertThat(call.status()).isEqualTo(Status.OK);
        }
        assertThat(pings).hasValueGreaterThan(10);
        assertThat(wire.connects()).isEqualTo(connects);
    }

    @Test
    void start_rpcClosedMeanwhile_endsWithinOneAttempt() {
        boolean[] done = new boolean[1];
        leader.start(call, Process.encodePing(call), 10_000 * MILLIS, each -> done[0] = true);
        Process.pass(100, client);
        client.rpc.close();
        Process.pass(600, client);
        assertThat(done[0]).isTrue();
        assertThat(call.status()).isEqualTo(Status.TIMED_OUT);
    }
}
