package io.silkstone.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.client.ClientLease.Number;
import io.silkstone.rpc.Leader;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ClientLeaseTest {
    private final ScriptedCluster cluster = new ScriptedCluster();
    private final ClientLease lease =
            new ClientLease(
                    cluster.rpc,
                    new Leader(cluster.rpc, List.of(cluster.first.address)),
                    new SplittableRandom(1));
    private int told;

    private Number take() {
        Number number = new Number();
        return lease.take(number, () -> told++) ? number : null;
    }

    private void open() {
        assertThat(take()).isNull();
        while (told == 0) {
            cluster.step();
        }
    }

    @Test
    void take_beforeThereIsALease_tellsWhenThereIs() {
        open();
        Number number = take();
        assertThat(number.lease).isEqualTo(1);
        assertThat(number.request).isEqualTo(1);
        assertThat(number.firstUnanswered).isEqualTo(1);
    }

    @Test
    void take_beyondTheWindow_waitsForTheOldestAnswer() {
        open();
        List<Number> taken = new ArrayList<>();
        for (int count = 0; count < ClientLease.WINDOW; count++) {
            taken.add(take());
        }
        assertThat(taken).doesNotContainNull();
        told = 0;
        assertThat(take()).isNull();
        lease.answered(taken.get(1));
        assertThat(told).as("the oldest is unanswered yet").isZero();
        lease.answered(taken.get(0));
        assertThat(told).isEqualTo(1);
        assertThat(take().firstUnanswered).isEqualTo(3);
    }

    @Test
    void update_afterTheLeaseEnded_saysSo() {
        open();
        Number number = take();
        assertThat(lease.update(number)).isTrue();
        lease.expired(number.lease);
        assertThat(lease.update(number)).isFalse();
    }

    @Test
    void close_wakesNobodyAndAsksNoMore() {
        open();
        lease.close();
        told = 0;
        assertThat(take()).isNull();
        for (int step = 0; step < 1_000; step++) {
            cluster.step();
        }
        assertThat(told).isZero();
    }
}
