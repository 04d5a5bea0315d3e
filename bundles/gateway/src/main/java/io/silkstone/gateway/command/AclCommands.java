package io.silkstone.gateway.command;

import static io.silkstone.gateway.command.Command.Flag.ADMIN;
import static io.silkstone.gateway.command.Command.Flag.DANGEROUS;
import static io.silkstone.gateway.command.Command.Flag.NO_MULTI;

import io.silkstone.gateway.acl.AclRefused;
import io.silkstone.gateway.acl.AclUser;
import io.silkstone.gateway.command.Command.Group;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/** ACL: users and what they may do. */
final class AclCommands {
    private static final String NO_FILE =
            "ERR This Redis instance is not configured to use an ACL file. Set users.file in the"
                    + " node's configuration";
    private static final int GENERATED_BITS = 256;
    private static final int GENERATED_BITS_MAX = 4096;

    private AclCommands() {}

    static void declare(List<Command> all) {
        // Hashing a password takes tens of milliseconds, files take what they take.
        all.add(
                new Command(
                                "acl",
                                Group.SERVER,
                                "Shows and changes users.",
                                -2,
                                AclCommands::run,
                                ADMIN,
                                DANGEROUS,
                                NO_MULTI)
                        .subcommands(
                                "cat", "deluser", "genpass", "getuser", "help", "list", "load",
                                "log", "save", "setuser", "users", "whoami")
                        .heavyWhen(x -> x.is(1, "SETUSER") || x.is(1, "SAVE") || x.is(1, "LOAD"))
                        .secret((request, index) -> index > 2));
    }

    private static void run(Exchange x) {
        switch (x.text(1).toUpperCase(Locale.ROOT)) {
            case "WHOAMI" -> x.out.bulk(x.client.user.name());
            case "USERS" -> users(x);
            case "LIST" -> list(x);
            case "GETUSER" -> getuser(x);
            case "SETUSER" -> setuser(x);
            case "DELUSER" -> deluser(x);
            case "CAT" -> cat(x);
            case "GENPASS" -> genpass(x);
            case "LOG" -> log(x);
            case "SAVE" -> save(x);
            case "LOAD" -> load(x);
            case "HELP" ->
                    Subcommands.help(
                            x,
                            "ACL",
                            "CAT [<category>]",
                            "DELUSER <name> ...",
                            "GENPASS [<bits>]",
                            "GETUSER <name>",
                            "LIST",
                            "LOAD",
                            "SAVE",
                            "SETUSER <name> <rule> ...",
                            "USERS",
                            "WHOAMI");
            default -> Subcommands.refuse(x);
        }
    }

    private static String utf8(Exchange x, int index) {
        return new String(x.bytes(index), StandardCharsets.UTF_8);
    }

    private static void users(Exchange x) {
        List<AclUser> users = x.server.users.all();
        x.out.array(users.size());
        users.forEach(user -> x.out.bulk(user.name()));
    }

    private static void list(Exchange x) {
        List<AclUser> users = x.server.users.all();
        x.out.array(users.size());
        users.forEach(user -> x.out.bulk(user.toString()));
    }

    private static void getuser(Exchange x) {
        if (x.count() != 3) {
            Subcommands.refuse(x);
            return;
        }
        AclUser user = x.server.users.user(utf8(x, 2));
        if (user == null) {
            x.out.noArray();
            return;
        }
        x.out.map(5);
        x.out.bulk("flags");
        List<String> flags = new ArrayList<>();
        flags.add(user.on() ? "on" : "off");
        if (user.noPassword()) {
            flags.add("nopass");
        }
        x.out.set(flags.size());
        flags.forEach(x.out::bulk);
        x.out.bulk("passwords");
        List<String> passwords = user.passwords();
        x.out.array(passwords.size());
        passwords.forEach(x.out::bulk);
        x.out.bulk("commands");
        x.out.bulk(user.commands());
        x.out.bulk("keys");
        x.out.bulk(user.keys());
        x.out.bulk("channels");
        x.out.bulk("");
    }

    private static void setuser(Exchange x) {
        if (x.count() < 3) {
            Subcommands.refuse(x);
            return;
        }
        List<String> rules = new ArrayList<>();
        for (int i = 3; i < x.count(); i++) {
            rules.add(utf8(x, i));
        }
        x.goAway();
        try {
            x.server.users.set(utf8(x, 2), rules);
            x.out.ok();
        } catch (AclRefused refused) {
            x.out.error("ERR " + refused.getMessage());
        } finally {
            x.comeBack();
        }
    }

    private static void deluser(Exchange x) {
        if (x.count() < 3) {
            Subcommands.refuse(x);
            return;
        }
        int removed = 0;
        try {
            for (int i = 2; i < x.count(); i++) {
                AclUser user = x.server.users.remove(utf8(x, i));
                if (user != null) {
                    removed++;
                    disconnect(x, user);
                }
            }
            x.out.integer(removed);
        } catch (AclRefused refused) {
            x.out.error("ERR " + refused.getMessage());
        }
    }

    private static void disconnect(Exchange x, AclUser user) {
        for (Client client : x.server.clients()) {
            if (client.user == user) {
                if (client == x.client) {
                    client.closing = true;
                } else {
                    client.link().kill();
                }
            }
        }
    }

    private static void cat(Exchange x) {
        if (x.count() == 2) {
            List<String> categories = x.server.commands.categories();
            x.out.array(categories.size());
            categories.forEach(x.out::bulk);
            return;
        }
        BitSet members = x.count() == 3 ? x.server.commands.category(x.text(2)) : null;
        if (members == null) {
            x.out.error("ERR Unknown category '" + Errors.shown(x.text(2)) + "'");
            return;
        }
        x.out.array(members.cardinality());
        members.stream().forEach(id -> x.out.bulk(x.server.commands.commands().get(id).name()));
    }

    private static void genpass(Exchange x) {
        int bits = GENERATED_BITS;
        if (x.count() == 3) {
            if (!x.isLong(2) || x.parsed() < 1 || x.parsed() > GENERATED_BITS_MAX) {
                x.out.error(
                        "ERR ACL GENPASS argument must be the number of bits for the output"
                                + " password, a positive number up to "
                                + GENERATED_BITS_MAX);
                return;
            }
            bits = (int) x.parsed();
        }
        int digits = (bits + 3) / 4;
        byte[] random = new byte[(digits + 1) / 2];
        x.server.random.nextBytes(random);
        x.out.bulk(HexFormat.of().formatHex(random).substring(0, digits));
    }

    private static void log(Exchange x) {
        if (x.count() == 3 && x.is(2, "RESET")) {
            x.out.ok();
        } else {
            x.out.array(0);
        }
    }

    private static void save(Exchange x) {
        if (x.server.users.file() == null) {
            x.out.error(NO_FILE);
            return;
        }
        try {
            x.server.users.save();
            x.out.ok();
        } catch (IOException failure) {
            x.out.error("ERR The users could not be written: " + failure.getMessage());
        }
    }

    private static void load(Exchange x) {
        if (x.server.users.file() == null) {
            x.out.error(NO_FILE);
            return;
        }
        List<AclUser> before = x.server.users.all();
        try {
            x.server.users.load();
            for (AclUser user : before) {
                if (x.server.users.user(user.name()) != user) {
                    disconnect(x, user);
                }
            }
            x.out.ok();
        } catch (AclRefused | IOException failure) {
            x.out.error("ERR " + failure.getMessage());
        }
    }
}
