package io.silkstone.benchmarks.load;

import java.nio.ByteBuffer;
import java.util.Arrays;
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

    /** The oldest write of {@code connection} that had no reply yet was acknowledged. */
    default void acknowledged(int connection) {}

    /** Writes keys 0 to {@code keys} - 1 once each, in order. */
    static Workload fill(int keys) {
        int[] next = new int[1];
        return (connection, out) -> next[0] == keys ? END : ObjectFormat.set(out, next[0]++, 1);
    }

    /** Reads random keys from {@code first} to {@code end} - 1, all of which are there. */
    static Workload reads(int first, int end, RandomGenerator random) {
        return (connection, out) -> ObjectFormat.get(out, random.nextInt(first, end), 0);
    }

    /** Overwrites random keys from {@code first} to {@code end} - 1. */
    static Workload writes(int first, int end, RandomGenerator random) {
        return (connection, out) -> ObjectFormat.set(out, random.nextInt(first, end), 1);
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
        Arrays.fill(versions, 1);
        int each = keys / connections;
        return (connection, out) -> {
            int number = random.nextInt(each) * connections + connection;
            return random.nextInt(100) < writePercent
                    ? ObjectFormat.set(out, number, ++versions[number])
                    : ObjectFormat.get(out, number, versions[number]);
        };
    }
}
