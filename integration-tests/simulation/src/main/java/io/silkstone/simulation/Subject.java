package io.silkstone.simulation;

import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.Reply;

/** What a client asks. One client's; it may take as long as it likes. */
public interface Subject extends AutoCloseable {
    /** Asks, and waits for the end. */
    Reply ask(String key, Call call);

    @Override
    void close();
}
