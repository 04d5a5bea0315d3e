package io.silkstone.shell.session;

import io.silkstone.shell.command.Command;
import java.util.List;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Function;

/** A command as gogo calls it. Gogo hands words over unconverted: {@code 007} stays what it is. */
final class CommandFunction implements Function {
    private final Command command;

    CommandFunction(Command command) {
        this.command = command;
    }

    @Override
    public Object execute(CommandSession session, List<Object> arguments) throws Exception {
        return command.run(session.currentDir(), arguments.stream().map(String::valueOf).toList());
    }
}
