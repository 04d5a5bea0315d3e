package io.silkstone.benchmarks.load;

import java.nio.ByteBuffer;
import java.util.random.RandomGenerator;

/** Says what the connections of a {@link LoadClient} ask for. Threads: the client's. */
public interface Workload {
    /** Returned by {@link #request} when there is nothing left to ask. */
    long END = Long.MIN_VALUE;

    /**
     * Appends the next request of {@code connection}.
     *
     * @return the expectation, see {@link ObjectFormat}; {@link #END} when nothing was appended
     */
    long request(int connection, ByteBuffer out);

    /** Writes keys 0 to {@code keys} - 1 once each, in order. */
    static Workload fill(int keys) {
        int[] next = new int[1];
        return (connection, out) -> next[0] == keys ? END : ObjectFormat.set(out, next[0]++, 1);
    }

    /** Reads random ones of {@code keys} keys, all of which are there. */
    static Workload reads(int keys, RandomGenerator random) {
        return (connection, out) -> ObjectFormat.get(out, random.nextInt(keys), 0);
    }

    /** Overwrites random ones of {@code keys} keys. */
    static Workload writes(int keys, RandomGenerator random) {
        return (connection, out) -> ObjectFormat.set(out, random.nextInt(keys), 1);
    }

    /**
     * Reads and writes of which each connection knows the outcome, because no other touches its
     * keys: every read must give the value that this connection wrote last. Keys of connection c
     * are the multiples of {@code connections} plus c; {@link #fill} has written them all.
     *
     * @param keys number of keys altogether
     * @param writePercent share of writes
     */
    static Workload owned(int connections, int keys, int writePercent, RandomGenerator random) {
        int[] versions = new int[keys];
        java.util.Arrays.fill(versions, 1);
        int each = keys / connections;
        return (connection, out) -> {
            int number = random.nextInt(each) * connections + connection;
            return random.nextInt(100) < writePercent
                    ? ObjectFormat.set(out, number, ++versions[number])
                    : ObjectFormat.get(out, number, versions[number]);
        };
    }
}
