package io.silkstone.api.metrics;

import org.osgi.annotation.versioning.ConsumerType;

/** Names a metric. An enum per subsystem implements it, one constant a metric. */
@ConsumerType
public interface MetricDescriptor {
    /**
     * {@code <subsystem>.<noun>.<qualifier>_<unit>}, lower case; counters end in {@code _total}.
     */
    String label();

    /** One sentence that tells an operator what it counts. */
    String description();
}
