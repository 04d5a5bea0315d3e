package io.silkstone.gateway.command;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import io.silkstone.api.store.ObjectView;
import io.silkstone.gateway.resp.Memory;
import java.lang.foreign.MemorySegment;

/**
 * The elements of a small collection, packed into one value: a list, or a set without order.
 *
 * <pre>
 *   | length u32 | bytes | length u32 | bytes | ...
 * </pre>
 *
 * <p>A collection is one object of the store, so everything that holds for objects (versions,
 * expiry, migration, recovery) holds for it, and its size is bounded by an object's. Commands read
 * it, change a copy, and write that on condition that nobody wrote in between. Each costs time in
 * proportion to its size.
 *
 * <p>An instance walks over one value: {@link #first} or {@link #next} until they say false.
 */
final class Packed {
    /** Type tag of lists. */
    static final int LIST = 1;

    /** Type tag of sets. */
    static final int SET = 2;

    /** Bytes in front of each element. */
    static final int FRAME_BYTES = Integer.BYTES;

    private MemorySegment memory;
    private long offset;
    private int end;
    private int at;
    private int length;

    /** Walks over the value of {@code object}. */
    Packed wrap(ObjectView object) {
        return wrap(object.memory(), object.valueOffset(), object.valueLength());
    }

    Packed wrap(MemorySegment packed, long from, int bytes) {
        memory = packed;
        offset = from;
        end = bytes;
        return this;
    }

    /** Goes to the first element. */
    boolean first() {
        at = 0;
        return load();
    }

    /** Goes to the next element. */
    boolean next() {
        at += FRAME_BYTES + length;
        return load();
    }

    private boolean load() {
        if (at >= end) {
            return false;
        }
        length = memory.get(JAVA_INT_UNALIGNED, offset + at);
        return true;
    }

    /** Number of elements. */
    int size() {
        int size = 0;
        for (boolean more = first(); more; more = next()) {
            size++;
        }
        return size;
    }

    /** Goes to element {@code index}, which there must be. */
    Packed element(int index) {
        first();
        for (int i = 0; i < index; i++) {
            next();
        }
        return this;
    }

    /** Goes to the element at {@link #position} {@code place}. */
    Packed at(int place) {
        at = place;
        load();
        return this;
    }

    /** The positions of {@code count} elements from the one at {@code index} on; all are there. */
    int[] positions(int index, int count) {
        int[] positions = new int[count];
        boolean more = first();
        for (int i = 0; more && i < index + count; i++) {
            if (i >= index) {
                positions[i - index] = at;
            }
            more = next();
        }
        return positions;
    }

    /** Goes to the element that equals the bytes at {@code address}. */
    boolean find(long address, int bytes) {
        for (boolean more = first(); more; more = next()) {
            if (length == bytes
                    && Memory.equal(memory, valueOffset(), Memory.ALL, address, bytes)) {
                return true;
            }
        }
        return false;
    }

    MemorySegment memory() {
        return memory;
    }

    /** Where the element's bytes begin. */
    long valueOffset() {
        return offset + at + FRAME_BYTES;
    }

    /** Length of the element in bytes. */
    int length() {
        return length;
    }

    /** Where the element's frame begins, counted from the first one. */
    int position() {
        return at;
    }

    /** Writes an element at {@code target} and returns the address behind it. */
    static long append(long target, long address, int bytes) {
        Memory.putInt(target, bytes);
        Memory.copy(address, target + FRAME_BYTES, bytes);
        return target + FRAME_BYTES + bytes;
    }

    /** As the other, with bytes of the heap. */
    static long append(long target, byte[] bytes) {
        Memory.putInt(target, bytes.length);
        Memory.copy(bytes, target + FRAME_BYTES);
        return target + FRAME_BYTES + bytes.length;
    }
}
