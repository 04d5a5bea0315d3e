package io.silkstone.store.master;

import io.silkstone.rpc.Call;
import io.silkstone.rpc.messages.PulledDecoder;
import io.silkstone.store.log.Entry;
import io.silkstone.store.memory.Memory;
import org.agrona.DirectBuffer;

/**
 * What a pull has brought, where it lies: in the answer, until the next question. Threads: one.
 *
 * @see PulledDecoder
 */
final class Piece {
    private static final int LENGTH_BYTES = Integer.BYTES;

    private final PulledDecoder pulled = new PulledDecoder();
    private long entries;
    private int bytes;
    private long cursor;
    private long sourceNanos;
    private long[] leftOut = {};

    /** Looks at the answer of {@code call}. */
    void wrap(Call call) {
        DirectBuffer reply = call.reply();
        pulled.wrap(reply, call.replyOffset(), call.replyBlockLength(), call.replyVersion());
        bytes = pulled.entriesLength();
        int offset = pulled.limit() + LENGTH_BYTES;
        reply.boundsCheck(offset, bytes);
        entries = reply.addressOffset() + offset;
        pulled.limit(offset + bytes);
        leftOut = new long[pulled.leftOutLength() / Long.BYTES];
        int hashes = pulled.limit() + LENGTH_BYTES;
        for (int index = 0; index < leftOut.length; index++) {
            leftOut[index] = reply.getLong(hashes + index * Long.BYTES);
        }
        cursor = pulled.cursor();
        long said = pulled.sourceNanos();
        sourceNanos = said == PulledDecoder.sourceNanosNullValue() ? 0 : said;
        int odd = (int) entries & Entry.ALIGNMENT - 1;
        if (odd != 0) {
            // A source of another version has other fields before them.
            Memory.copy(entries, entries - odd, bytes);
            entries -= odd;
        }
    }

    /** Where its entries begin. */
    long entries() {
        return entries;
    }

    /** How long they are. */
    int bytes() {
        return bytes;
    }

    /** Where the next piece begins; 0 for nowhere. */
    long cursor() {
        return cursor;
    }

    /** How long a core of the source was busy with it; 0 when it does not say. */
    long sourceNanos() {
        return sourceNanos;
    }

    /** Hashes whose objects had no room in it. */
    long[] leftOut() {
        return leftOut;
    }

    /** Whether {@code hash} is one of those. */
    boolean leavesOut(long hash) {
        boolean found = false;
        for (long each : leftOut) {
            found |= each == hash;
        }
        return found;
    }
}
