package io.silkstone.shell.session;

import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.Command.Completion;
import io.silkstone.shell.command.Command.Option;
import io.silkstone.shell.command.CommandCatalog;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.apache.felix.gogo.jline.Shell;
import org.apache.felix.service.command.CommandSession;
import org.jline.builtins.Completers.FileNameCompleter;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;

/**
 * Offers command names, and inside our commands options, their values, and arguments such as the
 * names of policies and tables. Gogo's own commands get files offered.
 */
final class CommandCompleter implements Completer {
    private static final String GOGO_SCOPE = "gogo:";
    private static final String HELP_SCOPE = "silkstone";

    private final CommandCatalog catalog;
    private final Supplier<CommandSession> session;
    private final Completer files;

    CommandCompleter(CommandCatalog catalog, Supplier<CommandSession> session) {
        this.catalog = catalog;
        this.session = session;
        this.files = new SessionFiles(session);
    }

    /** Files, from the directory of the session on. */
    private static final class SessionFiles extends FileNameCompleter {
        private final Supplier<CommandSession> session;

        SessionFiles(Supplier<CommandSession> session) {
            this.session = session;
        }

        @Override
        protected Path getUserDir() {
            return session.get().currentDir();
        }
    }

    /** A call that is being typed: the words before the one under the cursor, and that one. */
    private record Call(List<String> before, String word, List<String> arguments) {
        Call(List<String> before, String word) {
            this(before, word, new ArrayList<>());
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
        Call call = new Call(words.subList(1, words.size()), line.word());
        Completion completion = command == null ? Completion.FILES : completion(command, call);
        if (completion == Completion.FILES) {
            files.complete(reader, line, candidates);
        } else {
            completion.apply(call.arguments).forEach(each -> candidates.add(new Candidate(each)));
        }
    }

    private Command command(String name) {
        return catalog.command(name.contains(":") ? name : HELP_SCOPE + ':' + name);
    }

    private Set<String> commandNames() {
        Set<String> names = new TreeSet<>();
        for (Command command : catalog.commands()) {
            names.add(command.scope().equals(HELP_SCOPE) ? command.function() : command.name());
        }
        for (String name : Shell.getCommands(session.get())) {
            if (name.startsWith(GOGO_SCOPE) && !name.startsWith("_", GOGO_SCOPE.length())) {
                names.add(name.substring(GOGO_SCOPE.length()));
            }
        }
        names.add(ShellSession.EXIT);
        return names;
    }

    /** What fits the word under the cursor of a call of {@code command}. */
    private static Completion completion(Command command, Call call) {
        Option pending = call.before.isEmpty() ? null : command.option(call.before.getLast());
        if (pending != null && !pending.isFlag()) {
            return pending.completion();
        }
        for (int index = 0; index < call.before.size(); index++) {
            Option option = command.option(call.before.get(index));
            if (option == null) {
                call.arguments.add(call.before.get(index));
            } else if (!option.isFlag()) {
                index++;
            }
        }
        int position = call.arguments.size();
        if (!call.word.startsWith("-") && position < command.arguments().size()) {
            return command.arguments().get(position).completion();
        }
        List<String> options =
                command.options().stream()
                        .map(Option::name)
                        .filter(name -> !call.before.contains(name))
                        .toList();
        return before -> options;
    }
}
