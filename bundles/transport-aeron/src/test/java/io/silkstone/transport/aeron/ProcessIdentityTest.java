package io.silkstone.transport.aeron;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ProcessIdentityTest {
    private static final ProcessIdentity OWN = ProcessIdentity.own();

    @Test
    void isGone_living_isFalse() {
        assertThat(OWN.isGone()).isFalse();
        assertThat(new ProcessIdentity(OWN.pid(), 0, "another").isGone()).isFalse();
    }

    @Test
    @Timeout(60)
    void isGone_endedAndNotTakenNoteOf_isTrue() throws Exception {
        Process careless =
                new ProcessBuilder("sh", "-c", "sleep 600 & echo $!; exec sleep 600").start();
        try {
            long child = Long.parseLong(careless.inputReader(StandardCharsets.US_ASCII).readLine());
            ProcessIdentity identity = new ProcessIdentity(child, 0, OWN.namespace());
            assertThat(identity.isGone()).isFalse();

            ProcessHandle.of(child).orElseThrow().destroyForcibly();

            while (!identity.isGone()) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            assertThat(Signals.isNobody(child)).isFalse();
        } finally {
            careless.destroyForcibly().waitFor();
        }
    }
}
