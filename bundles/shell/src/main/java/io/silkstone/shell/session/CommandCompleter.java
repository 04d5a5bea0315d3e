package io.silkstone.shell.session;

import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.Command.Argument;
import io.silkstone.shell.command.Command.Option;
import io.silkstone.shell.command.CommandCatalog;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.felix.gogo.jline.Shell;
import org.apache.felix.service.command.CommandSession;
import org.jline.builtins.Completers.FileNameCompleter;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;

/**
 * Offers command names, and inside our commands options, their values, and arguments such as the
 * names of policies and tables. Where nothing is known, it offers files: they are what {@code
 * bundle:deploy} and gogo's own commands take.
 */
final class CommandCompleter implements Completer {
    private static final String GOGO_SCOPE = "gogo:";
    private static final String HELP_SCOPE = "silkstone";

    private final CommandCatalog catalog;
    private final CommandSession session;
    private final Completer files;

    CommandCompleter(CommandCatalog catalog, CommandSession session) {
        this.catalog = catalog;
        this.session = session;
        this.files = new SessionFiles(session);
    }

    /** Files, from the directory of the session on. */
    private static final class SessionFiles extends FileNameCompleter {
        private final CommandSession session;

        SessionFiles(CommandSession session) {
            this.session = session;
        }

        @Override
        protected Path getUserDir() {
            return session.currentDir();
        }
    }

    @Override
    public void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
        if (line.wordIndex() == 0) {
            commandNames().forEach(name -> candidates.add(new Candidate(name)));
            return;
        }
        List<String> words = line.words().subList(0, line.wordIndex());
        Command command = command(words.getFirst());
        List<String> offers =
                command == null
                        ? List.of()
                        : offers(command, words.subList(1, words.size()), line.word());
        if (offers.isEmpty()) {
            files.complete(reader, line, candidates);
        }
        offers.forEach(offer -> candidates.add(new Candidate(offer)));
    }

    private Command command(String name) {
        return catalog.command(name.contains(":") ? name : HELP_SCOPE + ':' + name);
    }

    private Set<String> commandNames() {
        Set<String> names = new TreeSet<>();
        for (Command command : catalog.commands()) {
            names.add(command.scope().equals(HELP_SCOPE) ? command.function() : command.name());
        }
        for (String name : Shell.getCommands(session)) {
            if (name.startsWith(GOGO_SCOPE) && !name.startsWith("_", GOGO_SCOPE.length())) {
                names.add(name.substring(GOGO_SCOPE.length()));
            }
        }
        names.add(InteractiveShell.EXIT);
        return names;
    }

    private static List<String> offers(Command command, List<String> before, String word) {
        Option pending = before.isEmpty() ? null : command.option(before.getLast());
        if (pending != null && !pending.isFlag()) {
            return pending.completion().apply(before);
        }
        List<String> arguments = new ArrayList<>();
        for (int index = 0; index < before.size(); index++) {
            Option option = command.option(before.get(index));
            if (option == null) {
                arguments.add(before.get(index));
            } else if (!option.isFlag()) {
                index++;
            }
        }
        if (word.startsWith("-") || arguments.size() >= command.arguments().size()) {
            return command.options().stream()
                    .map(Option::name)
                    .filter(name -> !before.contains(name))
                    .toList();
        }
        Argument argument = command.arguments().get(arguments.size());
        return argument.completion().apply(arguments);
    }
}
