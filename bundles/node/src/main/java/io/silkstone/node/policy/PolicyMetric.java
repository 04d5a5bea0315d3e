package io.silkstone.node.policy;

import io.silkstone.api.metrics.MetricDescriptor;

/** What the policy directory counts. */
enum PolicyMetric implements MetricDescriptor {
    SWITCHES("policy.switches_total", "Policies taken into use, those at the start included."),
    FAILURES("policy.failures_total", "Policies that failed at once or on probation."),
    HAND_OVER("policy.hand_over_ns", "How long a mechanism took to change its policy."),
    LATE_RELEASES(
            "policy.late_releases_total",
            "Policies whose bundle stopped before their mechanism had let go of them.");

    private final String label;
    private final String description;

    PolicyMetric(String label, String description) {
        this.label = label;
        this.description = description;
    }

    @Override
    public String label() {
        return label;
    }

    @Override
    public String description() {
        return description;
    }
}
