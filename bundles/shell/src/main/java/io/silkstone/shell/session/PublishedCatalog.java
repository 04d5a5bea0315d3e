package io.silkstone.shell.session;

import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandCatalog;
import io.silkstone.shell.command.CommandScope;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.apache.felix.service.command.Function;

/** The catalog, each of whose commands gogo can call too. Threads: any. */
final class PublishedCatalog implements CommandCatalog {
    private final BiFunction<Command, Function, Runnable> publisher;
    private final Map<CommandScope, List<Runnable>> published = new HashMap<>();
    private volatile List<Command> commands = List.of();

    /**
     * An empty catalog.
     *
     * @param publisher makes a command known to gogo, and returns what withdraws it again
     */
    PublishedCatalog(BiFunction<Command, Function, Runnable> publisher) {
        this.publisher = publisher;
    }

    /** Takes up the commands of {@code scope}. */
    synchronized void add(CommandScope scope) {
        List<Runnable> withdrawals = new ArrayList<>();
        for (Command command : scope.commands()) {
            withdrawals.add(publisher.apply(command, new CommandFunction(command)));
        }
        published.put(scope, withdrawals);
        refresh();
    }

    /** Withdraws the commands of {@code scope}, if they were taken up. */
    synchronized void remove(CommandScope scope) {
        List<Runnable> withdrawals = published.remove(scope);
        if (withdrawals != null) {
            withdrawals.forEach(Runnable::run);
            refresh();
        }
    }

    /** Withdraws everything. */
    synchronized void close() {
        List.copyOf(published.keySet()).forEach(this::remove);
    }

    @Override
    public List<Command> commands() {
        return commands;
    }

    private void refresh() {
        commands =
                published.keySet().stream()
                        .flatMap(scope -> scope.commands().stream())
                        .sorted(Comparator.comparing(Command::scope))
                        .toList();
    }
}
