package io.silkstone.simulation.cluster;

import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Transport;
import io.silkstone.rpc.messages.MessageHeaderDecoder;
import io.silkstone.rpc.messages.PullChangesDecoder;
import io.silkstone.rpc.messages.PulledDecoder;
import io.silkstone.rpc.messages.RequestHeaderDecoder;
import io.silkstone.store.log.Entry;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Set;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Brings what servers fetch of each other, but for what was changed in a tablet while it was
 * copied; or only for what was removed from it.
 */
final class ChangelessTransport extends OtherTransport {
    private static final int LENGTH_BYTES = Integer.BYTES;

    private final boolean onlyRemovals;
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final RequestHeaderDecoder request = new RequestHeaderDecoder();
    private final PulledDecoder pulled = new PulledDecoder();
    private final UnsafeBuffer message = new UnsafeBuffer(0, 0);

    /** To whose answers this is done. */
    private final Set<Long> calls = new HashSet<>();

    ChangelessTransport(Transport genuine, boolean onlyRemovals) {
        super(genuine);
        this.onlyRemovals = onlyRemovals;
    }

    @Override
    void leaves(Session session, MemorySegment memory, long offset, int length) {
        message.wrap(memory.address() + offset, length);
        if (header.wrap(message, 0).templateId() == PullChangesDecoder.TEMPLATE_ID) {
            calls.add(request.wrap(message, MessageHeaderDecoder.ENCODED_LENGTH).call());
        }
    }

    @Override
    void comes(MemorySegment memory, long offset, int length) {
        message.wrap(memory.address() + offset, length);
        header.wrap(message, 0);
        if (header.templateId() != PulledDecoder.TEMPLATE_ID) {
            return;
        }
        pulled.wrapAndApplyHeader(message, 0, header);
        if (!calls.contains(pulled.header().call())) {
            return;
        }
        int entries = pulled.limit() + LENGTH_BYTES;
        int bytes = onlyRemovals ? pulled.entriesLength() : 0;
        message.putInt(entries - LENGTH_BYTES, bytes);
        message.putInt(entries + bytes, onlyRemovals ? putHashes(entries, bytes) : 0);
    }

    /** Only hashes that have entries; returns what they take. */
    private int putHashes(int entries, int bytes) {
        int hashes = entries + bytes + LENGTH_BYTES;
        int end = hashes;
        int entry = entries;
        while (entry < entries + bytes) {
            long hash = message.getLong(entry + Entry.KEY_HASH_OFFSET);
            if (end == hashes || message.getLong(end - Long.BYTES) != hash) {
                message.putLong(end, hash);
                end += Long.BYTES;
            }
            entry += Entry.strideOf(message.getInt(entry));
        }
        return end - hashes;
    }
}
