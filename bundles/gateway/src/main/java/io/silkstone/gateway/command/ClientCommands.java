package io.silkstone.gateway.command;

import static io.silkstone.gateway.command.Command.Flag.FAST;

import io.silkstone.gateway.acl.AclUser;
import io.silkstone.gateway.command.Command.Group;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/** CLIENT: the connections of this gateway. */
final class ClientCommands {
    static final String WRONG_NAME =
            "ERR Client names cannot contain spaces, newlines or special characters.";

    private static final int NAME_CHARACTERS_MAX = 1024;
    private static final List<String> TYPES =
            List.of("normal", "master", "replica", "slave", "pubsub");

    private ClientCommands() {}

    static void declare(List<Command> all) {
        all.add(
                new Command(
                                "client",
                                Group.CONNECTION,
                                "Tells about connections, and changes them.",
                                -2,
                                ClientCommands::run)
                        .subcommands(
                                "getname",
                                "getredir",
                                "help",
                                "id",
                                "info",
                                "kill",
                                "list",
                                "no-evict",
                                "no-touch",
                                "pause",
                                "reply",
                                "setinfo",
                                "setname",
                                "tracking",
                                "trackinginfo",
                                "unblock",
                                "unpause"));
        all.add(
                new Command(
                                "asking",
                                Group.CLUSTER,
                                "The next request may be for a slot that is being moved here.",
                                1,
                                x -> clustered(x, () -> x.client.asking = true),
                                FAST)
                        .in("connection"));
        all.add(readonly("readonly", true));
        all.add(readonly("readwrite", false));
    }

    private static Command readonly(String name, boolean only) {
        return new Command(
                        name,
                        Group.CLUSTER,
                        only ? "Allows stale reads." : "Wants no stale reads.",
                        1,
                        x -> clustered(x, () -> x.client.readonly = only),
                        FAST)
                .in("connection");
    }

    private static void clustered(Exchange x, Runnable action) {
        if (x.server.isClustered()) {
            action.run();
            x.out.ok();
        } else {
            x.out.error(ClusterCommands.DISABLED);
        }
    }

    private static void run(Exchange x) {
        switch (x.text(1).toUpperCase(Locale.ROOT)) {
            case "ID" -> exactly(x, 2, () -> x.out.integer(x.client.id()));
            case "GETNAME" -> exactly(x, 2, () -> getname(x));
            case "SETNAME" -> exactly(x, 3, () -> setname(x));
            case "SETINFO" -> exactly(x, 4, () -> setinfo(x));
            case "INFO" -> exactly(x, 2, () -> x.out.verbatim(line(x, x.client) + "\n"));
            case "LIST" -> list(x);
            case "KILL" -> kill(x);
            case "REPLY" -> exactly(x, 3, () -> reply(x));
            case "NO-EVICT" -> exactly(x, 3, () -> onOff(x, on -> x.client.noEvict = on));
            case "NO-TOUCH" -> exactly(x, 3, () -> onOff(x, on -> x.client.noTouch = on));
            case "GETREDIR" -> exactly(x, 2, () -> x.out.integer(-1));
            case "TRACKING" -> tracking(x);
            case "TRACKINGINFO" -> exactly(x, 2, () -> trackinginfo(x));
            case "UNBLOCK" -> unblock(x);
            case "PAUSE", "UNPAUSE" ->
                    x.out.error("ERR CLIENT PAUSE is not supported: nothing here needs a pause");
            case "HELP" ->
                    Subcommands.help(
                            x,
                            "CLIENT",
                            "GETNAME",
                            "ID",
                            "INFO",
                            "KILL <ip:port> | ID <id> | ADDR <ip:port> | USER <name> ...",
                            "LIST [TYPE normal] [ID <id> ...]",
                            "NO-EVICT ON|OFF",
                            "NO-TOUCH ON|OFF",
                            "REPLY ON|OFF|SKIP",
                            "SETINFO lib-name|lib-ver <value>",
                            "SETNAME <name>");
            default -> Subcommands.refuse(x);
        }
    }

    private static void exactly(Exchange x, int count, Runnable action) {
        if (x.count() == count) {
            action.run();
        } else {
            Subcommands.refuse(x);
        }
    }

    static boolean isName(String name) {
        return name.length() <= NAME_CHARACTERS_MAX
                && name.chars().allMatch(c -> c > ' ' && c <= '~');
    }

    private static void getname(Exchange x) {
        if (x.client.name.isEmpty()) {
            x.out.nothing();
        } else {
            x.out.bulk(x.client.name);
        }
    }

    private static void setname(Exchange x) {
        String name = new String(x.bytes(2), StandardCharsets.ISO_8859_1);
        if (isName(name)) {
            x.client.name = name;
            x.out.ok();
        } else {
            x.out.error(WRONG_NAME);
        }
    }

    private static void setinfo(Exchange x) {
        String value = x.text(3);
        boolean sound = isName(value);
        if (x.is(2, "LIB-NAME") && sound) {
            x.client.libraryName = value;
            x.out.ok();
        } else if (x.is(2, "LIB-VER") && sound) {
            x.client.libraryVersion = value;
            x.out.ok();
        } else if (sound) {
            x.out.error("ERR Unrecognized option '" + Errors.shown(x.text(2)) + "'");
        } else {
            x.out.error(
                    "ERR "
                            + x.text(2).toLowerCase(Locale.ROOT)
                            + " cannot contain spaces, newlines or special characters.");
        }
    }

    /** A line of CLIENT LIST. */
    private static String line(Exchange x, Client client) {
        long now = x.server.clock.millis();
        AclUser user = client.user;
        Command last = client == x.client ? x.request().command() : client.lastCommand;
        Transaction transaction = client.transaction;
        String flags = transaction.open() ? "x" : "N";
        return "id="
                + client.id()
                + " addr="
                + client.link().peer()
                + " laddr="
                + client.link().local()
                + " fd=-1 name="
                + client.name
                + " age="
                + (now - client.createdMillis()) / 1000
                + " idle="
                + (now - client.lastMillis) / 1000
                + " flags="
                + flags
                + " db=0 sub=0 psub=0 ssub=0 multi="
                + (transaction.open() ? transaction.size() : -1)
                + " qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0"
                + " tot-mem=0 events=r cmd="
                + (last == null ? "NULL" : shown(x, client, last))
                + " user="
                + (user == null ? "(none)" : user.name())
                + " redir=-1 resp="
                + (client.resp3 ? 3 : 2)
                + " lib-name="
                + client.libraryName
                + " lib-ver="
                + client.libraryVersion;
    }

    private static String shown(Exchange x, Client client, Command last) {
        return client == x.client
                ? last.name() + "|" + x.text(1).toLowerCase(Locale.ROOT)
                : last.name();
    }

    private static List<Client> sorted(Exchange x, Predicate<Client> wanted) {
        return x.server.clients().stream()
                .filter(wanted)
                .sorted(Comparator.comparingLong(Client::id))
                .toList();
    }

    private static void list(Exchange x) {
        Predicate<Client> wanted = client -> true;
        if (x.count() == 4 && x.is(2, "TYPE")) {
            String type = x.text(3);
            if (!isType(x, type)) {
                return;
            }
            wanted = client -> type.equalsIgnoreCase("normal");
        } else if (x.count() > 3 && x.is(2, "ID")) {
            List<Long> ids = new ArrayList<>();
            for (int i = 3; i < x.count(); i++) {
                if (!x.isLong(i)) {
                    x.out.error("ERR Invalid client ID");
                    return;
                }
                ids.add(x.parsed());
            }
            wanted = client -> ids.contains(client.id());
        } else if (x.count() != 2) {
            x.out.error(Exchange.SYNTAX);
            return;
        }
        StringBuilder lines = new StringBuilder();
        for (Client client : sorted(x, wanted)) {
            lines.append(line(x, client)).append('\n');
        }
        x.out.verbatim(lines.toString());
    }

    /** Whether there are such clients; where not, the reply is an error. */
    private static boolean isType(Exchange x, String type) {
        if (TYPES.contains(type.toLowerCase(Locale.ROOT))) {
            return true;
        }
        x.out.error("ERR Unknown client type '" + Errors.shown(type) + "'");
        return false;
    }

    private static void kill(Exchange x) {
        if (x.count() == 2) {
            Subcommands.refuse(x);
            return;
        }
        if (x.count() == 3) {
            String peer = x.text(2);
            List<Client> killed = sorted(x, client -> client.link().peer().equals(peer));
            if (killed.isEmpty()) {
                x.out.error("ERR No such client");
            } else {
                killed.forEach(client -> kill(x, client));
                x.out.ok();
            }
            return;
        }
        Predicate<Client> wanted = client -> true;
        boolean skipMe = true;
        for (int i = 2; i < x.count(); i += 2) {
            if (i + 1 == x.count()) {
                x.out.error(Exchange.SYNTAX);
                return;
            }
            String value = x.text(i + 1);
            if (x.is(i, "ID") && x.isLong(i + 1) && x.parsed() > 0) {
                long id = x.parsed();
                wanted = wanted.and(client -> client.id() == id);
            } else if (x.is(i, "ADDR")) {
                wanted = wanted.and(client -> client.link().peer().equals(value));
            } else if (x.is(i, "LADDR")) {
                wanted = wanted.and(client -> client.link().local().equals(value));
            } else if (x.is(i, "USER")) {
                if (x.server.users.user(value) == null) {
                    x.out.error("ERR No such user '" + Errors.shown(value) + "'");
                    return;
                }
                wanted = wanted.and(client -> acts(client, value));
            } else if (x.is(i, "TYPE")) {
                if (!isType(x, value)) {
                    return;
                }
                wanted = wanted.and(client -> value.equalsIgnoreCase("normal"));
            } else if (x.is(i, "SKIPME") && (x.is(i + 1, "YES") || x.is(i + 1, "NO"))) {
                skipMe = x.is(i + 1, "YES");
            } else {
                x.out.error(
                        x.is(i, "ID") ? "ERR client-id should be greater than 0" : Exchange.SYNTAX);
                return;
            }
        }
        boolean spared = skipMe;
        List<Client> killed = sorted(x, wanted.and(client -> client != x.client || !spared));
        killed.forEach(client -> kill(x, client));
        x.out.integer(killed.size());
    }

    private static boolean acts(Client client, String name) {
        AclUser user = client.user;
        return user != null && user.name().equals(name);
    }

    private static void kill(Exchange x, Client client) {
        if (client == x.client) {
            client.closing = true;
        } else {
            client.link().kill();
        }
    }

    private static void reply(Exchange x) {
        if (x.is(2, "ON")) {
            x.client.replies = Client.Replies.ALL;
            x.out.mute(false);
            x.out.ok();
        } else if (x.is(2, "OFF")) {
            x.client.replies = Client.Replies.NONE;
        } else if (x.is(2, "SKIP")) {
            if (x.client.replies == Client.Replies.ALL) {
                x.client.replies = Client.Replies.SKIP_NEXT;
            }
        } else {
            x.out.error(Exchange.SYNTAX);
        }
    }

    @FunctionalInterface
    private interface Switch {
        void turn(boolean on);
    }

    private static void onOff(Exchange x, Switch target) {
        if (!x.is(2, "ON") && !x.is(2, "OFF")) {
            x.out.error(Exchange.SYNTAX);
            return;
        }
        target.turn(x.is(2, "ON"));
        x.out.ok();
    }

    private static void tracking(Exchange x) {
        if (x.count() == 3 && x.is(2, "OFF")) {
            x.out.ok();
        } else {
            x.out.error("ERR CLIENT TRACKING is not supported");
        }
    }

    private static void trackinginfo(Exchange x) {
        x.out.map(3);
        x.out.bulk("flags");
        x.out.set(1);
        x.out.bulk("off");
        x.out.bulk("redirect");
        x.out.integer(-1);
        x.out.bulk("prefixes");
        x.out.array(0);
    }

    private static void unblock(Exchange x) {
        if (x.count() < 3 || x.count() > 4) {
            Subcommands.refuse(x);
        } else if (x.count() == 4 && !x.is(3, "TIMEOUT") && !x.is(3, "ERROR")) {
            x.out.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
        } else if (x.parseLong(2)) {
            // No command here blocks its client.
            x.out.integer(0);
        }
    }
}
