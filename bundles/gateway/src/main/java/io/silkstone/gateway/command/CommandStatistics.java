package io.silkstone.gateway.command;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * How often each command and subcommand was called, refused and failed. Each executing thread
 * counts in a tally of its own with plain additions; readers add the tallies up and may miss the
 * newest counts.
 */
public final class CommandStatistics {
    private static final int ERROR_CODES_MAX = 128;
    private static final int CODE_CHARACTERS_MAX = 32;

    private final int size;
    private final List<Tally> tallies = new CopyOnWriteArrayList<>();
    private final Tally past;
    private final ConcurrentMap<String, LongAdder> errors = new ConcurrentHashMap<>();
    private final AtomicLong unauthenticated = new AtomicLong();
    private final RequestRate rate = new RequestRate();

    CommandStatistics(CommandTable table) {
        size = table.counted().size();
        past = new Tally(size);
        tallies.add(past);
    }

    /** The counts of one thread, by the numbers of {@link CommandTable#counted}. */
    static final class Tally {
        final long[] calls;
        final long[] nanos;
        final long[] refused;
        final long[] failed;

        /** How long each command took, null until one was measured to be reported. */
        final LatencyCounts[] latencies;

        /** All requests, unknown commands included. */
        long requests;

        /** How often a command that only reads found an object, and how often none. */
        long hits;

        long misses;

        Tally(int size) {
            calls = new long[size];
            nanos = new long[size];
            refused = new long[size];
            failed = new long[size];
            latencies = new LatencyCounts[size];
        }

        void latency(int id, long nanos) {
            LatencyCounts counts = latencies[id];
            if (counts == null) {
                counts = new LatencyCounts();
                latencies[id] = counts;
            }
            counts.add(nanos);
        }

        private void addTo(Tally sum) {
            for (int i = 0; i < calls.length; i++) {
                sum.calls[i] += calls[i];
                sum.nanos[i] += nanos[i];
                sum.refused[i] += refused[i];
                sum.failed[i] += failed[i];
                if (latencies[i] != null) {
                    if (sum.latencies[i] == null) {
                        sum.latencies[i] = new LatencyCounts();
                    }
                    sum.latencies[i].add(latencies[i]);
                }
            }
            sum.requests += requests;
            sum.hits += hits;
            sum.misses += misses;
        }

        private void clear() {
            Arrays.fill(calls, 0);
            Arrays.fill(nanos, 0);
            Arrays.fill(refused, 0);
            Arrays.fill(failed, 0);
            Arrays.fill(latencies, null);
            requests = 0;
            hits = 0;
            misses = 0;
        }
    }

    /** A tally for a thread. */
    Tally open() {
        Tally tally = new Tally(size);
        tallies.add(tally);
        return tally;
    }

    /** The thread ends; its counts stay. */
    void close(Tally tally) {
        synchronized (past) {
            tally.addTo(past);
            tallies.remove(tally);
        }
    }

    /** The sum of all tallies. */
    Tally sum() {
        Tally sum = new Tally(size);
        tallies.forEach(tally -> tally.addTo(sum));
        return sum;
    }

    /** Requests so far. */
    public long requests() {
        long requests = 0;
        for (Tally tally : tallies) {
            requests += tally.requests;
        }
        return requests;
    }

    /** To be called about once a second: the time at which there were so many requests. */
    public void sampleRate(long nanos) {
        rate.sample(nanos, requests());
    }

    /** Requests in the last second. */
    long requestsPerSecond() {
        return rate.perSecond();
    }

    /** Counts an error by its code, the first word. */
    void error(String message) {
        int space = message.indexOf(' ');
        String code = space < 0 ? message : message.substring(0, space);
        if (code.length() > CODE_CHARACTERS_MAX) {
            return;
        }
        LongAdder adder = errors.get(code);
        if (adder == null && errors.size() < ERROR_CODES_MAX) {
            adder = errors.computeIfAbsent(code, unseen -> new LongAdder());
        }
        if (adder != null) {
            adder.increment();
        }
    }

    /** Error codes and how often each was answered. */
    Map<String, LongAdder> errors() {
        return errors;
    }

    /** Counts an attempt to authenticate that failed. */
    void unauthenticated() {
        unauthenticated.incrementAndGet();
    }

    long authenticationFailures() {
        return unauthenticated.get();
    }

    /** Back to zero. */
    void reset() {
        tallies.forEach(Tally::clear);
        errors.clear();
        unauthenticated.set(0);
    }
}
