package io.silkstone.harness;

/** A server that speaks the Redis protocol, in a process of its own. */
public interface ServerProcess extends AutoCloseable {
    /** What to call it in tables. */
    String name();

    /** The port of the loopback interface that it serves. */
    int port();

    /** The process that serves. */
    long pid();

    /** Ends the process. */
    @Override
    void close();
}
