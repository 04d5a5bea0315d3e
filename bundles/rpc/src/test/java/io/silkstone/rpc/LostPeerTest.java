package io.silkstone.rpc;

import static io.silkstone.rpc.Process.MILLIS;
import static io.silkstone.rpc.Process.encodePing;
import static io.silkstone.rpc.Process.pass;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.rpc.messages.Status;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Nobody waits for an answer that certainly never comes. */
class LostPeerTest {
    private static final String SERVER = "wire:server";

    private final AtomicLong clock = new AtomicLong();
    private final Wire wire = new Wire();
    private final Wire.End clientEnd = wire.open("wire:client");
    private final Process client = new Process(clientEnd, clock);
    private final Wire.End serverEnd = wire.open(SERVER);
    private final Peer peer = client.rpc.peer(serverEnd.address());
    private final Call call = client.rpc.newCall();

    @Test
    void call_toWhomHasEnded_isGivenUpSoon() {
        client.ping(call, peer, 60_000);
        pass(300, client);
        assertThat(call.isDone()).isFalse();

        clientEnd.hasSeenTheEndOf(SERVER);
        pass(51, client);

        assertThat(call.status()).isEqualTo(Status.TIMED_OUT);
        client.ping(call, peer, 60_000);
        pass(19, client);
        assertThat(call.isDone()).isFalse();
        pass(2, client);
        assertThat(call.status()).isEqualTo(Status.TIMED_OUT);
    }

    @Test
    void giveUpOn_aServer_endsWhatMeansItAndNothingElse() {
        Call other = client.rpc.newCall();
        call.start(peer, 7, encodePing(call), 60_000 * MILLIS, Completion.NONE);
        other.start(peer, 8, encodePing(other), 60_000 * MILLIS, Completion.NONE);

        client.rpc.giveUpOn(7);
        pass(1, client);

        assertThat(call.status()).isEqualTo(Status.TIMED_OUT);
        assertThat(other.isDone()).isFalse();
    }
}
