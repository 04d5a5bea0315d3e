package io.silkstone.node.deploy;

import io.silkstone.api.metrics.MetricDescriptor;

/** What the deployer counts. */
enum DeployMetric implements MetricDescriptor {
    DEPLOYED("deploy.bundles_total", "Bundles that were installed and passed their watch."),
    REFUSED("deploy.refused_total", "Bundles that were refused before they started."),
    ROLLED_BACK("deploy.rolled_back_total", "Bundles that were started and taken out again."),
    UNDEPLOYED("deploy.undeployed_total", "Bundles that were removed on request.");

    private final String label;
    private final String description;

    DeployMetric(String label, String description) {
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
