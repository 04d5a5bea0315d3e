package io.silkstone.transport.aeron;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.transport.Session;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sessions over shared memory. */
class AeronIpcTest extends AeronTransportContract {
    @Override
    AeronOptions options() {
        return small(AeronOptions.Route.IPC);
    }

    @Test
    @Timeout(120)
    void connect_byHostAndPortAlone_findsTheNeighbour() {
        try (Bench bench = new Bench(options())) {
            Mailbox listening = bench.listening();
            Mailbox calling = bench.calling();
            String address = listening.transport.address();
            String plain = address.substring(0, address.indexOf('?'));
            Session session = calling.transport.connect(plain);
            bench.until(() -> session.state() != Session.State.CONNECTING);
            assertThat(session.state()).isEqualTo(Session.State.OPEN);
            assertThat(session.peer()).isEqualTo(plain);
        }
    }
}
