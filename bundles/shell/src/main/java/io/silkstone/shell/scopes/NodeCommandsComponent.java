package io.silkstone.shell.scopes;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.node.Node;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandScope;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/** Brings the node and its metrics to the {@code node} commands. */
@Component(name = "io.silkstone.shell.node")
public final class NodeCommandsComponent implements CommandScope {
    private final List<Command> commands =
            new NodeCommands(() -> this.node, () -> this.metrics).commands();

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile Node node;

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile MetricRegistry metrics;

    /** Called by the component runtime. */
    @Activate
    public NodeCommandsComponent() {}

    @Override
    public List<Command> commands() {
        return commands;
    }
}
