package io.silkstone.simulation.cluster;

import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Transport;
import io.silkstone.rpc.messages.BeginPassDecoder;
import io.silkstone.rpc.messages.MessageHeaderDecoder;
import io.silkstone.rpc.messages.PassBegunDecoder;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;

/** Has sources say that nothing was moved since the first pass through their log. */
final class UnmovedTransport extends OtherTransport {
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final BeginPassDecoder begin = new BeginPassDecoder();
    private final PassBegunDecoder begun = new PassBegunDecoder();
    private final UnsafeBuffer message = new UnsafeBuffer(0, 0);

    /** Where passes began that were asked for, by call. */
    private final Map<Long, Long> calls = new HashMap<>();

    UnmovedTransport(Transport genuine) {
        super(genuine);
    }

    @Override
    void leaves(Session session, MemorySegment memory, long offset, int length) {
        message.wrap(memory.address() + offset, length);
        if (header.wrap(message, 0).templateId() == BeginPassDecoder.TEMPLATE_ID) {
            begin.wrapAndApplyHeader(message, 0, header);
            if (begin.since() != 0) {
                calls.put(begin.header().call(), begin.since());
            }
        }
    }

    @Override
    void comes(MemorySegment memory, long offset, int length) {
        message.wrap(memory.address() + offset, length);
        if (header.wrap(message, 0).templateId() != PassBegunDecoder.TEMPLATE_ID) {
            return;
        }
        begun.wrapAndApplyHeader(message, 0, header);
        Long since = calls.get(begun.header().call());
        if (since != null) {
            int at = MessageHeaderDecoder.ENCODED_LENGTH + PassBegunDecoder.untilEncodingOffset();
            message.putLong(at, since, ByteOrder.LITTLE_ENDIAN);
        }
    }
}
