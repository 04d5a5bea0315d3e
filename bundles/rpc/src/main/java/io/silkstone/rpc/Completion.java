package io.silkstone.rpc;

/** Told when a call has ended. */
@FunctionalInterface
public interface Completion {
    /** Nothing is to be told: the caller waits for it. */
    Completion NONE = call -> {};

    /**
     * {@code call} is done and may be started again, from in here too. Called by the thread that
     * polls: be quick, never wait.
     */
    void done(Call call);
}
