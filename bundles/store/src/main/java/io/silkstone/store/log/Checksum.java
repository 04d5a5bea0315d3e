package io.silkstone.store.log;

import io.silkstone.store.memory.Memory;
import io.silkstone.store.memory.SegletPool;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * CRC32C of memory of one pool, without allocating.
 *
 * <p>The JDK computes it with the processor's own instruction, but only over arrays and buffers. A
 * buffer reaches 2 GiB, so the pool is seen through several; segments never cross their borders.
 * Not thread-safe: one per session or agent.
 */
public final class Checksum {
    private static final int VIEW_SHIFT = 30;
    private static final long VIEW_BYTES = 1L << VIEW_SHIFT;

    private final CRC32C crc = new CRC32C();
    private final long base;
    private final long capacity;
    private final ByteBuffer[] views;

    /** For memory of {@code pool}. */
    public Checksum(SegletPool pool) {
        base = pool.base();
        capacity = pool.capacity();
        views = new ByteBuffer[(int) (capacity + VIEW_BYTES - 1 >>> VIEW_SHIFT)];
    }

    /** CRC32C of {@code length} bytes. */
    int of(long address, int length) {
        crc.reset();
        crc.update(view(address, length));
        return (int) crc.getValue();
    }

    /** CRC32C of the four bytes of {@code word} and then of {@code length} bytes. */
    int of(int word, long address, int length) {
        crc.reset();
        for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
            crc.update(word >>> shift);
        }
        crc.update(view(address, length));
        return (int) crc.getValue();
    }

    private ByteBuffer view(long address, int length) {
        long offset = address - base;
        assert offset >= 0 && offset + length <= capacity;
        int index = (int) (offset >>> VIEW_SHIFT);
        ByteBuffer view = views[index];
        if (view == null) {
            view = open(index);
        }
        int position = (int) (offset & VIEW_BYTES - 1);
        return view.limit(position + length).position(position);
    }

    private ByteBuffer open(int index) {
        long from = (long) index << VIEW_SHIFT;
        long length = Math.min(VIEW_BYTES, capacity - from);
        ByteBuffer view = Memory.ALL.asSlice(base + from, length).asByteBuffer();
        views[index] = view.order(ByteOrder.nativeOrder());
        return view;
    }
}
