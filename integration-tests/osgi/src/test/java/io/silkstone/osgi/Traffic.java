package io.silkstone.osgi;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.harness.RespConnection;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A Redis client that writes and reads back without pause, in a thread of its own, and remembers
 * the first answer that was not what it had written.
 */
final class Traffic {
    private final RespConnection connection;
    private final Thread thread = new Thread(this::run, "traffic");
    private final AtomicLong rounds = new AtomicLong();
    private volatile boolean ended;
    private volatile String failure = "";

    Traffic(OperatedNode node) throws IOException {
        connection = node.connect();
        thread.start();
    }

    /** Returns when some more requests were answered; fails when one was answered wrongly. */
    void flows() {
        long target = rounds.get() + 20;
        while (rounds.get() < target && failure.isEmpty() && thread.isAlive()) {
            Thread.onSpinWait();
        }
        assertThat(failure).isEmpty();
        assertThat(rounds.get()).isGreaterThanOrEqualTo(target);
    }

    /** Ends it; fails when any request was answered wrongly. */
    void end() throws IOException, InterruptedException {
        ended = true;
        thread.join();
        connection.close();
        assertThat(failure).isEmpty();
    }

    private void run() {
        try {
            while (!ended) {
                String value = Long.toString(rounds.get());
                Object set = connection.call("SET", "traffic", value);
                Object get = connection.call("GET", "traffic");
                if (!"OK".equals(set) || !value.equals(get)) {
                    failure = "round " + value + ": SET said " + set + ", GET said " + get;
                    return;
                }
                rounds.incrementAndGet();
            }
        } catch (IOException e) {
            failure = "after " + rounds + " rounds: " + e;
        }
    }
}
