package io.silkstone.shell.scopes;

import io.silkstone.shell.command.Call;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandCatalog;
import io.silkstone.shell.command.CommandRefused;
import io.silkstone.shell.command.CommandScope;
import io.silkstone.shell.format.Answer;
import io.silkstone.shell.format.Table;
import java.util.ArrayList;
import java.util.List;

/** Explains the other commands. */
public final class HelpCommands implements CommandScope {
    private static final String SCOPE = "silkstone";
    private static final String NAME = "NAME";

    private final CommandCatalog catalog;

    /** Explains what is in {@code catalog}. */
    public HelpCommands(CommandCatalog catalog) {
        this.catalog = catalog;
    }

    @Override
    public List<Command> commands() {
        return List.of(
                Command.named(SCOPE, "help")
                        .says("Lists the commands, or explains one or those of a scope.")
                        .mayTake(NAME, before -> names())
                        .example("help policy:use")
                        .does(this::help));
    }

    private Answer help(Call call) throws CommandRefused {
        String name = call.value(NAME, "");
        Command exact = catalog.command(name.contains(":") ? name : SCOPE + ':' + name);
        if (exact != null) {
            return exact.help();
        }
        List<Command> shown =
                catalog.commands().stream()
                        .filter(command -> name.isEmpty() || command.scope().equals(name))
                        .toList();
        if (shown.isEmpty()) {
            throw new CommandRefused("There is no command or scope '" + name + "'; see `help`.");
        }
        return Table.of(shown)
                .column("command", HelpCommands::shortName)
                .column("what_it_does", Command::sentence)
                .note(
                        "COMMAND --help shows more; | grep, sort, head, tail, wc work on answers;"
                                + " exit leaves.");
    }

    private List<String> names() {
        List<String> names = new ArrayList<>();
        for (Command command : catalog.commands()) {
            names.add(shortName(command));
            if (!names.contains(command.scope())) {
                names.add(command.scope());
            }
        }
        return names;
    }

    private static String shortName(Command command) {
        return command.scope().equals(SCOPE) ? command.function() : command.name();
    }
}
