package io.silkstone.gateway.command;

import java.util.Locale;

/** What commands with subcommands have in common. */
final class Subcommands {
    private Subcommands() {}

    /** The reply to a subcommand that there is not, or not with so many arguments. */
    static void unknown(Exchange x) {
        String name = x.request().command().name().toUpperCase(Locale.ROOT);
        x.out.error(
                "ERR unknown subcommand or wrong number of arguments for '"
                        + Errors.shown(x.text(1))
                        + "'. Try "
                        + name
                        + " HELP.");
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
