package io.silkstone.transport.aeron;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Admits threads to a session's publication, each with a buffer of its own to show Aeron a message
 * by. Two things in one, since each alone would cost as much: buffers without an allocation or a
 * thread local (which would keep this bundle's classes alive), and the certainty that nobody is
 * inside before a stream is unmapped.
 *
 * <p>Threads: any, but {@link #drain} is called by the one that polls.
 */
final class SendSlots {
    /** More threads at once than cores make sense; who finds no slot is told FULL. */
    private static final int SLOTS = 16;

    /** References between two slots, so that two cores do not share a cache line. */
    private static final int STRIDE = 16;

    private final AtomicReferenceArray<Slot> free = new AtomicReferenceArray<>(SLOTS * STRIDE);
    private int drained;

    /** One sender's buffer. */
    static final class Slot {
        private final int index;
        private final UnsafeBuffer message = new UnsafeBuffer(0, 0);

        private Slot(int index) {
            this.index = index;
        }

        /** Shows {@code length} bytes of {@code memory} from {@code offset} on. */
        UnsafeBuffer wrap(MemorySegment memory, long offset, int length) {
            if (memory.isNative()) {
                message.wrap(memory.address() + offset, length);
            } else {
                Optional<Object> base = memory.heapBase();
                if (base.isPresent() && base.get() instanceof byte[] bytes) {
                    message.wrap(bytes, (int) (memory.address() + offset), length);
                } else {
                    // Read-only or no bytes: rare, and Aeron cannot look into it.
                    message.wrap(memory.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE));
                }
            }
            return message;
        }
    }

    SendSlots() {
        for (int index = 0; index < free.length(); index += STRIDE) {
            free.setPlain(index, new Slot(index));
        }
    }

    /** A slot, to be given back by {@link #release}; null when there is none. */
    Slot acquire() {
        int home = (int) Thread.currentThread().threadId();
        for (int probe = 0; probe < SLOTS; probe++) {
            int index = (home + probe) % SLOTS * STRIDE;
            Slot slot = free.getAndSet(index, null);
            if (slot != null) {
                return slot;
            }
        }
        return null;
    }

    void release(Slot slot) {
        if (slot.message.byteArray() != null) {
            slot.message.wrap(0, 0);
        }
        free.setRelease(slot.index, slot);
    }

    /**
     * Takes all free slots away for good.
     *
     * @return whether that was the last: nobody is inside, and nobody will ever be
     */
    boolean drain() {
        for (int index = 0; index < free.length(); index += STRIDE) {
            if (free.getAndSet(index, null) != null) {
                drained++;
            }
        }
        return drained == SLOTS;
    }
}
