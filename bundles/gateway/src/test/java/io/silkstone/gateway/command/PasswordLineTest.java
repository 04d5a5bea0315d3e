package io.silkstone.gateway.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.gateway.TestRuntime;
import io.silkstone.gateway.resp.MemoryBudget;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PasswordLineTest {
    private final TestRuntime threads = new TestRuntime(0);
    private final PasswordLine line = new PasswordLine(threads);
    private final List<String> ran = new ArrayList<>();
    private final CountDownLatch gate = new CountDownLatch(1);
    private final CountDownLatch done = new CountDownLatch(7);

    private static Client client(String address, int failures) {
        Client.Link link =
                new Client.Link() {
                    @Override
                    public void kill() {
                        throw new AssertionError();
                    }

                    @Override
                    public String peer() {
                        return address + ":1234";
                    }

                    @Override
                    public String local() {
                        throw new AssertionError();
                    }
                };
        Client client = new Client(1, link, null, 0, new MemoryBudget(0));
        client.failedLogins = failures;
        return client;
    }

    private void add(String address, int failures, String name) {
        Runnable check =
                () -> {
                    await(gate);
                    synchronized (ran) {
                        ran.add(name);
                    }
                    done.countDown();
                };
        assertThat(line.add(client(address, failures), check)).isTrue();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException stopped) {
            throw new AssertionError(stopped);
        }
    }

    @Test
    void line_letsAddressesTakeTurnsAndTheFaultlessGoFirst() {
        CountDownLatch held = new CountDownLatch(1);
        // One of the two stays busy, so that the order of the others is certain.
        line.add(client("::1", 0), () -> await(held));
        add("10.0.0.1", 9, "first");
        add("10.0.0.1", 9, "flood 1");
        add("10.0.0.1", 8, "flood 2");
        add("10.0.0.1", 7, "flood 3");
        add("10.0.0.1", 0, "newcomer");
        add("10.0.0.2", 5, "neighbour 1");
        add("10.0.0.2", 5, "neighbour 2");
        gate.countDown();
        await(done);
        held.countDown();
        assertThat(ran)
                .containsExactly(
                        "first",
                        "newcomer",
                        "neighbour 1",
                        "flood 3",
                        "neighbour 2",
                        "flood 2",
                        "flood 1");
    }

    @Test
    void add_withoutThreads_isRefused() {
        threads.refuseThreads();
        for (int i = 0; i < 2 * PasswordLine.AT_ONCE_MAX; i++) {
            assertThat(line.add(client("::1", 0), () -> ran.add("never"))).isFalse();
        }
        assertThat(ran).isEmpty();
    }
}
