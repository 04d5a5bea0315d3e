package io.silkstone.shell.session;

import io.silkstone.shell.command.Command;
import java.util.List;
import org.apache.felix.gogo.jline.Shell;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Function;
import org.apache.felix.service.command.Process;
import org.jline.terminal.Terminal;

/** A command as gogo calls it. Gogo hands words over unconverted: {@code 007} stays what it is. */
final class CommandFunction implements Function {
    private final Command command;

    CommandFunction(Command command) {
        this.command = command;
    }

    @Override
    public Object execute(CommandSession session, List<Object> arguments) throws Exception {
        List<String> words = arguments.stream().map(String::valueOf).toList();
        Process job = Process.Utils.current();
        if (job == null) {
            return command.run(session.currentDir(), words);
        }
        JobProgress progress =
                new JobProgress(
                        job, session.get(Shell.VAR_TERMINAL) instanceof Terminal it ? it : null);
        try {
            return command.run(session.currentDir(), words, progress);
        } finally {
            progress.end();
        }
    }
}
