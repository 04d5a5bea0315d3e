package io.silkstone.api.threads;

/**
 * One user thread as operators see it.
 *
 * @param id its identifier
 * @param core the core that it is on
 * @param threadClass its class
 * @param state {@code running}, {@code runnable}, {@code sleeping} or {@code blocked}
 * @param task class name of its task
 */
public record ThreadStatus(long id, int core, int threadClass, String state, String task) {}
