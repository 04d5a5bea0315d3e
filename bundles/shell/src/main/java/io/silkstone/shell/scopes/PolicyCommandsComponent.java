package io.silkstone.shell.scopes;

import io.silkstone.api.policy.PolicyDirectory;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandScope;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/** Brings the policy directory to the {@code policy} commands. */
@Component(name = "io.silkstone.shell.policy")
public final class PolicyCommandsComponent implements CommandScope {
    private final List<Command> commands = new PolicyCommands(() -> this.directory).commands();

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile PolicyDirectory directory;

    /** Called by the component runtime. */
    @Activate
    public PolicyCommandsComponent() {}

    @Override
    public List<Command> commands() {
        return commands;
    }
}
