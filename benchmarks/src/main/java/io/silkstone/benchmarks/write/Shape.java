package io.silkstone.benchmarks.write;

/**
 * How many writes are under way at a time.
 *
 * @param key its part of keys in the result line
 * @param connections of the client
 * @param pipeline writes that each sends at once
 */
record Shape(String key, int connections, int pipeline) {
    /** One after the other: nobody shares a sync of the disk. */
    static final Shape ALONE = new Shape("p1", 1, 1);

    /** What one sync of the disk can serve together. */
    static final Shape TOGETHER = new Shape("16", 16, 1);

    /** As many as the server takes. */
    static final Shape PIPELINED = new Shape("p16", 16, 16);

    @Override
    public String toString() {
        return connections + "x" + pipeline;
    }
}
