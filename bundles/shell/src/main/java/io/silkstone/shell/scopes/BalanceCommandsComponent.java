package io.silkstone.shell.scopes;

import io.silkstone.api.balance.Balancer;
import io.silkstone.api.cluster.Cluster;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandScope;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/** Brings the balancer and the cluster to the {@code balance} commands. */
@Component(name = "io.silkstone.shell.balance")
public final class BalanceCommandsComponent implements CommandScope {
    private final List<Command> commands =
            new BalanceCommands(() -> this.balancer, () -> this.cluster).commands();

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile Balancer balancer;

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile Cluster cluster;

    /** Called by the component runtime. */
    @Activate
    public BalanceCommandsComponent() {}

    @Override
    public List<Command> commands() {
        return commands;
    }
}
