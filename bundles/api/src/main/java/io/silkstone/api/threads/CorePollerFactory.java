package io.silkstone.api.threads;

import org.osgi.annotation.versioning.ConsumerType;

/** Makes the poller of a core; see {@link ThreadRuntime#attach}. */
@ConsumerType
@FunctionalInterface
public interface CorePollerFactory {
    /** Called on the user thread that will poll, before its first {@link CorePoller#poll}. */
    CorePoller create(int core);
}
