package io.silkstone.gateway.command;

import io.silkstone.gateway.resp.Request;
import io.silkstone.gateway.resp.Words;
import java.util.List;
import java.util.Locale;

/**
 * The subcommands of one command, found by name without allocating, and what all commands that have
 * some answer in common.
 */
final class Subcommands {
    /** Of a command without any. */
    static final Subcommands NONE = new Subcommands();

    private final List<String> names;
    private final long[] words;
    private final long[] rests;

    /** Called {@code names}, in lower case and of up to sixteen characters. */
    Subcommands(String... names) {
        this.names = List.of(names);
        this.words = this.names.stream().mapToLong(Words::of).toArray();
        this.rests = this.names.stream().mapToLong(Words::ofRest).toArray();
    }

    List<String> names() {
        return names;
    }

    /** The place of the one that {@code request} names, in any case; -1 when it names none. */
    int find(Request<Command> request) {
        if (words.length == 0 || request.count() < 2) {
            return -1;
        }
        long address = request.address(1);
        int length = request.length(1);
        long word = Words.fold(address, length);
        long rest = Words.foldRest(address, length);
        for (int i = 0; i < words.length; i++) {
            if (words[i] == word && rests[i] == rest && names.get(i).length() == length) {
                return i;
            }
        }
        return -1;
    }

    /** The reply to a subcommand that nothing took: one that is known has the wrong arguments. */
    static void refuse(Exchange x) {
        Command command = x.request().command();
        String name = Errors.shown(x.text(1));
        if (command.subcommands().find(x.request()) >= 0) {
            x.out.error(
                    "ERR wrong number of arguments for '"
                            + command.name()
                            + "|"
                            + name.toLowerCase(Locale.ROOT)
                            + "' command");
        } else {
            x.out.error(
                    "ERR unknown subcommand '"
                            + name
                            + "'. Try "
                            + command.name().toUpperCase(Locale.ROOT)
                            + " HELP.");
        }
    }

    /** The reply to HELP: a title and a line for each subcommand. */
    static void help(Exchange x, String name, String... lines) {
        x.out.array(lines.length + 1L);
        x.out.status(name + " <subcommand> [<arg> ...]. Subcommands are:");
        for (String line : lines) {
            x.out.status(line);
        }
    }
}
