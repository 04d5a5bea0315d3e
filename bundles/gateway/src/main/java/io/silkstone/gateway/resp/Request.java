package io.silkstone.gateway.resp;

import io.silkstone.api.store.Key;
import java.util.Arrays;

/**
 * One request: where its arguments lie in memory. Filled by {@link RequestParser}, possibly in
 * several steps as bytes arrive, and reused. Not thread-safe.
 *
 * <p>Offsets count from the request's first byte, so that the bytes of an unfinished request can be
 * moved and the request goes on after {@link #moveTo}.
 *
 * @param <C> what requests are resolved to
 */
public final class Request<C> {
    private static final int ARGUMENTS_AT_FIRST = 8;
    private static final int ARGUMENTS_KEPT_MAX = 1024;
    static final int NO_HEADER = -1;
    static final int NO_BULK = -1;

    private final Key key = new Key();
    private int[] offsets = new int[ARGUMENTS_AT_FIRST];
    private int[] lengths = new int[ARGUMENTS_AT_FIRST];
    private C command;
    private int count;
    private long base;

    /** How far it is parsed. */
    int position;

    /** Arguments announced by the header, or {@link #NO_HEADER}. */
    int expected;

    /** Arguments passed, recorded or not. */
    int seen;

    /** Length of the argument that is awaited, or {@link #NO_BULK}. */
    int bulk;

    /** Bytes of a refused argument that are still to be passed over. */
    int skip;

    /** How far an inline request was searched for the end of its line. */
    int searched;

    /** Bytes of all arguments. */
    long bytes;

    boolean refused;
    String error;

    /** An empty request. */
    public Request() {}

    /** Forgets everything; the next request starts at {@code address}. */
    public Request<C> begin(long address) {
        trim();
        base = address;
        position = 0;
        count = 0;
        expected = NO_HEADER;
        seen = 0;
        bulk = NO_BULK;
        skip = 0;
        searched = 0;
        bytes = 0;
        refused = false;
        error = null;
        command = null;
        return this;
    }

    /** Gives back what many arguments took; the request is over. */
    public void trim() {
        if (offsets.length > ARGUMENTS_KEPT_MAX) {
            offsets = new int[ARGUMENTS_AT_FIRST];
            lengths = new int[ARGUMENTS_AT_FIRST];
            count = 0;
        }
    }

    /** Bytes of the heap that it takes; 0 when that is no more than any request does. */
    public long heapBytes() {
        return offsets.length > ARGUMENTS_KEPT_MAX ? 2L * Integer.BYTES * offsets.length : 0;
    }

    void add(int offset, int length) {
        if (count == offsets.length) {
            offsets = Arrays.copyOf(offsets, count * 2);
            lengths = Arrays.copyOf(lengths, count * 2);
        }
        offsets[count] = offset;
        lengths[count] = length;
        count++;
    }

    /** The request's bytes now lie at {@code address}. */
    public void moveTo(long address) {
        base = address;
    }

    /**
     * Forgets the arguments of a refused request, and all bytes parsed so far: what follows begins
     * at the next {@link #moveTo}.
     */
    public void forget() {
        count = 0;
        position = 0;
        bulk = NO_BULK;
    }

    /** Number of arguments, the command's name included. */
    public int count() {
        return count;
    }

    /** Where argument {@code index} lies. */
    public long address(int index) {
        return base + offsets[index];
    }

    /** Length of argument {@code index} in bytes. */
    public int length(int index) {
        return lengths[index];
    }

    /** Where the first byte lies. */
    public long begin() {
        return base;
    }

    /** Behind the last byte that is parsed; behind the request when it is complete. */
    public long end() {
        return base + position;
    }

    /** How many bytes of it there must be before parsing again makes sense. */
    public int wanted() {
        return bulk == NO_BULK ? position + 1 : position + bulk + 2;
    }

    /**
     * Whether arguments were passed over because one of them, or all together, exceed the limits.
     */
    public boolean refused() {
        return refused;
    }

    /** What is wrong with the bytes, when the parser said {@link RequestParser#BROKEN}. */
    public String error() {
        return error;
    }

    /** The request's key, where its command has one; wrapped by whoever resolves the command. */
    public Key key() {
        return key;
    }

    /** What the request was resolved to, null before that and for unknown commands. */
    public C command() {
        return command;
    }

    /** Sets what the request is resolved to. */
    public void command(C resolved) {
        command = resolved;
    }

    /** Bytes that {@link #pack} writes. */
    public long packedBytes() {
        return 2L * Integer.BYTES * (count + 1) + position;
    }

    /** Writes all that is known of the request, and its bytes, to {@code target}. */
    public void pack(long target) {
        Memory.putInt(target, count);
        Memory.putInt(target + Integer.BYTES, position);
        long at = target + 2 * Integer.BYTES;
        for (int i = 0; i < count; i++) {
            Memory.putInt(at, offsets[i]);
            Memory.putInt(at + Integer.BYTES, lengths[i]);
            at += 2 * Integer.BYTES;
        }
        Memory.copy(base, at, position);
    }

    /** Becomes what was packed at {@code source}, where the bytes stay; without a command. */
    public void unpack(long source) {
        int arguments = Memory.getInt(source);
        long at = source + 2 * Integer.BYTES;
        begin(at + 2L * Integer.BYTES * arguments);
        position = Memory.getInt(source + Integer.BYTES);
        for (int i = 0; i < arguments; i++) {
            add(Memory.getInt(at), Memory.getInt(at + Integer.BYTES));
            at += 2 * Integer.BYTES;
        }
    }

    /** Takes over the arguments of {@code other}, whose bytes were copied to {@code address}. */
    public void copyOf(Request<C> other, long address) {
        begin(address);
        offsets = Arrays.copyOf(other.offsets, Math.max(other.count, 1));
        lengths = Arrays.copyOf(other.lengths, Math.max(other.count, 1));
        count = other.count;
        position = other.position;
        command = other.command;
    }
}
