package io.silkstone.simulation;

import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.Reply;
import java.util.Optional;

/** What a client asks. One client's; it may take as long as it likes. */
public interface Subject extends AutoCloseable {
    /** Asks; empty when it was refused for want of something and certainly had no effect. */
    Optional<Reply> ask(String key, Call call);

    @Override
    void close();
}
