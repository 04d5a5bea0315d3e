package io.silkstone.gateway.command;

import io.silkstone.api.threads.ThreadRuntime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * The line in which requests wait that check a password. A check takes a tenth of a second of a
 * core, and whoever can connect can ask for one: so only {@link #AT_ONCE_MAX} run at a time, and a
 * flood of guesses takes no more of a node than that. In the line, addresses take turns, and of an
 * address those connections come first that have guessed wrong least often. Threads: any.
 */
final class PasswordLine {
    /** Checks that run at a time. */
    static final int AT_ONCE_MAX = 2;

    private final ThreadRuntime threads;
    private final Map<String, PriorityQueue<Waiting>> byAddress = new LinkedHashMap<>();
    private int running;
    private long arrivals;

    PasswordLine(ThreadRuntime threads) {
        this.threads = threads;
    }

    private record Waiting(int failures, long arrival, Runnable check)
            implements Comparable<Waiting> {
        @Override
        public int compareTo(Waiting other) {
            int byFailures = Integer.compare(failures, other.failures);
            return byFailures != 0 ? byFailures : Long.compare(arrival, other.arrival);
        }
    }

    /**
     * Lets {@code check} of {@code client} run in a user thread when it is its turn.
     *
     * @return false when no thread is to be had; it will not run then
     */
    synchronized boolean add(Client client, Runnable check) {
        if (running == AT_ONCE_MAX) {
            byAddress
                    .computeIfAbsent(address(client), same -> new PriorityQueue<>())
                    .add(new Waiting(client.failedLogins, arrivals++, check));
            return true;
        }
        boolean started =
                threads.create(ThreadRuntime.NORMAL, () -> runAll(check)) != ThreadRuntime.NONE;
        if (started) {
            running++;
        }
        return started;
    }

    private static String address(Client client) {
        String peer = client.link().peer();
        return peer.substring(0, peer.lastIndexOf(':'));
    }

    private void runAll(Runnable first) {
        for (Runnable check = first; check != null; check = next()) {
            check.run();
        }
    }

    /** The next in line; null where there is none, and then the caller runs no more. */
    private synchronized Runnable next() {
        if (byAddress.isEmpty()) {
            running--;
            return null;
        }
        String address = byAddress.keySet().iterator().next();
        PriorityQueue<Waiting> waiting = byAddress.remove(address);
        Runnable check = waiting.remove().check();
        if (!waiting.isEmpty()) {
            byAddress.put(address, waiting);
        }
        return check;
    }
}
