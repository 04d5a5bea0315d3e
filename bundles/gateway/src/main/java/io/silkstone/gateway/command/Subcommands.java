package io.silkstone.gateway.command;

import java.util.List;
import java.util.Locale;

/** What commands with subcommands have in common. */
final class Subcommands {
    private Subcommands() {}

    /**
     * The reply to a subcommand that nothing took.
     *
     * @param known those that there are: it has the wrong number of arguments then
     */
    static void refuse(Exchange x, List<String> known) {
        refuse(x, known.contains(x.text(1).toUpperCase(Locale.ROOT)));
    }

    /** As the other, for callers that know whether there is such a subcommand. */
    static void refuse(Exchange x, boolean known) {
        String command = x.request().command().name();
        String name = Errors.shown(x.text(1));
        if (known) {
            x.out.error(
                    "ERR wrong number of arguments for '"
                            + command
                            + "|"
                            + name.toLowerCase(Locale.ROOT)
                            + "' command");
        } else {
            x.out.error(
                    "ERR unknown subcommand '"
                            + name
                            + "'. Try "
                            + command.toUpperCase(Locale.ROOT)
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
