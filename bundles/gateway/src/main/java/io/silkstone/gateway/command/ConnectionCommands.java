package io.silkstone.gateway.command;

import static io.silkstone.gateway.command.Command.Flag.FAST;
import static io.silkstone.gateway.command.Command.Flag.NO_AUTH;
import static io.silkstone.gateway.command.Command.Flag.UNQUEUED;

import io.silkstone.gateway.acl.AclUser;
import io.silkstone.gateway.acl.AclUsers;
import io.silkstone.gateway.command.Command.Action;
import io.silkstone.gateway.command.Command.Group;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Who the client is, and how it talks. */
final class ConnectionCommands {
    static final String NO_SUCH_DATABASE = "ERR DB index is out of range";

    /** The version of Redis whose behaviour clients may rely on. */
    static final String REDIS_VERSION = "7.0.15";

    private static final String WRONG_PASSWORD =
            "WRONGPASS invalid username-password pair or user is disabled.";

    private ConnectionCommands() {}

    static void declare(List<Command> all) {
        add(all, "ping", -1, "Answers.", ConnectionCommands::ping, FAST);
        add(all, "echo", 2, "Answers with its argument.", x -> echo(x, 1), FAST);
        add(all, "select", 2, "Chooses database 0.", ConnectionCommands::select, FAST);
        add(
                all,
                "quit",
                -1,
                "Ends the connection.",
                ConnectionCommands::quit,
                FAST,
                NO_AUTH,
                UNQUEUED);
        add(
                all,
                "reset",
                1,
                "Makes the connection as it was at first.",
                ConnectionCommands::reset,
                FAST,
                NO_AUTH,
                UNQUEUED);
        all.add(
                new Command(
                                "auth",
                                Group.CONNECTION,
                                "Tells who the client is.",
                                -2,
                                ConnectionCommands::auth,
                                FAST,
                                NO_AUTH)
                        .heavyWhen(ConnectionCommands::isSlowAuth)
                        .secret((request, index) -> true)
                        .waitsInLine());
        all.add(
                new Command(
                                "hello",
                                Group.CONNECTION,
                                "Chooses the protocol's version, and tells who the client is.",
                                -1,
                                ConnectionCommands::hello,
                                FAST,
                                NO_AUTH)
                        .heavyWhen(ConnectionCommands::isSlowHello)
                        .secret((request, index) -> index > 1)
                        .waitsInLine());
    }

    private static void add(
            List<Command> all,
            String name,
            int arity,
            String summary,
            Action action,
            Command.Flag... flags) {
        all.add(new Command(name, Group.CONNECTION, summary, arity, action, flags));
    }

    private static void ping(Exchange x) {
        if (x.count() == 1) {
            x.out.pong();
        } else if (x.count() == 2) {
            echo(x, 1);
        } else {
            x.out.error(Errors.wrongArity(x.request().command()));
        }
    }

    private static void echo(Exchange x, int index) {
        x.out.bulk(x.address(index), x.length(index));
    }

    private static void select(Exchange x) {
        if (!x.isLong(1)) {
            x.out.error("ERR value is not an integer or out of range");
        } else if (x.parsed() != 0) {
            x.out.error(
                    x.server.isClustered()
                            ? "ERR SELECT is not allowed in cluster mode"
                            : NO_SUCH_DATABASE);
        } else {
            x.out.ok();
        }
    }

    private static void quit(Exchange x) {
        x.client.closing = true;
        x.out.ok();
    }

    private static void reset(Exchange x) {
        Client client = x.client;
        client.transaction.clear();
        client.transaction.unwatch();
        client.name = "";
        client.resp3 = false;
        client.replies = Client.Replies.ALL;
        client.noEvict = false;
        client.noTouch = false;
        client.readonly = false;
        client.asking = false;
        client.user = x.server.users.stranger();
        x.out.resp3(false);
        x.out.status("RESET");
    }

    private static boolean isSlow(Exchange x, int name, int password) {
        String user = name > 0 ? utf8(x, name) : AclUsers.DEFAULT;
        return !x.server.users.isQuick(user, x.bytes(password));
    }

    private static String utf8(Exchange x, int index) {
        return new String(x.bytes(index), StandardCharsets.UTF_8);
    }

    private static boolean isSlowAuth(Exchange x) {
        return switch (x.count()) {
            case 2 -> isSlow(x, 0, 1);
            case 3 -> isSlow(x, 1, 2);
            default -> false;
        };
    }

    private static boolean isSlowHello(Exchange x) {
        // The same walk as in hello(): a word is an option only where an option may stand.
        for (int i = 2; i < x.count(); i++) {
            if (x.is(i, "AUTH") && i + 2 < x.count()) {
                if (isSlow(x, i + 1, i + 2)) {
                    return true;
                }
                i += 2;
            } else if (x.is(i, "SETNAME")) {
                i++;
            } else {
                return false;
            }
        }
        return false;
    }

    private static void auth(Exchange x) {
        if (x.count() > 3) {
            x.out.error(Exchange.SYNTAX);
            return;
        }
        if (x.count() == 2 && x.server.users.defaultUser().noPassword()) {
            x.out.error(
                    "ERR AUTH <password> called without any password configured for the default"
                            + " user. Are you sure your configuration is correct?");
            return;
        }
        String name = x.count() == 2 ? AclUsers.DEFAULT : utf8(x, 1);
        if (authenticate(x, name, x.count() - 1)) {
            x.out.ok();
        }
    }

    private static boolean authenticate(Exchange x, String name, int password) {
        if (x.locked() && !x.server.users.isQuick(name, x.bytes(password))) {
            // A guess takes a tenth of a second, for which nobody else would get at the tablet.
            x.out.error("ERR AUTH must come before a transaction that has keys");
            return false;
        }
        x.goAway();
        AclUser user = x.server.users.authenticate(name, x.bytes(password));
        x.comeBack();
        if (user == null) {
            x.server.statistics.unauthenticated();
            x.client.failedLogins++;
            x.out.error(WRONG_PASSWORD);
            return false;
        }
        x.client.user = user;
        return true;
    }

    private static void hello(Exchange x) {
        boolean resp3 = x.client.resp3;
        if (x.count() > 1) {
            if (!x.isLong(1)) {
                x.out.error("ERR Protocol version is not an integer or out of range");
                return;
            }
            if (x.parsed() != 2 && x.parsed() != 3) {
                x.out.error("NOPROTO unsupported protocol version");
                return;
            }
            resp3 = x.parsed() == 3;
        }
        String name = null;
        for (int i = 2; i < x.count(); i++) {
            if (x.is(i, "AUTH") && i + 2 < x.count()) {
                if (!authenticate(x, utf8(x, i + 1), i + 2)) {
                    return;
                }
                i += 2;
            } else if (x.is(i, "SETNAME") && i + 1 < x.count()) {
                name = utf8(x, ++i);
                if (!ClientCommands.isName(name)) {
                    x.out.error(ClientCommands.WRONG_NAME);
                    return;
                }
            } else {
                x.out.error("ERR Syntax error in HELLO option '" + Errors.shown(x.text(i)) + "'");
                return;
            }
        }
        if (!x.client.trusted()) {
            x.out.error(
                    "NOAUTH HELLO must be called with the client already authenticated, otherwise"
                            + " the HELLO <proto> AUTH <user> <pass> option can be used to"
                            + " authenticate the client and select the RESP protocol version at the"
                            + " same time");
            return;
        }
        if (name != null) {
            x.client.name = name;
        }
        x.client.resp3 = resp3;
        x.out.resp3(resp3);
        describe(x);
    }

    private static void describe(Exchange x) {
        ServerContext.Identity identity = x.server.identity();
        x.out.map(8);
        x.out.bulk("server");
        x.out.bulk("redis");
        x.out.bulk("version");
        x.out.bulk(REDIS_VERSION);
        x.out.bulk("silkstone_version");
        x.out.bulk(identity.version());
        x.out.bulk("proto");
        x.out.integer(x.client.resp3 ? 3 : 2);
        x.out.bulk("id");
        x.out.integer(x.client.id());
        x.out.bulk("mode");
        x.out.bulk(x.server.isClustered() ? "cluster" : "standalone");
        x.out.bulk("role");
        x.out.bulk("master");
        x.out.bulk("modules");
        x.out.array(0);
    }
}
