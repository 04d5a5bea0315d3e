package io.silkstone.simulation;

import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.Reply;
import java.util.random.RandomGenerator;

/** Overwrites large values, so that memory fills up and has to be cleaned. */
final class FillingWorkload implements Workload {
    private final int client;
    private final int keys;
    private final RandomGenerator random;
    private int writes;

    /** Of client number {@code client}, on so many keys. */
    FillingWorkload(int client, int keys, RandomGenerator random) {
        this.client = client;
        this.keys = keys;
        this.random = random;
    }

    @Override
    public String nextKey() {
        return Filling.LARGE + random.nextInt(keys);
    }

    @Override
    public Call nextCall(String key, long nowMillis) {
        if (random.nextInt(3) == 0) {
            return Call.read();
        }
        writes++;
        return Call.write(Filling.LARGE + client + "-write-" + writes);
    }

    @Override
    public void told(String key, Reply reply) {
        // What comes next does not depend on it.
    }

    @Override
    public boolean mayScan() {
        return false;
    }
}
