package io.silkstone.benchmarks.threads;

/** Whose turn it is of two. */
final class Turn {
    private volatile int holder;
    private volatile boolean ended;

    int holder() {
        return holder;
    }

    void give(int next) {
        holder = next;
    }

    void end() {
        ended = true;
    }

    boolean hasEnded() {
        return ended;
    }
}
