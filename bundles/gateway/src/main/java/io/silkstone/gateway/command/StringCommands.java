package io.silkstone.gateway.command;

import static io.silkstone.gateway.command.Command.Flag.BRIEF;
import static io.silkstone.gateway.command.Command.Flag.DENYOOM;
import static io.silkstone.gateway.command.Command.Flag.FAST;
import static io.silkstone.gateway.command.Command.Flag.READONLY;
import static io.silkstone.gateway.command.Command.Flag.WRITE;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.gateway.command.Command.Group;
import io.silkstone.gateway.resp.Memory;
import io.silkstone.gateway.resp.Words;
import java.util.List;

/**
 * Commands on plain values. What the store does in one operation is one operation here; what it
 * does not know (APPEND, SETRANGE and so on) reads, computes and writes on condition that nobody
 * wrote in between, and tries again when somebody did.
 */
final class StringCommands {
    /** How often a conditional write is tried before the client is told to try again itself. */
    static final int ATTEMPTS_MAX = 64;

    /** More keys than this in one request, and it runs in a thread of its own. */
    static final int KEYS_AT_ONCE_MAX = 1024;

    private static final long NX = Words.of("NX");
    private static final long XX = Words.of("XX");
    private static final long GET = Words.of("GET");
    private static final long EX = Words.of("EX");
    private static final long PX = Words.of("PX");
    private static final long EXAT = Words.of("EXAT");
    private static final long PXAT = Words.of("PXAT");
    private static final long KEEPTTL = Words.of("KEEPTTL");
    private static final long PERSIST = Words.of("PERSIST");

    private StringCommands() {}

    static void declare(List<Command> all) {
        Group group = Group.STRING;
        all.add(
                new Command(
                                "get",
                                group,
                                "Returns a value.",
                                2,
                                StringCommands::get,
                                READONLY,
                                FAST)
                        .key(1));
        all.add(
                new Command(
                                "set",
                                group,
                                "Sets a value, with conditions and a time to live if wanted.",
                                -3,
                                StringCommands::set,
                                WRITE,
                                DENYOOM,
                                BRIEF)
                        .key(1));
        all.add(
                new Command(
                                "setnx",
                                group,
                                "Sets a value where there is none.",
                                3,
                                StringCommands::setnx,
                                WRITE,
                                DENYOOM,
                                FAST)
                        .key(1));
        all.add(
                new Command(
                                "setex",
                                group,
                                "Sets a value that lives for some seconds.",
                                4,
                                x -> setFor(x, 1000, "setex"),
                                WRITE,
                                DENYOOM,
                                BRIEF)
                        .key(1));
        all.add(
                new Command(
                                "psetex",
                                group,
                                "Sets a value that lives for some milliseconds.",
                                4,
                                x -> setFor(x, 1, "psetex"),
                                WRITE,
                                DENYOOM,
                                BRIEF)
                        .key(1));
        all.add(
                new Command(
                                "getset",
                                group,
                                "Sets a value and returns the one before.",
                                3,
                                x -> exchange(x, x.options.reset(), WriteOptions.Expiry.NONE, 0),
                                WRITE,
                                DENYOOM,
                                FAST)
                        .key(1));
        all.add(
                new Command(
                                "getdel",
                                group,
                                "Returns a value and removes it.",
                                2,
                                StringCommands::getdel,
                                WRITE,
                                FAST)
                        .key(1));
        all.add(
                new Command(
                                "getex",
                                group,
                                "Returns a value and changes its time to live.",
                                -2,
                                StringCommands::getex,
                                WRITE,
                                FAST)
                        .key(1));
        declareMany(all, group);
        declareParts(all, group);
        StringNumberCommands.declare(all);
        StringBitCommands.declare(all);
    }

    private static void declareMany(List<Command> all, Group group) {
        all.add(
                new Command(
                                "mget",
                                group,
                                "Returns the values of several keys.",
                                -2,
                                StringCommands::mget,
                                READONLY,
                                FAST)
                        .keys(1, -1, 1)
                        .heavyWhen(x -> x.count() > KEYS_AT_ONCE_MAX));
        all.add(
                new Command(
                                "mset",
                                group,
                                "Sets several values; short of memory, maybe only the first.",
                                -3,
                                StringCommands::mset,
                                WRITE,
                                DENYOOM)
                        .keys(1, -1, 2)
                        .heavyWhen(x -> x.count() > KEYS_AT_ONCE_MAX));
        all.add(
                new Command(
                                "msetnx",
                                group,
                                "As MSET, if none of the keys exists.",
                                -3,
                                StringCommands::msetnx,
                                WRITE,
                                DENYOOM)
                        .keys(1, -1, 2)
                        .heavyWhen(x -> x.count() > KEYS_AT_ONCE_MAX));
    }

    private static void declareParts(List<Command> all, Group group) {
        all.add(
                new Command(
                                "append",
                                group,
                                "Appends to a value.",
                                3,
                                StringCommands::append,
                                WRITE,
                                DENYOOM,
                                FAST)
                        .key(1));
        all.add(
                new Command(
                                "strlen",
                                group,
                                "Returns the length of a value.",
                                2,
                                StringCommands::strlen,
                                READONLY,
                                FAST)
                        .key(1));
        all.add(
                new Command(
                                "getrange",
                                group,
                                "Returns a part of a value.",
                                4,
                                StringCommands::getrange,
                                READONLY)
                        .key(1));
        all.add(
                new Command(
                                "substr",
                                group,
                                "Returns a part of a value; the older name of GETRANGE.",
                                4,
                                StringCommands::getrange,
                                READONLY)
                        .key(1));
        all.add(
                new Command(
                                "setrange",
                                group,
                                "Overwrites a part of a value.",
                                4,
                                StringCommands::setrange,
                                WRITE,
                                DENYOOM)
                        .key(1));
        all.add(
                new Command(
                                "lcs",
                                group,
                                "Finds the longest common subsequence of two values.",
                                -3,
                                LongestCommon::run,
                                READONLY)
                        .keys(1, 2, 1)
                        .heavy());
    }

    private static void get(Exchange x) {
        Status status = x.read(x.key());
        if (status == Status.OK) {
            ObjectView object = x.session.object();
            if (object.type() == 0) {
                x.out.bulk(object);
            } else {
                x.out.error(Exchange.WRONG_TYPE);
            }
        } else if (status == Status.NOT_FOUND) {
            x.out.nothing();
        } else {
            x.refuse(status);
        }
    }

    private static Status write(Exchange x, Key key, int value, WriteOptions options) {
        return x.session.write(
                x.table, key, Memory.ALL, x.address(value), x.length(value), options);
    }

    private static void set(Exchange x) {
        WriteOptions options = x.options.reset();
        if (x.count() == 3) {
            Status status = write(x, x.key(), 2, options);
            if (status == Status.OK) {
                x.out.ok();
            } else {
                x.refuse(status);
            }
            return;
        }
        boolean ifMissing = false;
        boolean ifPresent = false;
        boolean get = false;
        WriteOptions.Expiry expiry = null;
        long expiryMillis = 0;
        for (int i = 3; i < x.count(); i++) {
            long word = x.word(i);
            if (word == NX && !ifPresent) {
                ifMissing = true;
            } else if (word == XX && !ifMissing) {
                ifPresent = true;
            } else if (word == GET) {
                get = true;
            } else if (word == KEEPTTL && expiry == null) {
                expiry = WriteOptions.Expiry.KEEP;
            } else if (isExpiry(word) && expiry == null && i + 1 < x.count()) {
                expiryMillis = expiryMillis(x, word, ++i, "set");
                if (expiryMillis == 0) {
                    return;
                }
                expiry = WriteOptions.Expiry.AT;
            } else {
                x.out.error(Exchange.SYNTAX);
                return;
            }
        }
        if (ifMissing) {
            options.rejectIfExists();
        }
        if (ifPresent) {
            options.rejectIfMissing();
        }
        if (get) {
            exchange(x, options, expiry, expiryMillis);
            return;
        }
        Status status = write(x, x.key(), 2, expiring(options, expiry, expiryMillis));
        switch (status) {
            case OK -> x.out.ok();
            case EXISTS, NOT_FOUND -> x.out.nothing();
            default -> x.refuse(status);
        }
    }

    private static WriteOptions expiring(
            WriteOptions options, WriteOptions.Expiry expiry, long expiryMillis) {
        if (expiry == WriteOptions.Expiry.KEEP) {
            return options.keepExpiry();
        }
        return expiry == WriteOptions.Expiry.AT ? options.expireAt(expiryMillis) : options;
    }

    private static boolean isExpiry(long word) {
        return word == EX || word == PX || word == EXAT || word == PXAT;
    }

    /** The time that the option and its argument stand for, or 0 when the reply is an error. */
    private static long expiryMillis(Exchange x, long option, int argument, String command) {
        if (!x.parseLong(argument)) {
            return 0;
        }
        boolean seconds = option == EX || option == EXAT;
        boolean relative = option == EX || option == PX;
        return ExpiryCommands.expiryMillis(x, x.parsed(), seconds, relative, true, command);
    }

    /** SET with GET, and GETSET: the value before is the reply, whether or not it was replaced. */
    private static void exchange(
            Exchange x, WriteOptions wanted, WriteOptions.Expiry expiry, long expiryMillis) {
        boolean ifMissing = wanted.rejectsExisting();
        boolean ifPresent = wanted.rejectsMissing();
        for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
            Status seen = x.readString(x.key());
            if (seen == null) {
                return;
            }
            if (ifMissing && seen == Status.OK || ifPresent && seen == Status.NOT_FOUND) {
                previous(x, seen == Status.OK);
                return;
            }
            WriteOptions options = x.unchanged(seen, x.session.version()).returnPrevious();
            Status status = write(x, x.key(), 2, expiring(options, expiry, expiryMillis));
            if (status == Status.OK) {
                previous(x, x.session.hadPrevious());
                return;
            }
            if (!Exchange.raced(status)) {
                x.refuse(status);
                return;
            }
        }
        x.refuse(Status.RETRY_LATER);
    }

    private static void previous(Exchange x, boolean there) {
        if (there) {
            x.out.bulk(x.object());
        } else {
            x.out.nothing();
        }
    }

    private static void setnx(Exchange x) {
        Status status = write(x, x.key(), 2, x.options.reset().rejectIfExists());
        switch (status) {
            case OK -> x.out.integer(1);
            case EXISTS -> x.out.integer(0);
            default -> x.refuse(status);
        }
    }

    private static void setFor(Exchange x, long unitMillis, String command) {
        if (!x.parseLong(2)) {
            return;
        }
        boolean seconds = unitMillis != 1;
        long at = ExpiryCommands.expiryMillis(x, x.parsed(), seconds, true, true, command);
        if (at == 0) {
            return;
        }
        Status status = write(x, x.key(), 3, x.options.reset().expireAt(at));
        if (status == Status.OK) {
            x.out.ok();
        } else {
            x.refuse(status);
        }
    }

    private static void getdel(Exchange x) {
        for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
            Status seen = x.readString(x.key());
            if (seen == null) {
                return;
            }
            if (seen == Status.NOT_FOUND) {
                x.out.nothing();
                return;
            }
            WriteOptions options = x.unchanged(seen, x.session.version()).returnPrevious();
            Status status = x.session.remove(x.table, x.key(), options);
            if (status == Status.OK) {
                x.out.bulk(x.object());
                return;
            }
            if (!Exchange.raced(status)) {
                x.refuse(status);
                return;
            }
        }
        x.refuse(Status.RETRY_LATER);
    }

    private static void getex(Exchange x) {
        WriteOptions.Expiry expiry = null;
        long expiryMillis = 0;
        for (int i = 2; i < x.count(); i++) {
            long word = x.word(i);
            if (word == PERSIST && expiry == null) {
                expiry = WriteOptions.Expiry.NONE;
            } else if (isExpiry(word) && expiry == null && i + 1 < x.count()) {
                expiryMillis = expiryMillis(x, word, ++i, "getex");
                if (expiryMillis == 0) {
                    return;
                }
                expiry = WriteOptions.Expiry.AT;
            } else {
                x.out.error(Exchange.SYNTAX);
                return;
            }
        }
        for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
            Status seen = x.readString(x.key());
            if (seen == null) {
                return;
            }
            if (seen == Status.NOT_FOUND) {
                x.out.nothing();
                return;
            }
            long mark = x.out.written();
            x.out.bulk(x.object());
            boolean nothingToDo =
                    expiry == null
                            || expiry == WriteOptions.Expiry.NONE && x.object().expiryMillis() == 0;
            if (nothingToDo) {
                return;
            }
            WriteOptions options = x.unchanged(seen, x.session.version());
            Status status =
                    x.session.expire(x.table, x.key(), expiring(options, expiry, expiryMillis));
            if (status == Status.OK || !x.out.rewind(mark)) {
                return;
            }
            if (!Exchange.raced(status)) {
                x.refuse(status);
                return;
            }
        }
        x.refuse(Status.RETRY_LATER);
    }

    private static void mget(Exchange x) {
        if (x.remote()) {
            mgetTogether(x);
            return;
        }
        long mark = x.out.written();
        x.out.array(x.count() - 1);
        for (int i = 1; i < x.count() && !x.out.lost(); i++) {
            Status status = x.read(x.key(i));
            if (status == Status.OK && x.object().type() == 0) {
                x.out.bulk(x.object());
            } else if (status == Status.OK || status == Status.NOT_FOUND) {
                x.out.nothing();
            } else {
                x.refuseInstead(mark, status);
                return;
            }
            x.breathe();
        }
    }

    private static void mgetTogether(Exchange x) {
        long mark = x.out.written();
        int count = x.count() - 1;
        OrderedValues values = new OrderedValues(x, count);
        x.out.array(count);
        x.readAll(values);
        if (values.refused() != null) {
            x.refuseInstead(mark, values.refused());
        }
    }

    private static void mset(Exchange x) {
        if (x.count() % 2 == 0) {
            x.out.error("ERR wrong number of arguments for 'mset' command");
            return;
        }
        boolean one = x.count() == 3;
        Status status = one ? write(x, x.key(), 2, x.options.reset()) : writeAll(x, false);
        if (status == Status.OK) {
            x.out.ok();
        } else if (status != null) {
            x.refuse(status);
        }
    }

    private static void msetnx(Exchange x) {
        if (x.count() % 2 == 0) {
            x.out.error("ERR wrong number of arguments for 'msetnx' command");
            return;
        }
        Status status = writeAll(x, true);
        if (status == null) {
            return;
        }
        switch (status) {
            case OK -> x.out.integer(1);
            case EXISTS -> x.out.integer(0);
            default -> x.refuse(status);
        }
    }

    /**
     * Writes all or nothing, in one step. What is more than the store takes in one step is one for
     * others all the same, but when memory runs out in the middle those before stay.
     *
     * @param ifMissing refuse with EXISTS when one of the keys exists
     * @return null when the reply is an error already
     */
    private static Status writeAll(Exchange x, boolean ifMissing) {
        WriteOptions options = x.options.reset();
        if (ifMissing) {
            options.rejectIfExists();
        }
        WriteBatch batch = x.batch.clear();
        boolean fits = true;
        for (int i = 1; i < x.count() && fits; i += 2) {
            fits = batch.write(x.key(i), Memory.ALL, x.address(i + 1), x.length(i + 1), options);
        }
        Status status = fits ? x.session.writeAll(x.table, batch) : Status.TOO_LARGE;
        boolean inSteps = status == Status.TOO_LARGE && batch.refused() < 0;
        batch.clear();
        if (!inSteps) {
            return status;
        }
        if (!x.lockKeys()) {
            return null;
        }
        try {
            return writeEach(x, ifMissing);
        } finally {
            x.unlockKeys();
        }
    }

    private static Status writeEach(Exchange x, boolean ifMissing) {
        Status status = Status.OK;
        for (int i = 1; i < x.count() && status == Status.OK; i += 2) {
            status = x.length(i) > KvStore.KEY_BYTES_MAX ? Status.TOO_LARGE : Status.OK;
            if (ifMissing && x.session.read(x.table, x.key(i)) == Status.OK) {
                return Status.EXISTS;
            }
        }
        for (int i = 1; i < x.count() && status == Status.OK; i += 2) {
            status = write(x, x.key(i), i + 1, x.options.reset());
        }
        return status;
    }

    private static void append(Exchange x) {
        for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
            Status seen = x.readString(x.key());
            if (seen == null) {
                return;
            }
            int before = seen == Status.OK ? x.object().valueLength() : 0;
            if (before + (long) x.length(2) > x.server.valueBytesMax()) {
                x.refuse(Status.TOO_LARGE);
                return;
            }
            long version = x.session.version();
            long value = x.scratch.take(before + x.length(2));
            if (before > 0) {
                Memory.copy(x.object().memory(), x.object().valueOffset(), value, before);
            }
            Memory.copy(x.address(2), value + before, x.length(2));
            int length = before + x.length(2);
            if (replaced(x, seen, version, value, length)) {
                return;
            }
        }
        x.refuse(Status.RETRY_LATER);
    }

    /**
     * Writes a value that was made from what was read, keeping the expiry. The reply is the length,
     * or an error.
     *
     * @return false when somebody wrote in between: try again
     */
    private static boolean replaced(Exchange x, Status seen, long version, long value, int length) {
        WriteOptions options = x.unchanged(seen, version).keepExpiry();
        Status status = x.session.write(x.table, x.key(), Memory.ALL, value, length, options);
        if (status == Status.OK) {
            x.out.integer(length);
        } else if (Exchange.raced(status)) {
            return false;
        } else {
            x.refuse(status);
        }
        return true;
    }

    private static void strlen(Exchange x) {
        Status seen = x.readString(x.key());
        if (seen != null) {
            x.out.integer(seen == Status.OK ? x.object().valueLength() : 0);
        }
    }

    private static void getrange(Exchange x) {
        if (!x.parseLong(2)) {
            return;
        }
        long first = x.parsed();
        if (!x.parseLong(3)) {
            return;
        }
        long last = x.parsed();
        Status seen = x.readString(x.key());
        if (seen == null) {
            return;
        }
        int length = seen == Status.OK ? x.object().valueLength() : 0;
        boolean backwards = first < 0 && last < 0 && first > last;
        first = Math.max(first < 0 ? first + length : first, 0);
        last = Math.min(Math.max(last < 0 ? last + length : last, 0), length - 1L);
        if (backwards || first > last || length == 0) {
            x.out.bulk(0, 0);
        } else {
            ObjectView object = x.object();
            x.out.bulk(object.memory(), object.valueOffset() + first, (int) (last - first + 1));
        }
    }

    private static void setrange(Exchange x) {
        if (!x.parseLong(2)) {
            return;
        }
        long offset = x.parsed();
        if (offset < 0) {
            x.out.error("ERR offset is out of range");
            return;
        }
        int added = x.length(3);
        for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
            Status seen = x.readString(x.key());
            if (seen == null) {
                return;
            }
            int before = seen == Status.OK ? x.object().valueLength() : 0;
            if (added == 0) {
                x.out.integer(before);
                return;
            }
            if (offset > x.server.valueBytesMax() - added) {
                x.refuse(Status.TOO_LARGE);
                return;
            }
            long version = x.session.version();
            int length = (int) Math.max(before, offset + added);
            long value = grown(x, before, length);
            Memory.copy(x.address(3), value + offset, added);
            if (replaced(x, seen, version, value, length)) {
                return;
            }
        }
        x.refuse(Status.RETRY_LATER);
    }

    /** The value that was read, with zeros behind it up to {@code length}, in scratch memory. */
    static long grown(Exchange x, int before, int length) {
        long value = x.scratch.take(length);
        if (before > 0) {
            Memory.copy(x.object().memory(), x.object().valueOffset(), value, before);
        }
        Memory.clear(value + before, length - before);
        return value;
    }
}
