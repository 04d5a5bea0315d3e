package io.silkstone.gateway.command;

import io.silkstone.gateway.command.Command.Flag;
import io.silkstone.gateway.resp.Glob;
import io.silkstone.gateway.resp.ReplyWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** COMMAND: what the table knows, in the shapes that clients expect. */
final class CommandDescriptions {
    private CommandDescriptions() {}

    static void run(Exchange x) {
        CommandTable table = x.server.commands;
        if (x.count() == 1) {
            x.out.array(table.commands().size());
            table.commands().forEach(command -> info(x, command));
            return;
        }
        switch (x.text(1).toUpperCase(Locale.ROOT)) {
            case "COUNT" -> {
                if (x.count() == 2) {
                    x.out.integer(table.commands().size());
                } else {
                    Subcommands.refuse(x);
                }
            }
            case "LIST" -> list(x, table);
            case "INFO" -> {
                if (x.count() == 2) {
                    x.out.array(table.commands().size());
                    table.commands().forEach(command -> info(x, command));
                } else {
                    infos(x, table);
                }
            }
            case "DOCS" -> docs(x, table);
            case "GETKEYS" -> getkeys(x, table);
            case "HELP" ->
                    Subcommands.help(
                            x,
                            "COMMAND",
                            "COUNT",
                            "DOCS [<command> ...]",
                            "GETKEYS <command> [<arg> ...]",
                            "INFO [<command> ...]",
                            "LIST [FILTERBY PATTERN <pattern> | ACLCAT <category>]");
            default -> Subcommands.refuse(x);
        }
    }

    private static void list(Exchange x, CommandTable table) {
        List<String> names;
        if (x.count() == 2) {
            names = table.commands().stream().map(Command::name).toList();
        } else if (x.count() == 5 && x.is(2, "FILTERBY") && x.is(3, "PATTERN")) {
            Glob pattern = new Glob(x.bytes(4));
            names =
                    table.commands().stream()
                            .map(Command::name)
                            .filter(
                                    name ->
                                            pattern.matches(
                                                    name.getBytes(StandardCharsets.US_ASCII)))
                            .toList();
        } else if (x.count() == 5 && x.is(2, "FILTERBY") && x.is(3, "ACLCAT")) {
            String category = x.text(4).toLowerCase(Locale.ROOT);
            boolean known = table.categories().contains(category);
            names =
                    table.commands().stream()
                            .filter(command -> known && command.isIn(category))
                            .map(Command::name)
                            .toList();
        } else {
            x.out.error(Exchange.SYNTAX);
            return;
        }
        x.out.array(names.size());
        names.forEach(x.out::bulk);
    }

    private static void infos(Exchange x, CommandTable table) {
        x.out.array(x.count() - 2L);
        for (int i = 2; i < x.count(); i++) {
            Command command = table.find(x.address(i), x.length(i));
            if (command == null) {
                x.out.nothing();
            } else {
                info(x, command);
            }
        }
    }

    private static void info(Exchange x, Command command) {
        ReplyWriter out = x.out;
        out.array(10);
        out.bulk(command.name());
        out.integer(command.arity());
        List<Flag> flags = command.flags().stream().filter(Flag::isPublic).toList();
        boolean movable = command.hasStrayKey();
        out.set(flags.size() + (movable ? 1 : 0));
        flags.forEach(flag -> out.status(flag.label()));
        if (movable) {
            out.status("movablekeys");
        }
        out.integer(command.firstKey());
        out.integer(command.lastKey());
        out.integer(command.keyStep());
        List<String> categories =
                x.server.commands.categories().stream().filter(command::isIn).toList();
        out.set(categories.size());
        categories.forEach(category -> out.status("@" + category));
        out.array(0);
        keySpecification(out, command);
        out.array(0);
    }

    private static void keySpecification(ReplyWriter out, Command command) {
        if (command.firstKey() == 0) {
            out.array(0);
            return;
        }
        out.array(1);
        out.map(3);
        out.bulk("flags");
        out.set(1);
        out.status(command.is(Flag.WRITE) ? "RW" : "RO");
        out.bulk("begin_search");
        out.map(2);
        out.bulk("type");
        out.bulk("index");
        out.bulk("spec");
        out.map(1);
        out.bulk("index");
        out.integer(command.firstKey());
        out.bulk("find_keys");
        out.map(2);
        out.bulk("type");
        out.bulk("range");
        out.bulk("spec");
        out.map(3);
        out.bulk("lastkey");
        int last = command.lastKey();
        out.integer(last < 0 ? last : last - command.firstKey());
        out.bulk("keystep");
        out.integer(command.keyStep());
        out.bulk("limit");
        out.integer(0);
    }

    private static void docs(Exchange x, CommandTable table) {
        List<Command> wanted =
                x.count() == 2
                        ? table.commands()
                        : table.commands().stream()
                                .filter(
                                        command -> {
                                            for (int i = 2; i < x.count(); i++) {
                                                if (x.is(i, command.name())) {
                                                    return true;
                                                }
                                            }
                                            return false;
                                        })
                                .toList();
        x.out.map(wanted.size());
        for (Command command : wanted) {
            x.out.bulk(command.name());
            x.out.map(2);
            x.out.bulk("summary");
            x.out.bulk(command.summary());
            x.out.bulk("group");
            x.out.bulk(command.group().label());
        }
    }

    private static void getkeys(Exchange x, CommandTable table) {
        if (x.count() < 4) {
            Subcommands.refuse(x);
            return;
        }
        Command command = table.find(x.address(2), x.length(2));
        int count = x.count() - 2;
        if (command == null) {
            x.out.error("ERR Invalid command specified");
        } else if (!command.takes(count)) {
            x.out.error("ERR Invalid number of arguments specified for command");
        } else if (command.firstKey() == 0) {
            x.out.error("ERR The command has no key arguments");
        } else {
            int last = Math.min(command.lastKey(count), count - 1);
            int keys = (last - command.firstKey()) / command.keyStep() + 1;
            int stray = command.strayKey(x.request(), 2);
            x.out.array(stray > 0 ? keys + 1 : keys);
            for (int i = command.firstKey(); i <= last; i += command.keyStep()) {
                x.out.bulk(x.address(i + 2), x.length(i + 2));
            }
            if (stray > 0) {
                x.out.bulk(x.address(stray), x.length(stray));
            }
        }
    }
}
