package io.silkstone.shell.scopes;

import io.silkstone.api.node.BundleDeployer;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandScope;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/** Brings the deployer to the {@code bundle} commands. */
@Component(name = "io.silkstone.shell.bundle")
public final class BundleCommandsComponent implements CommandScope {
    private final List<Command> commands = new BundleCommands(() -> this.deployer).commands();

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile BundleDeployer deployer;

    /** Called by the component runtime. */
    @Activate
    public BundleCommandsComponent() {}

    @Override
    public List<Command> commands() {
        return commands;
    }
}
