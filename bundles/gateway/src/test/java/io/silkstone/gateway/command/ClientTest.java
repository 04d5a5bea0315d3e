package io.silkstone.gateway.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ClientTest {
    private final Probe probe = new Probe();
    private final Probe.Session client = probe.connect();
    private final Probe.Session other = probe.connect();

    @BeforeEach
    void store() {
        client.send("SET", "big", "x".repeat(100_000));
    }

    @AfterEach
    void close() {
        probe.close();
    }

    @Test
    void gone_inTheMiddleOfARequest_itsBytesStayToItsEnd() {
        client.leaves = true;
        client.raw(List.of("MGET big bi", "g big big big\r\nSET after 1\r\n"));
        assertThat(other.ask("GET after")).isEqualTo("$1 1");
        assertThat(client.raw("PING\r\n")).as("nothing is served any more").isEmpty();
    }

    @Test
    void gone_inTheMiddleOfExec_itRunsToItsEnd() {
        client.raw("MULTI\r\nSET before 1\r\nMGET big big big\r\nGET big\r\nSET after 2\r\n");
        client.leaves = true;
        client.raw("EXEC\r\n");
        assertThat(other.ask("MGET before after")).isEqualTo("*2 $1 1 $1 2");
    }

    @Test
    void longRequest_thatFailsInAnyWay_endsItsConnection() {
        probe.failure = new OutOfMemoryError("test");
        assertThat(client.raw("KEYS *\r\n")).isEmpty();
        assertThat(client.closed()).isTrue();
        probe.failure = null;
        assertThat(other.ask("PING")).isEqualTo("+PONG");
    }

    @Test
    void request_thatFailsInAnyWay_endsItsConnection() {
        probe.failure = new OutOfMemoryError("test");
        client.raw("INFO\r\n");
        assertThat(client.closed()).isTrue();
        probe.failure = null;
        assertThat(other.ask("PING")).isEqualTo("+PONG");
    }

    @Test
    void gone_beforeALongRequest_itDoesNotRun() {
        client.leaves = true;
        client.raw("MGET big big\r\nFLUSHALL\r\n");
        assertThat(other.ask("EXISTS big")).isEqualTo(":1");
    }
}
