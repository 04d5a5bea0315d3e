package io.silkstone.coordinator;

import io.silkstone.api.metrics.MetricDescriptor;

/** What a coordinator decides. */
public enum CoordinatorMetrics implements MetricDescriptor {
    COMMANDS("coordinator.commands_total", "Commands that were applied."),
    UNKNOWN("coordinator.commands.unknown_total", "Proposals of which nobody knows the end."),
    LEADS("coordinator.leads_total", "Times that this replica began to lead."),
    RENEWALS("coordinator.leases.renewed_total", "Leases of servers that were renewed."),
    REFUSED("coordinator.leases.refused_total", "Renewals by who is no member (any more)."),
    DOWN("coordinator.servers.down_total", "Servers that lost their lease."),
    CUTS(
            "coordinator.recovery.cuts_total",
            "Cuts of tablets that were proposed so that several servers recover them."),
    STALLS("coordinator.stalls_total", "Times that the leader was held up for half a lease.");

    private final String label;
    private final String description;

    CoordinatorMetrics(String label, String description) {
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
