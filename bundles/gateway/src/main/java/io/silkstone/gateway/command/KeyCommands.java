package io.silkstone.gateway.command;

import static io.silkstone.gateway.command.Command.Flag.BRIEF;
import static io.silkstone.gateway.command.Command.Flag.DANGEROUS;
import static io.silkstone.gateway.command.Command.Flag.DENYOOM;
import static io.silkstone.gateway.command.Command.Flag.FAST;
import static io.silkstone.gateway.command.Command.Flag.NO_MULTI;
import static io.silkstone.gateway.command.Command.Flag.READONLY;
import static io.silkstone.gateway.command.Command.Flag.WRITE;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.gateway.command.Command.Action;
import io.silkstone.gateway.command.Command.Group;
import io.silkstone.gateway.resp.Decimal;
import io.silkstone.gateway.resp.Glob;
import io.silkstone.gateway.resp.Memory;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Commands on keys, whatever lies under them. */
final class KeyCommands {
    private static final long SCAN_COUNT_AT_ONCE_MAX = 1000;

    /** Keys may be long, and matching takes time in proportion. */
    private static final long MATCHED_AT_ONCE_MAX = 100;

    private static final int SCAN_SLICE = 512;
    private static final int STEPS_PER_OBJECT = 64;
    private static final int OVERHEAD_BYTES = 48;

    private KeyCommands() {}

    static void declare(List<Command> all) {
        many(all, "del", "Removes objects.", KeyCommands::remove, WRITE, BRIEF);
        many(all, "unlink", "The same as DEL here.", KeyCommands::remove, WRITE, FAST);
        many(all, "exists", "Counts keys that exist.", KeyCommands::exists, READONLY, FAST);
        many(all, "touch", "Counts keys that exist.", KeyCommands::exists, READONLY, FAST);
        one(all, "type", 2, "Returns the type of an object.", KeyCommands::type, READONLY, FAST);
        two(all, "rename", 3, "Gives an object another key.", x -> rename(x, true));
        two(all, "renamenx", 3, "Gives an object another key, if free.", x -> rename(x, false));
        two(all, "copy", -3, "Copies an object to another key.", KeyCommands::copy);
        all.add(
                new Command(
                                "object",
                                Group.GENERIC,
                                "Tells how an object is stored.",
                                -2,
                                KeyCommands::object,
                                READONLY)
                        .subcommands("encoding", "freq", "help", "idletime", "refcount")
                        .key(2));
        all.add(
                new Command(
                                "dbsize",
                                Group.SERVER,
                                "Returns the number of objects.",
                                1,
                                x -> x.out.integer(x.table.objects()),
                                READONLY,
                                FAST)
                        .in("keyspace"));
        all.add(
                new Command(
                        "randomkey",
                        Group.GENERIC,
                        "Returns some key.",
                        1,
                        KeyCommands::randomkey,
                        READONLY));
        all.add(
                new Command(
                                "keys",
                                Group.GENERIC,
                                "Returns all keys that match a pattern.",
                                2,
                                KeyCommands::keys,
                                READONLY,
                                DANGEROUS)
                        .heavy());
        all.add(
                new Command(
                                "scan",
                                Group.GENERIC,
                                "Goes through the keys, some at a time.",
                                -2,
                                KeyCommands::scan,
                                READONLY)
                        .heavyWhen(KeyCommands::isLongScan));
        flush(all, "flushall");
        flush(all, "flushdb");
        all.add(
                new Command(
                                "move",
                                Group.GENERIC,
                                "Refused: there is one database.",
                                3,
                                KeyCommands::move,
                                WRITE,
                                FAST)
                        .key(1));
    }

    private static void many(
            List<Command> all, String name, String summary, Action action, Command.Flag... flags) {
        all.add(
                new Command(name, Group.GENERIC, summary, -2, action, flags)
                        .keys(1, -1, 1)
                        .heavyWhen(x -> x.count() > StringCommands.KEYS_AT_ONCE_MAX));
    }

    private static void one(
            List<Command> all,
            String name,
            int arity,
            String summary,
            Action action,
            Command.Flag... flags) {
        all.add(new Command(name, Group.GENERIC, summary, arity, action, flags).key(1));
    }

    private static void two(
            List<Command> all, String name, int arity, String summary, Action action) {
        all.add(
                new Command(name, Group.GENERIC, summary, arity, action, WRITE, DENYOOM)
                        .keys(1, 2, 1));
    }

    private static void flush(List<Command> all, String name) {
        // Clearing a table needs all its tablets, and a transaction has one of them.
        all.add(
                new Command(
                                name,
                                Group.SERVER,
                                "Removes all objects.",
                                -1,
                                KeyCommands::flush,
                                WRITE,
                                DANGEROUS,
                                NO_MULTI)
                        .in("keyspace")
                        .heavy());
    }

    private static void remove(Exchange x) {
        int removed = 0;
        for (int i = 1; i < x.count(); i++) {
            Status status = x.session.remove(x.table, x.key(i), x.options.reset());
            if (status == Status.OK) {
                removed++;
            } else if (status != Status.NOT_FOUND) {
                x.refuse(status);
                return;
            }
            x.breathe();
        }
        x.out.integer(removed);
    }

    private static void exists(Exchange x) {
        if (x.remote()) {
            existsTogether(x);
            return;
        }
        int found = 0;
        for (int i = 1; i < x.count(); i++) {
            Status status = x.read(x.key(i));
            if (status == Status.OK) {
                found++;
            } else if (status != Status.NOT_FOUND) {
                x.refuse(status);
                return;
            }
            x.breathe();
        }
        x.out.integer(found);
    }

    /** The name of an object's type. */
    static String typeName(int type) {
        return switch (type) {
            case 0 -> "string";
            case Packed.LIST -> "list";
            case Packed.SET -> "set";
            default -> "unknown";
        };
    }

    private static void existsTogether(Exchange x) {
        int[] found = new int[1];
        Status[] refused = new Status[1];
        x.readAll(
                (index, status, object) -> {
                    if (status == Status.OK) {
                        found[0]++;
                    } else if (status != Status.NOT_FOUND) {
                        refused[0] = status;
                    }
                });
        if (refused[0] == null) {
            x.out.integer(found[0]);
        } else {
            x.refuse(refused[0]);
        }
    }

    private static void type(Exchange x) {
        Status seen = x.readAny(x.key());
        if (seen != null) {
            x.out.status(seen == Status.OK ? typeName(x.object().type()) : "none");
        }
    }

    /** Writes a copy of what was just read under another key. */
    private static Status write(Exchange x, Key target, boolean replace) {
        ObjectView object = x.object();
        int length = object.valueLength();
        long value = x.scratch.take(length);
        Memory.copy(object.memory(), object.valueOffset(), value, length);
        WriteOptions options = x.options.reset().type(object.type());
        if (object.expiryMillis() != 0) {
            options.expireAt(object.expiryMillis());
        }
        if (!replace) {
            options.rejectIfExists();
        }
        return x.session.write(x.table, target, Memory.ALL, value, length, options);
    }

    private static boolean sameKeys(Exchange x) {
        return x.length(1) == x.length(2)
                && Memory.equal(Memory.ALL, x.address(1), Memory.ALL, x.address(2), x.length(1));
    }

    private static void rename(Exchange x, boolean replace) {
        if (!x.lockKeys()) {
            return;
        }
        Status seen = x.readAny(x.key());
        if (seen == Status.NOT_FOUND) {
            x.out.error(Exchange.NO_SUCH_KEY);
        } else if (seen == Status.OK) {
            Status status = Status.EXISTS;
            if (!sameKeys(x)) {
                status = write(x, x.key(2), replace);
                if (status == Status.OK) {
                    status = x.session.remove(x.table, x.key(), x.options.reset());
                }
            } else if (replace) {
                status = Status.OK;
            }
            if (status == Status.OK && replace) {
                x.out.ok();
            } else if (status == Status.OK || status == Status.EXISTS) {
                x.out.integer(status == Status.OK ? 1 : 0);
            } else {
                x.refuse(status);
            }
        }
        x.unlockKeys();
    }

    private static void copy(Exchange x) {
        boolean replace = false;
        for (int i = 3; i < x.count(); i++) {
            if (x.is(i, "REPLACE")) {
                replace = true;
            } else if (x.is(i, "DB") && i + 1 < x.count()) {
                if (!x.parseLong(++i)) {
                    return;
                }
                if (x.parsed() != 0) {
                    x.out.error(ConnectionCommands.NO_SUCH_DATABASE);
                    return;
                }
            } else {
                x.out.error(Exchange.SYNTAX);
                return;
            }
        }
        if (sameKeys(x)) {
            x.out.error("ERR source and destination objects are the same");
            return;
        }
        if (!x.lockKeys()) {
            return;
        }
        Status seen = x.readAny(x.key());
        if (seen == Status.NOT_FOUND) {
            x.out.integer(0);
        } else if (seen == Status.OK) {
            Status status = write(x, x.key(2), replace);
            if (status == Status.OK || status == Status.EXISTS) {
                x.out.integer(status == Status.OK ? 1 : 0);
            } else {
                x.refuse(status);
            }
        }
        x.unlockKeys();
    }

    private static void move(Exchange x) {
        if (x.parseLong(2)) {
            x.out.error(
                    x.parsed() == 0
                            ? "ERR source and destination objects are the same"
                            : ConnectionCommands.NO_SUCH_DATABASE);
        }
    }

    private static void object(Exchange x) {
        if (x.is(1, "HELP")) {
            Subcommands.help(
                    x,
                    "OBJECT",
                    "ENCODING <key>",
                    "FREQ <key>",
                    "IDLETIME <key>",
                    "REFCOUNT <key>");
            return;
        }
        boolean known = x.request().command().subcommands().find(x.request()) >= 0;
        if (x.count() != 3 || !known) {
            Subcommands.refuse(x);
            return;
        }
        Status seen = x.readAny(x.key(2));
        if (seen == null) {
            return;
        }
        if (seen == Status.NOT_FOUND) {
            x.out.nothing();
        } else if (x.is(1, "ENCODING")) {
            x.out.bulk(encoding(x.object()));
        } else if (x.is(1, "REFCOUNT")) {
            x.out.integer(1);
        } else if (x.is(1, "IDLETIME")) {
            // Reads leave no mark on an object: it costs a write to memory for each.
            x.out.integer(0);
        } else {
            x.out.error(
                    "ERR An LFU maxmemory policy is not selected, access frequency not tracked."
                            + " Please note that when switching between policies at runtime LRU and"
                            + " LFU data will take some time to adjust.");
        }
    }

    private static String encoding(ObjectView object) {
        if (object.type() != 0) {
            return "listpack";
        }
        int length = object.valueLength();
        byte[] head = new byte[Math.min(length, Decimal.LONG_CHARACTERS_MAX)];
        MemorySegment.copy(object.memory(), JAVA_BYTE, object.valueOffset(), head, 0, head.length);
        if (length == head.length && isLong(head)) {
            return "int";
        }
        return length <= 44 ? "embstr" : "raw";
    }

    private static boolean isLong(byte[] text) {
        String digits = new String(text, StandardCharsets.ISO_8859_1);
        try {
            return Long.toString(Long.parseLong(digits)).equals(digits);
        } catch (NumberFormatException noNumber) {
            return false;
        }
    }

    /** Bytes that an object takes, its share of the hash table included. */
    static long bytes(ObjectView object) {
        return object.keyLength() + (long) object.valueLength() + OVERHEAD_BYTES;
    }

    private static void randomkey(Exchange x) {
        Status status = x.session.random(x.table);
        if (status == Status.OK) {
            ObjectView object = x.object();
            x.out.bulk(object.memory(), object.keyOffset(), object.keyLength());
        } else if (status == Status.NOT_FOUND) {
            x.out.nothing();
        } else {
            x.refuse(status);
        }
    }

    private static void keys(Exchange x) {
        if (isTooLong(x, 1)) {
            return;
        }
        Glob pattern = new Glob(x.bytes(1));
        int slice = SCAN_SLICE / pattern.words();
        if (!x.mayWork(x.table.objects() * STEPS_PER_OBJECT * pattern.words())) {
            return;
        }
        x.collected.clear();
        long cursor = 0;
        do {
            cursor = x.session.scan(x.table, cursor, slice, o -> collect(x, pattern, null, o));
            if (x.collected.length() > x.server.settings.outputLimitBytes()) {
                x.out.error(
                        "ERR the reply would exceed the output limit of "
                                + x.server.settings.outputLimitBytes()
                                + " bytes; use SCAN");
                return;
            }
            x.breatheNow();
        } while (cursor != 0);
        x.out.array(x.collected.size());
        x.collected.writeTo(x.out);
    }

    private static void collect(Exchange x, Glob pattern, String type, ObjectView object) {
        boolean wanted = type == null || type.equalsIgnoreCase(typeName(object.type()));
        if (wanted
                && (pattern == null
                        || pattern.everything()
                        || pattern.matches(
                                object.memory(), object.keyOffset(), object.keyLength()))) {
            x.collected.add(object.memory(), object.keyOffset(), object.keyLength());
        }
    }

    /** Whether an argument is longer than a pattern may be; then the reply is an error. */
    private static boolean isTooLong(Exchange x, int index) {
        boolean tooLong = x.length(index) > Glob.PATTERN_BYTES_MAX;
        if (tooLong) {
            x.out.error("ERR a pattern is at most " + Glob.PATTERN_BYTES_MAX + " bytes long");
        }
        return tooLong;
    }

    private static boolean isLongScan(Exchange x) {
        long most = SCAN_COUNT_AT_ONCE_MAX;
        long count = 0;
        for (int i = 2; i + 1 < x.count(); i += 2) {
            if (x.is(i, "COUNT") && x.isLong(i + 1)) {
                count = x.parsed();
            } else if (x.is(i, "MATCH")) {
                most = x.length(i + 1) < Long.SIZE ? MATCHED_AT_ONCE_MAX : 0;
            }
        }
        return count > most || most == 0;
    }

    /** Whether the argument is a cursor; where it is not, the reply is an error. */
    static boolean isCursor(Exchange x, int index) {
        try {
            Long.parseUnsignedLong(x.text(index));
            return true;
        } catch (NumberFormatException noNumber) {
            x.out.error("ERR invalid cursor");
            return false;
        }
    }

    private static void scan(Exchange x) {
        if (!isCursor(x, 1)) {
            return;
        }
        long cursor = Long.parseUnsignedLong(x.text(1));
        long count = 10;
        Glob pattern = null;
        String type = null;
        for (int i = 2; i < x.count(); i += 2) {
            if (i + 1 == x.count()) {
                x.out.error(Exchange.SYNTAX);
                return;
            } else if (x.is(i, "COUNT")) {
                if (!x.parseLong(i + 1)) {
                    return;
                }
                count = x.parsed();
            } else if (x.is(i, "MATCH")) {
                if (isTooLong(x, i + 1)) {
                    return;
                }
                pattern = new Glob(x.bytes(i + 1));
            } else if (x.is(i, "TYPE")) {
                type = x.text(i + 1);
            } else {
                count = 0;
            }
            if (count < 1) {
                x.out.error(Exchange.SYNTAX);
                return;
            }
        }
        x.collected.clear();
        Glob wantedPattern = pattern;
        String wantedType = type;
        long left = count;
        long visited = Math.min(count, x.table.objects());
        int words = pattern == null ? 1 : pattern.words();
        if (!x.mayWork(visited * STEPS_PER_OBJECT * words)) {
            return;
        }
        int sliceMax = SCAN_SLICE / words;
        do {
            int slice = (int) Math.min(left, sliceMax);
            cursor =
                    x.session.scan(
                            x.table, cursor, slice, o -> collect(x, wantedPattern, wantedType, o));
            left -= slice;
            x.breatheNow();
        } while (cursor != 0
                && left > 0
                && x.collected.length() < x.server.settings.outputLimitBytes());
        x.out.array(2);
        x.out.bulk(Long.toUnsignedString(cursor));
        x.out.array(x.collected.size());
        x.collected.writeTo(x.out);
    }

    private static void flush(Exchange x) {
        boolean known = x.count() == 1 || x.count() == 2 && (x.is(1, "SYNC") || x.is(1, "ASYNC"));
        if (!known) {
            x.out.error(Exchange.SYNTAX);
            return;
        }
        x.session.exit();
        Status status = x.session.clear(x.table);
        x.session.enter();
        if (status == Status.OK) {
            x.out.ok();
        } else {
            x.refuse(status);
        }
    }
}
