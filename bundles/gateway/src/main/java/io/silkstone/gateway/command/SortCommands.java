package io.silkstone.gateway.command;

import static io.silkstone.gateway.command.Command.Flag.DANGEROUS;
import static io.silkstone.gateway.command.Command.Flag.DENYOOM;
import static io.silkstone.gateway.command.Command.Flag.READONLY;
import static io.silkstone.gateway.command.Command.Flag.WRITE;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.Status;
import io.silkstone.gateway.command.Command.Group;
import io.silkstone.gateway.resp.Memory;
import io.silkstone.gateway.resp.MemoryRefused;
import io.silkstone.gateway.resp.Request;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/**
 * SORT and SORT_RO: the elements of a list or a set in order.
 *
 * <p>Elements, weights and what is fetched for the reply are copied to the heap, so that ordering
 * them keeps neither writers nor the cleaner waiting; both commands run in a user thread. BY and
 * GET read their keys one after the other, as MGET does. STORE writes only while the source is
 * still what was read, and otherwise begins again, so that source and destination are seen as in
 * one step; both lie in one tablet.
 */
final class SortCommands {
    private static final byte[] ITSELF = {'#'};
    private static final int LIMIT_ARGUMENTS = 2;

    /** What an element takes on the heap beside its bytes. */
    private static final int ELEMENT_BYTES = 128;

    private static final long STEPS_PER_ELEMENT = 512;

    /** What strtod reads to the end; hexadecimal numbers aside. */
    private static final Pattern NUMBER =
            Pattern.compile(
                    "\\s*[+-]?((\\d+\\.?\\d*|\\.\\d+)(e[+-]?\\d+)?|inf(inity)?)",
                    Pattern.CASE_INSENSITIVE);

    private SortCommands() {}

    static void declare(List<Command> all) {
        all.add(
                new Command(
                                "sort",
                                Group.GENERIC,
                                "Returns or stores the elements of a list or set in order.",
                                -2,
                                x -> new Sort(x).run(true),
                                WRITE,
                                DENYOOM,
                                DANGEROUS)
                        .key(1)
                        .strayKey(SortCommands::destination)
                        .in("set", "sortedset", "list")
                        .heavy());
        all.add(
                new Command(
                                "sort_ro",
                                Group.GENERIC,
                                "Returns the elements of a list or set in order.",
                                -2,
                                x -> new Sort(x).run(false),
                                READONLY,
                                DANGEROUS)
                        .key(1)
                        .in("set", "sortedset", "list")
                        .heavy());
    }

    /** Where the key behind STORE is in a request whose command is at {@code name}; 0 without. */
    private static int destination(Request<Command> request, int name) {
        int place = 0;
        for (int i = name + 2; i < request.count(); i++) {
            String option = Memory.text(request.address(i), request.length(i));
            if (option.equalsIgnoreCase("LIMIT")) {
                i += LIMIT_ARGUMENTS;
            } else if (option.equalsIgnoreCase("BY") || option.equalsIgnoreCase("GET")) {
                i++;
            } else if (option.equalsIgnoreCase("STORE") && i + 1 < request.count()) {
                place = ++i;
            }
        }
        return place;
    }

    /**
     * What is to be ordered.
     *
     * @param weight what it is ordered by in place of itself, null where there is no such key
     */
    private record Element(byte[] bytes, byte[] weight, double score) {}

    /** One request. */
    private static final class Sort {
        private final Exchange x;
        private final Key key = new Key();
        private final List<byte[]> fetched = new ArrayList<>();
        private byte[] by;
        private boolean unordered;
        private boolean alphabetic;
        private boolean descending;
        private long offset;
        private long count = -1;
        private int destination;
        private long version;
        private int type;
        private long heapBytes;

        /** The reply is an error already. */
        private boolean refused;

        Sort(Exchange x) {
            this.x = x;
        }

        void run(boolean mayStore) {
            try {
                if (parse(mayStore)) {
                    runParsed();
                }
            } finally {
                x.server.heap.give(heapBytes);
            }
        }

        /** What is taken of the heap is paid for: a pattern may name a large value many times. */
        private void pay(long bytes) {
            if (!x.server.heap.take(bytes, heapBytes)) {
                throw new MemoryRefused(bytes);
            }
            heapBytes += bytes;
        }

        private byte[] copy(MemorySegment memory, long from, int length) {
            pay((long) length + ELEMENT_BYTES);
            byte[] copy = new byte[length];
            MemorySegment.copy(memory, from, MemorySegment.ofArray(copy), 0, length);
            return copy;
        }

        private void runParsed() {
            for (int attempt = 0; attempt < StringCommands.ATTEMPTS_MAX; attempt++) {
                List<byte[]> elements = read();
                if (!refused && !x.mayWork(elements.size() * STEPS_PER_ELEMENT)) {
                    return;
                }
                List<byte[]> values = refused ? null : fetch(select(order(elements)));
                if (refused) {
                    return;
                }
                if (destination == 0) {
                    reply(values);
                    return;
                }
                if (store(values)) {
                    return;
                }
            }
            x.refuse(Status.RETRY_LATER);
        }

        private boolean parse(boolean mayStore) {
            for (int i = 2; i < x.count(); i++) {
                int left = x.count() - 1 - i;
                if (x.is(i, "ASC") || x.is(i, "DESC")) {
                    descending = x.is(i, "DESC");
                } else if (x.is(i, "ALPHA")) {
                    alphabetic = true;
                } else if (x.is(i, "LIMIT") && left >= LIMIT_ARGUMENTS) {
                    if (!x.parseLong(++i)) {
                        return false;
                    }
                    offset = x.parsed();
                    if (!x.parseLong(++i)) {
                        return false;
                    }
                    count = x.parsed();
                } else if (x.is(i, "STORE") && left >= 1 && mayStore) {
                    destination = ++i;
                } else if (x.is(i, "BY") && left >= 1) {
                    by = x.bytes(++i);
                    unordered = indexOf(by, 0, '*') < 0;
                    if (!unordered && !mayReadAnyKey("BY")) {
                        return false;
                    }
                } else if (x.is(i, "GET") && left >= 1) {
                    pay((long) x.length(++i) + ELEMENT_BYTES);
                    fetched.add(x.bytes(i));
                    if (!mayReadAnyKey("GET")) {
                        return false;
                    }
                } else {
                    x.out.error(Exchange.SYNTAX);
                    return false;
                }
            }
            return true;
        }

        /** A pattern may name every key, which no check beforehand could tell. */
        private boolean mayReadAnyKey(String option) {
            if (x.server.isClustered()) {
                x.out.error("ERR " + option + " option of SORT denied in cluster mode.");
                return false;
            }
            if (!x.client.user.mayEveryKey()) {
                x.out.error(
                        "ERR "
                                + option
                                + " option of SORT denied due to insufficient ACL permissions");
                return false;
            }
            return true;
        }

        private List<byte[]> read() {
            List<byte[]> elements = new ArrayList<>();
            Status seen = x.readAny(x.key());
            refused = seen == null;
            version = 0;
            if (seen == Status.OK) {
                type = x.object().type();
                version = x.object().version();
                if (type != Packed.LIST && type != Packed.SET) {
                    x.out.error(Exchange.WRONG_TYPE);
                    refused = true;
                    return elements;
                }
                Packed packed = x.packed.wrap(x.object());
                for (boolean more = packed.first(); more; more = packed.next()) {
                    elements.add(copy(packed.memory(), packed.valueOffset(), packed.length()));
                }
            }
            return elements;
        }

        private List<byte[]> order(List<byte[]> present) {
            // A set has no order that could be kept in a list.
            boolean byBytes = unordered && destination > 0 && type == Packed.SET;
            if (unordered && !byBytes) {
                return descending && type == Packed.LIST ? present.reversed() : present;
            }
            boolean byText = alphabetic || byBytes;
            byte[] pattern = byBytes ? null : by;
            List<Element> elements = new ArrayList<>(present.size());
            for (byte[] bytes : present) {
                byte[] weight = pattern == null ? bytes : value(pattern, bytes);
                double score = byText || weight == null ? 0 : number(weight);
                if (Double.isNaN(score)) {
                    x.out.error("ERR One or more scores can't be converted into double");
                    refused = true;
                }
                if (refused) {
                    return List.of();
                }
                elements.add(new Element(bytes, weight, score));
            }
            Comparator<Element> order =
                    byText
                            ? Comparator.comparing(
                                    Element::weight, Comparator.nullsFirst(Arrays::compareUnsigned))
                            : Comparator.comparingDouble(Element::score)
                                    .thenComparing(Element::bytes, Arrays::compareUnsigned);
            elements.sort(descending ? order.reversed() : order);
            return elements.stream().map(Element::bytes).toList();
        }

        private List<byte[]> select(List<byte[]> elements) {
            int size = elements.size();
            int from = Math.clamp(offset, 0, size);
            int to = count < 0 ? size : (int) Math.min(from + Math.min(count, size), size);
            return elements.subList(from, to);
        }

        /** What the reply consists of; null where there is no such key. */
        private List<byte[]> fetch(List<byte[]> elements) {
            if (fetched.isEmpty()) {
                return elements;
            }
            pay((long) elements.size() * fetched.size() * Long.BYTES);
            List<byte[]> values = new ArrayList<>(elements.size() * fetched.size());
            for (byte[] element : elements) {
                for (byte[] pattern : fetched) {
                    values.add(value(pattern, element));
                    if (refused) {
                        return values;
                    }
                }
            }
            return values;
        }

        /** The string under {@code pattern} with {@code element} for its star, or null. */
        private byte[] value(byte[] pattern, byte[] element) {
            if (Arrays.equals(pattern, ITSELF)) {
                return element;
            }
            int star = indexOf(pattern, 0, '*');
            if (star < 0 || isField(pattern, star)) {
                return null;
            }
            int length = pattern.length - 1 + element.length;
            long address = x.scratch.take(length);
            int tail = pattern.length - star - 1;
            MemorySegment.copy(MemorySegment.ofArray(pattern), 0, Memory.ALL, address, star);
            Memory.copy(element, address + star);
            long behind = address + star + element.length;
            MemorySegment.copy(MemorySegment.ofArray(pattern), star + 1L, Memory.ALL, behind, tail);
            x.breathe();
            Status seen = x.readAny(key.wrap(Memory.ALL, address, length));
            refused |= seen == null;
            ObjectView object = seen == Status.OK ? x.object() : null;
            return object == null || object.type() != 0
                    ? null
                    : copy(object.memory(), object.valueOffset(), object.valueLength());
        }

        /** Whether the pattern wants the field of a hash, which no key has here. */
        private static boolean isField(byte[] pattern, int star) {
            int arrow = indexOf(pattern, star, '-');
            while (arrow >= 0 && arrow + 2 < pattern.length) {
                if (pattern[arrow + 1] == '>') {
                    return true;
                }
                arrow = indexOf(pattern, arrow + 1, '-');
            }
            return false;
        }

        private void reply(List<byte[]> values) {
            x.out.array(values.size());
            for (byte[] value : values) {
                if (value == null) {
                    x.out.nothing();
                } else {
                    x.out.bulk(value);
                }
            }
        }

        /** False when the source is another one by now. */
        private boolean store(List<byte[]> values) {
            long length = 0;
            for (byte[] value : values) {
                length += Packed.FRAME_BYTES + (value == null ? 0 : value.length);
            }
            if (!CollectionCommands.fits(x, length)) {
                CollectionCommands.refuseSize(x);
                return true;
            }
            if (!x.lockKeys()) {
                return true;
            }
            try {
                Status seen = x.readAny(x.key());
                if (seen == null) {
                    return true;
                }
                if ((seen == Status.OK ? x.object().version() : 0) != version) {
                    return false;
                }
                Status status = write(values, (int) length);
                if (status == Status.OK || status == Status.NOT_FOUND) {
                    x.out.integer(values.size());
                } else {
                    x.refuse(status);
                }
                return true;
            } finally {
                x.unlockKeys();
            }
        }

        private Status write(List<byte[]> values, int length) {
            if (values.isEmpty()) {
                return x.session.remove(x.table, x.key(destination), x.options.reset());
            }
            long address = x.scratch.take(length);
            long at = address;
            for (byte[] value : values) {
                at = Packed.append(at, value == null ? new byte[0] : value);
            }
            return x.session.write(
                    x.table,
                    x.key(destination),
                    Memory.ALL,
                    address,
                    length,
                    x.options.reset().type(Packed.LIST));
        }
    }

    private static int indexOf(byte[] bytes, int from, char wanted) {
        for (int i = from; i < bytes.length; i++) {
            if (bytes[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    /** The number; NaN when the text is none, or beyond what a double can say. */
    private static double number(byte[] bytes) {
        if (bytes.length == 0) {
            return 0;
        }
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        if (!NUMBER.matcher(text).matches()) {
            return Double.NaN;
        }
        String digits = text.strip();
        int last = Character.toLowerCase(digits.charAt(digits.length() - 1));
        if (last == 'f' || last == 'y') {
            return digits.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        double number = Double.parseDouble(digits);
        return Double.isInfinite(number) ? Double.NaN : number;
    }
}
