package io.silkstone.node.config;

import io.silkstone.api.metrics.MetricDescriptor;

/** What the configuration counts. */
enum ConfigMetric implements MetricDescriptor {
    REFUSED("config.refused_total", "Configuration files that were refused.");

    private final String label;
    private final String description;

    ConfigMetric(String label, String description) {
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
