package io.silkstone.shell.scopes;

import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandScope;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/** Brings the thread runtime to the {@code cores} commands. */
@Component(name = "io.silkstone.shell.cores")
public final class CoresCommandsComponent implements CommandScope {
    private final List<Command> commands = new CoresCommands(() -> this.runtime).commands();

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile ThreadRuntime runtime;

    /** Called by the component runtime. */
    @Activate
    public CoresCommandsComponent() {}

    @Override
    public List<Command> commands() {
        return commands;
    }
}
