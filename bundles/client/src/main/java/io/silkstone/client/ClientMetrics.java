package io.silkstone.client;

import io.silkstone.api.metrics.MetricDescriptor;

/** What a client meets on its way. */
public enum ClientMetrics implements MetricDescriptor {
    OPERATIONS("client.operations_total", "Operations that were begun."),
    RETRIES("client.operations.retried_total", "Attempts after the first."),
    REDIRECTS("client.operations.redirected_total", "Answers that another server has the key."),
    REFRESHES("client.maps.fetched_total", "Maps of the cluster that were fetched."),
    UNKNOWN(
            "client.operations.unknown_total",
            "Operations that nobody answered in time, so that changes may have been made or not.");

    private final String label;
    private final String description;

    ClientMetrics(String label, String description) {
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
