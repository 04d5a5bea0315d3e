package io.silkstone.simulation;

import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.Reply;
import java.util.random.RandomGenerator;

/** Overwrites large values, so that memory fills up and has to be cleaned. */
final class FillingWorkload implements Workload {
    private static final int KEYS = 90;

    private final int client;
    private final RandomGenerator random;
    private int writes;

    FillingWorkload(int client, RandomGenerator random) {
        this.client = client;
        this.random = random;
    }

    @Override
    public String nextKey() {
        return "large-" + random.nextInt(KEYS);
    }

    @Override
    public Call nextCall(String key, long nowMillis) {
        if (random.nextInt(3) == 0) {
            return Call.read();
        }
        writes++;
        return Call.write("large-" + client + "-write-" + writes);
    }

    @Override
    public void told(String key, Reply reply) {
        // What comes next does not depend on it.
    }
}
