package io.silkstone.shell.scopes;

import io.silkstone.api.store.KvStore;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandScope;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/** Brings the store to the {@code kv} commands. */
@Component(name = "io.silkstone.shell.kv")
public final class KvCommandsComponent implements CommandScope {
    private final List<Command> commands =
            new KvCommands(() -> this.store, System::currentTimeMillis).commands();

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile KvStore store;

    /** Called by the component runtime. */
    @Activate
    public KvCommandsComponent() {}

    @Override
    public List<Command> commands() {
        return commands;
    }
}
