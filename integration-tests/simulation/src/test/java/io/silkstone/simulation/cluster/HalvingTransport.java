package io.silkstone.simulation.cluster;

import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Transport;
import io.silkstone.rpc.messages.MessageHeaderDecoder;
import io.silkstone.rpc.messages.ReadReplicaDecoder;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Set;
import org.agrona.concurrent.UnsafeBuffer;

/** Asks for the lower half of each range that a server is to read out of replicas. */
final class HalvingTransport extends OtherTransport {
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final ReadReplicaDecoder read = new ReadReplicaDecoder();
    private final UnsafeBuffer message = new UnsafeBuffer(0, 0);

    /** Those in which it has been done, for they may be sent again. */
    private final Set<Long> calls = new HashSet<>();

    HalvingTransport(Transport genuine) {
        super(genuine);
    }

    @Override
    void leaves(Session session, MemorySegment memory, long offset, int length) {
        message.wrap(memory.address() + offset, length);
        if (header.wrap(message, 0).templateId() != ReadReplicaDecoder.TEMPLATE_ID) {
            return;
        }
        read.wrapAndApplyHeader(message, 0, header);
        if (!calls.add(read.header().call())) {
            return;
        }
        int at = read.limit() + ReadReplicaDecoder.RangesDecoder.sbeHeaderSize();
        for (ReadReplicaDecoder.RangesDecoder range : read.ranges()) {
            long half = (range.lastHash() - range.firstHash()) >>> 1;
            message.putLong(
                    at + ReadReplicaDecoder.RangesDecoder.lastHashEncodingOffset(),
                    range.firstHash() + half,
                    ByteOrder.LITTLE_ENDIAN);
            at += ReadReplicaDecoder.RangesDecoder.sbeBlockLength();
        }
    }
}
