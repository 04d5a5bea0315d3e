package io.silkstone.api.cluster;

import java.util.function.Supplier;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Makes logs of one kind for the coordinator of a node. It is a service with the properties {@code
 * silkstone.kind=coordinator-log} and {@code silkstone.name}, the word by which operators choose
 * it; what else such a log must know stands in its own configuration.
 *
 * <p>Threads: any.
 */
@ConsumerType
public interface CoordinatorLogFactory {
    /** Value of the service property {@code silkstone.kind}. */
    String KIND = "coordinator-log";

    /**
     * A log that has not begun yet. One at a time is open.
     *
     * @param address where this node's coordinator is reached, in the words of the transport
     * @param earlier what {@link CoordinatorLog.Replica#snapshot} says of the journal that a
     *     coordinator alone left in this node; null when there is none. Asked for at most once, on
     *     any thread, and only by a log with nothing in it, which can begin with that. Throws
     *     IllegalStateException when the journal cannot be read
     * @throws IllegalStateException when the log is not configured; the message is for operators
     */
    CoordinatorLog open(String address, Supplier<byte[]> earlier);
}
