package io.silkstone.simulation.cluster;

import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Transport;
import io.silkstone.rpc.messages.MessageHeaderDecoder;
import io.silkstone.rpc.messages.PulledDecoder;
import io.silkstone.rpc.messages.RequestHeaderDecoder;
import io.silkstone.store.log.Entry;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Set;
import java.util.function.IntPredicate;
import org.agrona.concurrent.UnsafeBuffer;

/** Brings what servers fetch of each other's logs, but for some of the entries. */
final class StrippedTransport extends OtherTransport {
    private static final int LENGTH_BYTES = Integer.BYTES;

    private final IntPredicate requests;
    private final IntPredicate types;
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final RequestHeaderDecoder request = new RequestHeaderDecoder();
    private final PulledDecoder pulled = new PulledDecoder();
    private final UnsafeBuffer message = new UnsafeBuffer(0, 0);

    /** To whose answers this is done. */
    private final Set<Long> calls = new HashSet<>();

    /**
     * Without entries of some {@code types}, in answers to some {@code requests}, both as their
     * numbers.
     */
    StrippedTransport(Transport genuine, IntPredicate requests, IntPredicate types) {
        super(genuine);
        this.requests = requests;
        this.types = types;
    }

    @Override
    void leaves(Session session, MemorySegment memory, long offset, int length) {
        message.wrap(memory.address() + offset, length);
        if (requests.test(header.wrap(message, 0).templateId())) {
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
        int entry = pulled.limit() + LENGTH_BYTES;
        int end = entry + pulled.entriesLength();
        while (entry < end) {
            int word = message.getInt(entry);
            if (types.test(Entry.type(word))) {
                int padding = Entry.headerOf(Entry.PADDING, Entry.length(word), false);
                message.putInt(entry, padding);
            }
            entry += Entry.strideOf(word);
        }
    }
}
