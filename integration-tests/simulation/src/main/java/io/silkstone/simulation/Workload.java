package io.silkstone.simulation;

import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.Reply;

/** What one client asks for next. */
public interface Workload {
    /** The key that it asks for next. */
    String nextKey();

    /** What it asks of it. */
    Call nextCall(String key, long nowMillis);

    /** It was told {@code reply} about {@code key}. */
    void told(String key, Reply reply);

    /** Whether whoever asks for this may look at everything now and then. */
    default boolean mayScan() {
        return true;
    }
}
