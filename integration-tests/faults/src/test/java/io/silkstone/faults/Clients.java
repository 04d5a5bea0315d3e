package io.silkstone.faults;

import io.silkstone.simulation.history.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Threads that use the cluster until they are closed, each the keys of one node, so that a silent
 * node never keeps a thread from asking another one.
 */
final class Clients implements AutoCloseable {
    private static final long PAUSE_MILLIS = 15;

    /** On a machine that does other things too, a thread may not run for so long. */
    private static final long SLACK_NANOS = TimeUnit.SECONDS.toNanos(3);

    private static final long WATCH_MILLIS = 10;
    private static final long END_MILLIS = 30_000;

    private final List<Thread> threads = new ArrayList<>();
    private final Stalls stalls = new Stalls();
    private volatile boolean closing;

    /** Begins to watch how long this very process may not run. */
    Clients() {
        threads.add(Thread.ofPlatform().name("faults-watch").start(this::watch));
    }

    private void watch() {
        try {
            while (!closing) {
                long due = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WATCH_MILLIS);
                Thread.sleep(WATCH_MILLIS);
                stalls.add(due, System.nanoTime());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Forgets how long this process did not run. */
    void beginRound() {
        stalls.clear();
    }

    /** When this process did not run, since the round began. */
    Stalls stalls() {
        return stalls;
    }

    /** Starts a thread that uses {@code record}'s node by way of {@code door}, and closes that. */
    void start(NodeRecord record, Door door, SplittableRandom random) {
        int client = threads.size();
        threads.add(
                Thread.ofPlatform()
                        .name("faults-client-" + client)
                        .start(() -> run(client, record, door, random)));
    }

    private void run(int client, NodeRecord record, Door door, SplittableRandom random) {
        long patience = door.patienceNanos() + SLACK_NANOS;
        try (door) {
            while (!closing) {
                NodeRecord.Turn turn = record.begin(client, door.knowsVersions(), random);
                Reply reply = door.ask(turn.key(), turn.call());
                turn.ended(reply, patience);
                Thread.sleep(1 + random.nextLong(PAUSE_MILLIS));
            }
        } catch (InterruptedException e) {
            record.complain("client " + client + " was interrupted");
        } catch (RuntimeException e) {
            record.complain("client " + client + " failed: " + e);
        }
    }

    /** Waits for what is under way. */
    @Override
    public void close() {
        closing = true;
        try {
            for (Thread thread : threads) {
                thread.join(END_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
