package io.silkstone.benchmarks.write;

import io.silkstone.benchmarks.load.ObjectFormat;
import io.silkstone.benchmarks.load.Workload;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Overwrites random objects of a server that may be killed at any moment, and knows what must be
 * there afterwards. Each connection has objects of its own, whose versions only grow: what is found
 * must be as new as the newest write that was acknowledged, and may be newer.
 */
final class WriteLedger implements Workload {
    private final int connections;
    private final RandomGenerator random;

    /** Newest version of each object that was sent. */
    private final int[] sent;

    /** Newest version of each object that was acknowledged. */
    private final int[] acknowledged;

    /** Writes that had no reply yet, by connection: rings of version and key in one word. */
    private final long[][] underWay;

    private final int[] first;
    private final int[] end;

    /**
     * Of objects that {@link Workload#fill} has written.
     *
     * @param connections that clients have at most
     * @param pipeline that they have at most
     */
    WriteLedger(int keys, int connections, int pipeline, RandomGenerator random) {
        this.connections = connections;
        this.random = random;
        sent = new int[keys];
        acknowledged = new int[keys];
        Arrays.fill(sent, 1);
        Arrays.fill(acknowledged, 1);
        underWay = new long[connections][pipeline];
        first = new int[connections];
        end = new int[connections];
    }

    /** How many objects there are. */
    int keys() {
        return sent.length;
    }

    @Override
    public long request(int connection, ByteBuffer out) {
        int key = random.nextInt(sent.length / connections) * connections + connection;
        int version = ++sent[key];
        long[] ring = underWay[connection];
        ring[end[connection]++ % ring.length] = (long) version << 32 | key;
        return ObjectFormat.set(out, key, version);
    }

    @Override
    public void acknowledged(int connection) {
        long[] ring = underWay[connection];
        long write = ring[first[connection]++ % ring.length];
        acknowledged[(int) write] = (int) (write >>> 32);
    }

    /** The server was killed: of what was under way nobody knows. */
    void killed() {
        Arrays.fill(first, 0);
        Arrays.fill(end, 0);
    }

    /**
     * The server runs again, and has version {@code found} of an object, 0 for nothing.
     *
     * @return how many writes of it were acknowledged and are gone
     * @throws IllegalStateException when nobody ever sent that version
     */
    int found(int key, int found) {
        if (found > sent[key]) {
            throw new IllegalStateException(
                    "key " + key + " has version " + found + ", of which nobody knows");
        }
        int lost = Math.max(0, acknowledged[key] - found);
        // Whoever has seen it may count on it from now on.
        acknowledged[key] = found;
        return lost;
    }
}
