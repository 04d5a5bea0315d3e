package io.silkstone.gateway.command;

import static io.silkstone.gateway.command.Command.Flag.ADMIN;
import static io.silkstone.gateway.command.Command.Flag.DANGEROUS;
import static io.silkstone.gateway.command.Command.Flag.FAST;
import static io.silkstone.gateway.command.Command.Flag.NO_MULTI;

import io.silkstone.api.store.Status;
import io.silkstone.gateway.command.Command.Action;
import io.silkstone.gateway.command.Command.Flag;
import io.silkstone.gateway.command.Command.Group;
import io.silkstone.gateway.resp.Glob;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The server itself: what it is, how it does, and how it is set. */
final class ServerCommands {
    private static final long SLOW_LOG_SHOWN = 10;

    /** About a microsecond, and a power of two. */
    private static final long MICRO_NANOS = 1024;

    private static final String NO_SNAPSHOTS = "ERR There are no snapshot files here";

    private static final int PATTERNS_MAX = 128;

    private ServerCommands() {}

    static void declare(List<Command> all) {
        add(all, "info", -1, "Tells about the server.", ServerCommands::info, DANGEROUS);
        add(all, "time", 1, "Tells the time.", ServerCommands::time, FAST);
        all.add(
                new Command(
                                "role",
                                Group.SERVER,
                                "Tells what part the server plays.",
                                1,
                                ServerCommands::role,
                                FAST)
                        .in("admin", "dangerous"));
        add(all, "lolwut", -1, "Shows the version.", ServerCommands::lolwut);
        all.add(
                new Command(
                                "command",
                                Group.SERVER,
                                "Tells about commands.",
                                -1,
                                CommandDescriptions::run)
                        .subcommands("count", "docs", "getkeys", "help", "info", "list")
                        .in("connection"));
        all.add(
                new Command(
                                "slowlog",
                                Group.SERVER,
                                "Shows slow requests.",
                                -2,
                                ServerCommands::slowlog,
                                ADMIN)
                        .subcommands("get", "help", "len", "reset"));
        all.add(
                new Command(
                                "latency",
                                Group.SERVER,
                                "Shows latency events.",
                                -2,
                                ServerCommands::latency,
                                ADMIN)
                        .subcommands(
                                "doctor",
                                "graph",
                                "help",
                                "histogram",
                                "history",
                                "latest",
                                "reset"));
        add(all, "swapdb", 3, "Refused: there is one database.", ServerCommands::swapdb, DANGEROUS);
        all.add(
                new Command(
                                "wait",
                                Group.GENERIC,
                                "Waits for replicas; there are none.",
                                3,
                                ServerCommands::waitReplicas)
                        .in("connection"));
        add(all, "function", -2, "Functions; there are none.", ServerCommands::function);
        add(all, "script", -2, "Scripts; there are none.", ServerCommands::script);
        refuse(all, "save", NO_SNAPSHOTS);
        refuse(all, "bgsave", NO_SNAPSHOTS);
        refuse(all, "bgrewriteaof", NO_SNAPSHOTS);
        refuse(all, "shutdown", "ERR The node is stopped by its operator: ./silkstone down");
        all.add(
                new Command(
                                "config",
                                Group.SERVER,
                                "Shows and changes settings.",
                                -2,
                                ServerCommands::config,
                                ADMIN,
                                DANGEROUS)
                        .subcommands("get", "help", "resetstat", "rewrite", "set")
                        .heavyWhen(x -> x.is(1, "SET"))
                        .secret((request, index) -> Settings.isPassword(request, index - 1)));
        all.add(
                new Command(
                                "debug",
                                Group.SERVER,
                                "For tests.",
                                -2,
                                ServerCommands::debug,
                                ADMIN,
                                DANGEROUS,
                                NO_MULTI)
                        .heavyWhen(x -> x.is(1, "SLEEP")));
        all.add(
                new Command(
                                "memory",
                                Group.SERVER,
                                "Tells what memory an object takes.",
                                -2,
                                ServerCommands::memory,
                                Flag.READONLY)
                        .subcommands("doctor", "help", "purge", "usage")
                        .key(2));
    }

    /** A command of Redis's operators that has another answer here than a reply. */
    private static void refuse(List<Command> all, String name, String error) {
        add(all, name, -1, "Refused.", x -> x.out.error(error), ADMIN, DANGEROUS, NO_MULTI);
    }

    private static void add(
            List<Command> all,
            String name,
            int arity,
            String summary,
            Action action,
            Flag... flags) {
        all.add(new Command(name, Group.SERVER, summary, arity, action, flags));
    }

    private static void info(Exchange x) {
        List<String> names = new ArrayList<>();
        for (int i = 1; i < x.count(); i++) {
            names.add(x.text(i));
        }
        x.out.verbatim(InfoReport.of(x, names));
    }

    private static void time(Exchange x) {
        Instant now = x.server.clock.instant();
        x.out.array(2);
        x.out.bulk(Long.toString(now.getEpochSecond()));
        x.out.bulk(Integer.toString(now.getNano() / 1000));
    }

    private static void role(Exchange x) {
        x.out.array(3);
        x.out.bulk("master");
        x.out.integer(0);
        x.out.array(0);
    }

    private static void lolwut(Exchange x) {
        x.out.verbatim("Silkstone " + x.server.identity().version() + "\n");
    }

    private static void slowlog(Exchange x) {
        SlowLog log = x.server.slowLog;
        if (x.is(1, "GET") && x.count() <= 3) {
            long count = SLOW_LOG_SHOWN;
            if (x.count() == 3) {
                if (!x.isLong(2) || x.parsed() < -1) {
                    x.out.error("ERR count should be greater than or equal to -1");
                    return;
                }
                count = x.parsed();
            }
            slowRequests(x, log.newest(count));
        } else if (x.is(1, "LEN") && x.count() == 2) {
            x.out.integer(log.size());
        } else if (x.is(1, "RESET") && x.count() == 2) {
            log.clear();
            x.out.ok();
        } else if (x.is(1, "HELP")) {
            Subcommands.help(x, "SLOWLOG", "GET [<count>]", "LEN", "RESET");
        } else {
            Subcommands.refuse(x);
        }
    }

    private static void slowRequests(Exchange x, List<SlowLog.Entry> entries) {
        x.out.array(entries.size());
        for (SlowLog.Entry entry : entries) {
            x.out.array(6);
            x.out.integer(entry.id());
            x.out.integer(entry.seconds());
            x.out.integer(entry.micros());
            x.out.array(entry.arguments().size());
            for (String argument : entry.arguments()) {
                x.out.bulk(argument.getBytes(StandardCharsets.ISO_8859_1));
            }
            x.out.bulk(entry.peer());
            x.out.bulk(entry.name());
        }
    }

    private static void latency(Exchange x) {
        switch (x.text(1).toUpperCase(Locale.ROOT)) {
            case "LATEST" -> exactly(x, 2, () -> x.out.array(0));
            case "HISTORY" -> exactly(x, 3, () -> x.out.array(0));
            case "GRAPH" ->
                    exactly(
                            x,
                            3,
                            () ->
                                    x.out.error(
                                            "ERR No samples available for event '"
                                                    + Errors.shown(x.text(2))
                                                    + "'"));
            case "RESET" -> x.out.integer(0);
            case "HISTOGRAM" -> histogram(x);
            case "DOCTOR" ->
                    x.out.verbatim(
                            "Latency events are not collected here; see the node's metrics and"
                                    + " SLOWLOG.\n");
            case "HELP" ->
                    Subcommands.help(
                            x,
                            "LATENCY",
                            "DOCTOR",
                            "HISTOGRAM [<command> ...]",
                            "HISTORY <event>",
                            "LATEST",
                            "RESET");
            default -> Subcommands.refuse(x);
        }
    }

    /**
     * Of each command and subcommand that was measured, the number of calls up to each power of
     * two.
     */
    private static void histogram(Exchange x) {
        CommandStatistics.Tally sum = x.server.statistics.sum();
        List<String> counted = x.server.commands.counted();
        List<Integer> shown = new ArrayList<>();
        for (int id = 0; id < counted.size(); id++) {
            String name = counted.get(id);
            String command = name.split("\\|")[0];
            boolean wanted = x.count() == 2;
            for (int i = 2; i < x.count() && !wanted; i++) {
                wanted = x.is(i, name) || x.is(i, command);
            }
            if (wanted && sum.latencies[id] != null) {
                shown.add(id);
            }
        }
        x.out.map(shown.size());
        for (int id : shown) {
            LatencyCounts counts = sum.latencies[id];
            long calls = counts.count();
            x.out.bulk(counted.get(id));
            x.out.map(2);
            x.out.bulk("calls");
            x.out.integer(calls);
            x.out.bulk("histogram_usec");
            int bounds = 1;
            while (counts.countUpTo(MICRO_NANOS << bounds - 1) < calls) {
                bounds++;
            }
            x.out.map(bounds);
            for (int i = 0; i < bounds; i++) {
                x.out.integer(Math.round((MICRO_NANOS << i) / 1000.0));
                x.out.integer(counts.countUpTo(MICRO_NANOS << i));
            }
        }
    }

    private static void exactly(Exchange x, int count, Runnable action) {
        if (x.count() == count) {
            action.run();
        } else {
            Subcommands.refuse(x);
        }
    }

    private static void swapdb(Exchange x) {
        if (!x.isLong(1)) {
            x.out.error("ERR invalid first DB index");
            return;
        }
        long first = x.parsed();
        if (!x.isLong(2)) {
            x.out.error("ERR invalid second DB index");
        } else if (first == 0 && x.parsed() == 0) {
            x.out.ok();
        } else {
            x.out.error(ConnectionCommands.NO_SUCH_DATABASE);
        }
    }

    private static void waitReplicas(Exchange x) {
        if (!x.parseLong(1)) {
            return;
        }
        if (!x.isLong(2)) {
            x.out.error("ERR timeout is not an integer or out of range");
        } else if (x.parsed() < 0) {
            x.out.error("ERR timeout is negative");
        } else {
            x.out.integer(0);
        }
    }

    private static void function(Exchange x) {
        switch (x.text(1).toUpperCase(Locale.ROOT)) {
            case "FLUSH" -> x.out.ok();
            case "LIST" -> x.out.array(0);
            default -> x.out.error("ERR functions are not supported");
        }
    }

    private static void script(Exchange x) {
        if (x.is(1, "FLUSH")) {
            x.out.ok();
        } else if (x.is(1, "EXISTS") && x.count() > 2) {
            x.out.array(x.count() - 2L);
            for (int i = 2; i < x.count(); i++) {
                x.out.integer(0);
            }
        } else {
            x.out.error("ERR scripts are not supported");
        }
    }

    private static void config(Exchange x) {
        if (x.is(1, "GET") && x.count() > 2) {
            configGet(x);
        } else if (x.is(1, "SET") && x.count() > 3 && x.count() % 2 == 0) {
            configSet(x);
        } else if (x.is(1, "RESETSTAT") && x.count() == 2) {
            x.server.statistics.reset();
            x.out.ok();
        } else if (x.is(1, "REWRITE") && x.count() == 2) {
            x.out.error("ERR The server's settings are in the node's configuration");
        } else if (x.is(1, "HELP")) {
            Subcommands.help(
                    x, "CONFIG", "GET <pattern> ...", "RESETSTAT", "SET <name> <value> ...");
        } else if (x.is(1, "SET") && x.count() > 3) {
            x.out.error(Exchange.SYNTAX);
        } else {
            Subcommands.refuse(x);
        }
    }

    private static void configGet(Exchange x) {
        if (x.count() > PATTERNS_MAX) {
            x.out.error("ERR too many patterns");
            return;
        }
        List<Glob> patterns = new ArrayList<>();
        for (int i = 2; i < x.count(); i++) {
            String pattern = x.text(i).toLowerCase(Locale.ROOT);
            patterns.add(new Glob(pattern.getBytes(StandardCharsets.ISO_8859_1)));
        }
        List<String> names = new ArrayList<>();
        for (String name : x.server.settings.names()) {
            byte[] bytes = name.getBytes(StandardCharsets.ISO_8859_1);
            if (patterns.stream().anyMatch(pattern -> pattern.matches(bytes))) {
                names.add(name);
            }
        }
        x.out.map(names.size());
        for (String name : names) {
            x.out.bulk(name);
            x.out.bulk(x.server.settings.get(name));
        }
    }

    private static void configSet(Exchange x) {
        Settings settings = x.server.settings;
        Map<String, String> wanted = new LinkedHashMap<>();
        for (int i = 2; i < x.count(); i += 2) {
            String name = x.text(i).toLowerCase(Locale.ROOT);
            if (wanted.put(name, x.text(i + 1)) != null) {
                x.out.error(
                        "ERR CONFIG SET failed (possibly related to argument '"
                                + name
                                + "') - duplicate parameter");
                return;
            }
            if (!settings.has(name)) {
                x.out.error(
                        "ERR Unknown option or number of arguments for CONFIG SET - '"
                                + Errors.shown(x.text(i))
                                + "'");
                return;
            }
        }
        x.goAway();
        String wrong = settings.set(wanted);
        x.comeBack();
        if (wrong != null) {
            x.out.error(wrong);
            return;
        }
        x.server.slowLog.trim(settings.slowLogLengthMax());
        x.out.ok();
    }

    private static void memory(Exchange x) {
        switch (x.text(1).toUpperCase(Locale.ROOT)) {
            case "USAGE" -> memoryUsage(x);
            case "PURGE" -> x.out.ok();
            case "DOCTOR" ->
                    x.out.verbatim(
                            "Memory is a log with a cleaner; see INFO MEMORY for its use.\n");
            case "HELP" ->
                    Subcommands.help(
                            x, "MEMORY", "DOCTOR", "PURGE", "USAGE <key> [SAMPLES <count>]");
            default -> Subcommands.refuse(x);
        }
    }

    private static void memoryUsage(Exchange x) {
        boolean sampled = x.count() == 5 && x.is(3, "SAMPLES") && x.isLong(4) && x.parsed() >= 0;
        if (x.count() < 3) {
            Subcommands.refuse(x);
            return;
        }
        if (x.count() > 3 && !sampled) {
            x.out.error(Exchange.SYNTAX);
            return;
        }
        Status seen = x.readAny(x.key(2));
        if (seen == Status.OK) {
            x.out.integer(KeyCommands.bytes(x.object()));
        } else if (seen != null) {
            x.out.nothing();
        }
    }

    private static void debug(Exchange x) {
        switch (x.text(1).toUpperCase(Locale.ROOT)) {
            case "SLEEP" -> sleep(x);
            // Expired objects are never seen, whether or not they are removed yet.
            case "SET-ACTIVE-EXPIRE" -> x.out.ok();
            case "PROTOCOL" -> protocol(x);
            case "HELP" ->
                    Subcommands.help(
                            x, "DEBUG", "PROTOCOL <type>", "SET-ACTIVE-EXPIRE 0|1", "SLEEP <s>");
            default -> Subcommands.refuse(x);
        }
    }

    private static void sleep(Exchange x) {
        double seconds;
        try {
            seconds = x.count() == 3 ? Double.parseDouble(x.text(2)) : -1;
        } catch (NumberFormatException noNumber) {
            seconds = -1;
        }
        if (!(seconds >= 0 && seconds <= 3600)) {
            x.out.error(Exchange.SYNTAX);
            return;
        }
        x.goAway();
        x.server.threads.sleep((long) (seconds * 1e9));
        x.comeBack();
        x.out.ok();
    }

    private static void protocol(Exchange x) {
        switch (x.count() == 3 ? x.text(2).toLowerCase(Locale.ROOT) : "") {
            case "string" -> x.out.bulk("Hello World");
            case "integer" -> x.out.integer(12345);
            case "double" -> x.out.decimal("3.141");
            case "null" -> x.out.nothing();
            case "array" -> {
                x.out.array(3);
                number(x, 3);
            }
            case "set" -> {
                x.out.set(3);
                number(x, 3);
            }
            case "map" -> {
                x.out.map(3);
                for (int i = 0; i < 3; i++) {
                    x.out.integer(i);
                    x.out.truth(i == 1);
                }
            }
            case "attrib" -> {
                if (x.out.resp3()) {
                    x.out.attributes(1);
                    x.out.bulk("key-popularity");
                    x.out.array(2);
                    x.out.bulk("key:123");
                    x.out.integer(90);
                }
                x.out.bulk("Some real reply following the attribute");
            }
            case "verbatim" -> x.out.verbatim("This is a verbatim\nstring");
            case "bignum" -> x.out.bigInteger("1234567999999999999999999999999999999");
            case "true" -> x.out.truth(true);
            case "false" -> x.out.truth(false);
            default ->
                    x.out.error(
                            "ERR Wrong protocol type name. Please use one of the following: "
                                    + "string|integer|double|null|array|set|map|attrib|verbatim|"
                                    + "bignum|true|false");
        }
    }

    private static void number(Exchange x, int count) {
        for (int i = 0; i < count; i++) {
            x.out.integer(i);
        }
    }
}
