package io.silkstone.gateway.command;

import static io.silkstone.gateway.command.Command.Flag.DENYOOM;
import static io.silkstone.gateway.command.Command.Flag.FAST;
import static io.silkstone.gateway.command.Command.Flag.READONLY;
import static io.silkstone.gateway.command.Command.Flag.WRITE;

import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.gateway.command.Command.Action;
import io.silkstone.gateway.command.Command.Group;
import io.silkstone.gateway.resp.Glob;
import io.silkstone.gateway.resp.Memory;
import java.util.List;

/**
 * Lists and sets of moderate size, each one object; see {@link Packed}. The commands that
 * applications use most, so that a list or a set is not a reason to need another server; large
 * collections are not what a key-value store of objects is for.
 */
final class CollectionCommands {
    private static final int MISSING = 0;

    /** Most members of one answer that may name a member more than once. */
    private static final int MEMBERS_AT_ONCE_MAX = 10_000;

    /** Each argument may have to be looked for in the whole set. */
    private static final int ARGUMENTS_AT_ONCE_MAX = 32;

    private CollectionCommands() {}

    static void declare(List<Command> all) {
        Group list = Group.LIST;
        add(all, list, "lpush", -3, "Puts elements before a list.", x -> push(x, true, false));
        add(all, list, "rpush", -3, "Puts elements behind a list.", x -> push(x, false, false));
        add(all, list, "lpushx", -3, "LPUSH where there is a list.", x -> push(x, true, true));
        add(all, list, "rpushx", -3, "RPUSH where there is a list.", x -> push(x, false, true));
        take(all, list, "lpop", -2, "Takes elements from a list's front.", x -> pop(x, true));
        take(all, list, "rpop", -2, "Takes elements from a list's end.", x -> pop(x, false));
        ask(all, list, "llen", 2, "Returns a list's length.", x -> size(x, Packed.LIST));
        ask(all, list, "lindex", 3, "Returns an element.", CollectionCommands::lindex);
        ask(all, list, "lrange", 4, "Returns a part of a list.", CollectionCommands::lrange);
        Group set = Group.SET;
        add(all, set, "sadd", -3, "Adds members to a set.", CollectionCommands::sadd);
        take(all, set, "srem", -3, "Removes members from a set.", CollectionCommands::srem);
        take(all, set, "spop", -2, "Takes some members from a set.", CollectionCommands::spop);
        ask(all, set, "scard", 2, "Returns a set's size.", x -> size(x, Packed.SET));
        ask(all, set, "sismember", 3, "Tells whether a set has a member.", x -> contains(x));
        ask(all, set, "srandmember", -2, "Returns some members.", CollectionCommands::srandmember);
        ask(all, set, "smembers", 2, "Returns all members.", CollectionCommands::smembers);
        all.add(
                new Command(
                                "sscan",
                                set,
                                "Goes through the members.",
                                -3,
                                CollectionCommands::sscan,
                                READONLY)
                        .key(1)
                        .heavy());
    }

    private static void add(
            List<Command> all, Group group, String name, int arity, String text, Action action) {
        all.add(
                new Command(name, group, text, arity, action, WRITE, DENYOOM, FAST)
                        .key(1)
                        .heavyWhen(x -> x.count() > ARGUMENTS_AT_ONCE_MAX));
    }

    private static void take(
            List<Command> all, Group group, String name, int arity, String text, Action action) {
        all.add(
                new Command(name, group, text, arity, action, WRITE, FAST)
                        .key(1)
                        .heavyWhen(x -> x.count() > ARGUMENTS_AT_ONCE_MAX));
    }

    private static void ask(
            List<Command> all, Group group, String name, int arity, String text, Action action) {
        all.add(new Command(name, group, text, arity, action, READONLY).key(1));
    }

    /**
     * Reads the collection under the request's key.
     *
     * @return OK or NOT_FOUND; null when the reply is an error already
     */
    private static Status read(Exchange x, int type) {
        Status seen = x.readAny(x.key());
        if (seen == Status.OK && x.object().type() != type) {
            x.out.error(Exchange.WRONG_TYPE);
            return null;
        }
        if (seen == Status.OK) {
            x.packed.wrap(x.object());
        } else {
            x.packed.wrap(Memory.ALL, 0, MISSING);
        }
        return seen;
    }

    /**
     * Puts a changed collection in place of the one that was read, or removes it when it is empty.
     *
     * @return OK; null when somebody wrote in between and the command starts again; otherwise the
     *     reply is an error already
     */
    private static Status replace(
            Exchange x, Status seen, long version, int type, long value, long length) {
        if (!fits(x, length)) {
            refuseSize(x);
            return Status.TOO_LARGE;
        }
        WriteOptions options = x.unchanged(seen, version).keepExpiry().type(type);
        Status status =
                length == 0
                        ? x.session.remove(x.table, x.key(), options)
                        : x.session.write(
                                x.table, x.key(), Memory.ALL, value, (int) length, options);
        if (Exchange.raced(status)) {
            return null;
        }
        if (status != Status.OK) {
            x.refuse(status);
        }
        return status;
    }

    /** Whether a collection of {@code bytes} fits an object. */
    static boolean fits(Exchange x, long bytes) {
        return bytes <= x.server.valueBytesMax();
    }

    /** The reply to what would make a collection too large for an object. */
    static void refuseSize(Exchange x) {
        x.out.error(Errors.collectionTooLarge(x.server.valueBytesMax()));
    }

    /** A command's attempt: false when somebody wrote in between. */
    @FunctionalInterface
    private interface Attempt {
        boolean succeeds();
    }

    private static void attempts(Exchange x, Attempt attempt) {
        for (int i = 0; i < StringCommands.ATTEMPTS_MAX; i++) {
            if (attempt.succeeds()) {
                return;
            }
        }
        x.refuse(Status.RETRY_LATER);
    }

    private static long argumentBytes(Exchange x) {
        long bytes = 0;
        for (int i = 2; i < x.count(); i++) {
            bytes += Packed.FRAME_BYTES + x.length(i);
        }
        return bytes;
    }

    private static void push(Exchange x, boolean front, boolean onlyPresent) {
        attempts(
                x,
                () -> {
                    Status seen = read(x, Packed.LIST);
                    if (seen == null) {
                        return true;
                    }
                    if (onlyPresent && seen == Status.NOT_FOUND) {
                        x.out.integer(0);
                        return true;
                    }
                    int before = seen == Status.OK ? x.object().valueLength() : 0;
                    int size = x.packed.size() + x.count() - 2;
                    long added = argumentBytes(x);
                    long length = before + added;
                    long version = x.session.version();
                    long value = 0;
                    if (fits(x, length)) {
                        value = x.scratch.take((int) length);
                        fillPushed(x, front, value, before, (int) added);
                    }
                    Status status = replace(x, seen, version, Packed.LIST, value, length);
                    if (status == Status.OK) {
                        x.out.integer(size);
                    }
                    return status != null;
                });
    }

    private static void fillPushed(Exchange x, boolean front, long value, int before, int added) {
        if (before > 0) {
            long target = front ? value + added : value;
            Memory.copy(x.object().memory(), x.object().valueOffset(), target, before);
        }
        long at = front ? value : value + before;
        for (int i = 2; i < x.count(); i++) {
            // The last argument of LPUSH becomes the first element.
            int argument = front ? x.count() + 1 - i : i;
            at = Packed.append(at, x.address(argument), x.length(argument));
        }
    }

    private static void pop(Exchange x, boolean front) {
        long count = 1;
        if (x.count() > 3) {
            x.out.error(Errors.wrongArity(x.request().command()));
            return;
        }
        if (x.count() == 3) {
            if (!x.isLong(2) || x.parsed() < 0) {
                x.out.error("ERR value is out of range, must be positive");
                return;
            }
            count = x.parsed();
        }
        long most = count;
        attempts(x, () -> popped(x, front, most));
    }

    private static boolean popped(Exchange x, boolean front, long most) {
        Status seen = read(x, Packed.LIST);
        if (seen == null) {
            return true;
        }
        boolean several = x.count() == 3;
        if (seen == Status.NOT_FOUND) {
            if (several) {
                x.out.noArray();
            } else {
                x.out.nothing();
            }
            return true;
        }
        long version = x.session.version();
        int size = x.packed.size();
        int taken = (int) Math.min(most, size);
        if (taken == 0) {
            x.out.array(0);
            return true;
        }
        int before = x.object().valueLength();
        int cut = cut(x.packed, front ? taken : size - taken);
        collect(x, x.packed.positions(front ? 0 : size - taken, taken), front);
        int length = front ? before - cut : cut;
        long value = x.scratch.take(length);
        long from = x.object().valueOffset() + (front ? cut : 0);
        Memory.copy(x.object().memory(), from, value, length);
        Status status = replace(x, seen, version, Packed.LIST, value, length);
        if (status == Status.OK) {
            if (several) {
                x.out.array(taken);
            }
            x.collected.writeTo(x.out);
        }
        return status != null;
    }

    /** Collects elements for the reply: the view of them ends before it can be written. */
    private static void collect(Exchange x, int[] positions, boolean forwards) {
        x.collected.clear();
        for (int i = 0; i < positions.length; i++) {
            Packed element = x.packed.at(positions[forwards ? i : positions.length - 1 - i]);
            x.collected.add(element.memory(), element.valueOffset(), element.length());
        }
    }

    /** Bytes of the first {@code size} elements. */
    private static int cut(Packed packed, int size) {
        int bytes = 0;
        boolean more = packed.first();
        for (int i = 0; i < size && more; i++) {
            bytes += Packed.FRAME_BYTES + packed.length();
            more = packed.next();
        }
        return bytes;
    }

    private static void size(Exchange x, int type) {
        if (read(x, type) != null) {
            x.out.integer(x.packed.size());
        }
    }

    private static void lindex(Exchange x) {
        if (!x.parseLong(2)) {
            return;
        }
        long wanted = x.parsed();
        if (read(x, Packed.LIST) == null) {
            return;
        }
        int size = x.packed.size();
        long index = wanted < 0 ? wanted + size : wanted;
        if (index < 0 || index >= size) {
            x.out.nothing();
        } else {
            Packed element = x.packed.element((int) index);
            x.out.bulk(element.memory(), element.valueOffset(), element.length());
        }
    }

    private static void lrange(Exchange x) {
        if (!x.parseLong(2)) {
            return;
        }
        long from = x.parsed();
        if (!x.parseLong(3)) {
            return;
        }
        long to = x.parsed();
        if (read(x, Packed.LIST) == null) {
            return;
        }
        int size = x.packed.size();
        long first = Math.max(from < 0 ? from + size : from, 0);
        long last = Math.min(to < 0 ? to + size : to, size - 1L);
        // Places far outside the list are so far apart that their distance would overflow.
        long count = first > last ? 0 : last - first + 1;
        x.out.array(count);
        if (count > 0) {
            Packed element = x.packed.element((int) first);
            for (long i = 0; i < count; i++) {
                x.out.bulk(element.memory(), element.valueOffset(), element.length());
                element.next();
            }
        }
    }

    private static void sadd(Exchange x) {
        attempts(
                x,
                () -> {
                    Status seen = read(x, Packed.SET);
                    if (seen == null) {
                        return true;
                    }
                    int before = seen == Status.OK ? x.object().valueLength() : 0;
                    long version = x.session.version();
                    // Arguments are bounded by the largest request.
                    long value = x.scratch.take(Math.toIntExact(before + argumentBytes(x)));
                    if (before > 0) {
                        Memory.copy(x.object().memory(), x.object().valueOffset(), value, before);
                    }
                    int added = 0;
                    long end = value + before;
                    for (int i = 2; i < x.count(); i++) {
                        x.packed.wrap(Memory.ALL, value, (int) (end - value));
                        if (!x.packed.find(x.address(i), x.length(i))) {
                            end = Packed.append(end, x.address(i), x.length(i));
                            added++;
                        }
                    }
                    if (added == 0) {
                        x.out.integer(0);
                        return true;
                    }
                    Status status = replace(x, seen, version, Packed.SET, value, end - value);
                    if (status == Status.OK) {
                        x.out.integer(added);
                    }
                    return status != null;
                });
    }

    private static void srem(Exchange x) {
        attempts(
                x,
                () -> {
                    Status seen = read(x, Packed.SET);
                    if (seen == null) {
                        return true;
                    }
                    int before = seen == Status.OK ? x.object().valueLength() : 0;
                    long version = x.session.version();
                    long value = x.scratch.take(before);
                    if (before > 0) {
                        Memory.copy(x.object().memory(), x.object().valueOffset(), value, before);
                    }
                    int removed = 0;
                    int length = before;
                    for (int i = 2; i < x.count(); i++) {
                        x.packed.wrap(Memory.ALL, value, length);
                        if (x.packed.find(x.address(i), x.length(i))) {
                            length = without(x.packed, value, length);
                            removed++;
                        }
                    }
                    if (removed == 0) {
                        x.out.integer(0);
                        return true;
                    }
                    Status status = replace(x, seen, version, Packed.SET, value, length);
                    if (status == Status.OK) {
                        x.out.integer(removed);
                    }
                    return status != null;
                });
    }

    /** Closes the gap of the element that {@code packed} is at. */
    private static int without(Packed packed, long value, int length) {
        int gap = Packed.FRAME_BYTES + packed.length();
        int behind = packed.position() + gap;
        Memory.move(value + behind, value + packed.position(), length - behind);
        return length - gap;
    }

    private static void spop(Exchange x) {
        if (x.count() > 3) {
            x.out.error(Exchange.SYNTAX);
            return;
        }
        if (x.count() == 2) {
            attempts(x, () -> taken(x, 1, false));
        } else if (!x.isLong(2) || x.parsed() < 0) {
            x.out.error("ERR value is out of range, must be positive");
        } else {
            long most = x.parsed();
            attempts(x, () -> taken(x, most, true));
        }
    }

    /** One walk over the set takes each member with the chance that takes {@code most} in all. */
    private static boolean taken(Exchange x, long most, boolean several) {
        Status seen = read(x, Packed.SET);
        if (seen == null) {
            return true;
        }
        if (seen == Status.NOT_FOUND && !several) {
            x.out.nothing();
            return true;
        }
        long version = x.session.version();
        int left = x.packed.size();
        int wanted = (int) Math.min(most, left);
        int before = seen == Status.OK ? x.object().valueLength() : 0;
        long value = x.scratch.take(before);
        long kept = value;
        int taken = wanted;
        if (taken == 0) {
            x.out.set(0);
            return true;
        }
        x.collected.clear();
        for (boolean more = x.packed.first(); more; more = x.packed.next()) {
            if (x.server.random.nextInt(left--) < wanted) {
                x.collected.add(x.packed.memory(), x.packed.valueOffset(), x.packed.length());
                wanted--;
            } else {
                int length = Packed.FRAME_BYTES + x.packed.length();
                Memory.copy(
                        x.packed.memory(),
                        x.packed.valueOffset() - Packed.FRAME_BYTES,
                        kept,
                        length);
                kept += length;
            }
        }
        Status status = replace(x, seen, version, Packed.SET, value, kept - value);
        if (status == Status.OK) {
            if (several) {
                x.out.set(taken);
            }
            x.collected.writeTo(x.out);
        }
        return status != null;
    }

    private static void contains(Exchange x) {
        if (read(x, Packed.SET) != null) {
            x.out.integer(x.packed.find(x.address(2), x.length(2)) ? 1 : 0);
        }
    }

    private static void srandmember(Exchange x) {
        if (x.count() > 3) {
            x.out.error(Exchange.SYNTAX);
            return;
        }
        long count = 1;
        if (x.count() == 3) {
            if (!x.parseLong(2)) {
                return;
            }
            count = x.parsed();
            if (count < -MEMBERS_AT_ONCE_MAX) {
                x.out.error(
                        "ERR value is out of range, value must between "
                                + -MEMBERS_AT_ONCE_MAX
                                + " and "
                                + Long.MAX_VALUE);
                return;
            }
        }
        if (read(x, Packed.SET) == null) {
            return;
        }
        int size = x.packed.size();
        if (x.count() == 2 && size == 0) {
            x.out.nothing();
        } else if (x.count() == 2) {
            element(x, x.packed.element(x.server.random.nextInt(size)));
        } else if (count < 0) {
            // Members may come again.
            int[] positions = x.packed.positions(0, size);
            x.out.array(size == 0 ? 0 : -count);
            for (long i = 0; size > 0 && i < -count; i++) {
                element(x, x.packed.at(positions[x.server.random.nextInt(size)]));
            }
        } else {
            distinct(x, size, (int) Math.min(count, size));
        }
    }

    private static void element(Exchange x, Packed element) {
        x.out.bulk(element.memory(), element.valueOffset(), element.length());
    }

    /** One walk over the set takes each member with the chance that leaves {@code count} in all. */
    private static void distinct(Exchange x, int size, int count) {
        x.out.array(count);
        int left = size;
        int wanted = count;
        for (boolean more = x.packed.first(); more && wanted > 0; more = x.packed.next()) {
            if (x.server.random.nextInt(left) < wanted) {
                x.out.bulk(x.packed.memory(), x.packed.valueOffset(), x.packed.length());
                wanted--;
            }
            left--;
        }
    }

    /**
     * All members at once, as Redis does with a set that it keeps in one piece: no cursor into a
     * packed set would stay right while members before it come and go.
     */
    private static void sscan(Exchange x) {
        if (!KeyCommands.isCursor(x, 2)) {
            return;
        }
        Status seen = read(x, Packed.SET);
        if (seen == null) {
            return;
        }
        Glob pattern = null;
        // Redis looks at the options only where there is a set.
        int end = seen == Status.OK ? x.count() : 0;
        for (int i = 3; i < end; i += 2) {
            boolean last = i + 1 == end;
            if (!last && x.is(i, "MATCH")) {
                pattern = new Glob(x.bytes(i + 1));
            } else if (!last && x.is(i, "COUNT")) {
                if (!x.parseLong(i + 1)) {
                    return;
                }
                last = x.parsed() < 1;
            } else {
                last = true;
            }
            if (last) {
                x.out.error(Exchange.SYNTAX);
                return;
            }
        }
        x.collected.clear();
        for (boolean more = x.packed.first(); more; more = x.packed.next()) {
            Packed member = x.packed;
            if (pattern == null
                    || pattern.matches(member.memory(), member.valueOffset(), member.length())) {
                x.collected.add(member.memory(), member.valueOffset(), member.length());
            }
        }
        x.out.array(2);
        x.out.bulk("0");
        x.out.array(x.collected.size());
        x.collected.writeTo(x.out);
    }

    private static void smembers(Exchange x) {
        if (read(x, Packed.SET) == null) {
            return;
        }
        x.out.set(x.packed.size());
        for (boolean more = x.packed.first(); more; more = x.packed.next()) {
            x.out.bulk(x.packed.memory(), x.packed.valueOffset(), x.packed.length());
        }
    }
}
