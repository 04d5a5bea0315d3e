package io.silkstone.shell.scopes;

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

/** Brings the cluster to the {@code recovery} commands. */
@Component(name = "io.silkstone.shell.recovery")
public final class RecoveryCommandsComponent implements CommandScope {
    private final List<Command> commands = new RecoveryCommands(() -> this.cluster).commands();

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile Cluster cluster;

    /** Called by the component runtime. */
    @Activate
    public RecoveryCommandsComponent() {}

    @Override
    public List<Command> commands() {
        return commands;
    }
}
