package io.silkstone.transport.aeron;

import io.silkstone.api.metrics.MetricDescriptor;
import io.silkstone.api.transport.Session;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/** Transports that one thread polls in turn, until something holds. */
final class Bench implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final AeronOptions options;
    private final List<Mailbox> mailboxes = new ArrayList<>();
    private final Map<Mailbox, Metrics> metrics = new HashMap<>();

    Bench(AeronOptions options) {
        this.options = options;
    }

    Mailbox listening() {
        return add(options.toBuilder().port(0).build());
    }

    Mailbox calling() {
        return add(options);
    }

    Mailbox add(AeronOptions with) {
        Metrics registry = new Metrics();
        Mailbox mailbox =
                new Mailbox(
                        new AeronTransport(
                                with, NanoClock.SYSTEM, new SplittableRandom(), registry));
        mailboxes.add(mailbox);
        metrics.put(mailbox, registry);
        return mailbox;
    }

    long count(Mailbox mailbox, MetricDescriptor metric) {
        return metrics.get(mailbox).counter(metric).get();
    }

    Session open(Mailbox from, Mailbox to) {
        Session session = from.transport.connect(to.transport.address());
        until(() -> session.state() != Session.State.CONNECTING);
        if (session.state() != Session.State.OPEN) {
            throw new AssertionError("session is " + session.state());
        }
        return session;
    }

    void until(BooleanSupplier holds) {
        until(holds, mailboxes.toArray(Mailbox[]::new));
    }

    /** Polls {@code polled} only. */
    void until(BooleanSupplier holds, Mailbox... polled) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("did not come true in " + PATIENCE);
            }
            for (Mailbox each : polled) {
                each.poll();
            }
        }
    }

    void rounds(int count) {
        for (int round = 0; round < count; round++) {
            mailboxes.forEach(Mailbox::poll);
        }
    }

    @Override
    public void close() {
        mailboxes.forEach(Mailbox::close);
    }
}
