package io.silkstone.simulation.cluster;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Transport;
import io.silkstone.rpc.messages.DoneDecoder;
import io.silkstone.rpc.messages.MessageHeaderDecoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.MigrationEndedEncoder;
import io.silkstone.rpc.messages.PullDecoder;
import io.silkstone.rpc.messages.PulledDecoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.rpc.messages.TakeTabletDecoder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Tells the coordinator that a tablet has come before it is so: when it has been taken, or when the
 * last of it arrives, which is before it is in any replica. What the server itself says later
 * changes nothing any more.
 */
final class EagerTransport extends OtherTransport {
    private static final int BODY = MessageHeaderDecoder.ENCODED_LENGTH;

    /** As many pulls say that there is no more, each of its part. */
    private static final int PARTS = 8;

    /** No caller comes to such numbers. */
    private static final long OWN_CALLS = 1L << 62;

    private final boolean waitsForAll;
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final TakeTabletDecoder take = new TakeTabletDecoder();
    private final PullDecoder pull = new PullDecoder();
    private final PulledDecoder pulled = new PulledDecoder();
    private final DoneDecoder done = new DoneDecoder();
    private final UnsafeBuffer message = new UnsafeBuffer(0, 0);

    /** By call. */
    private final Map<Long, Taking> takings = new HashMap<>();

    /** By call of a pull. */
    private final Map<Long, Taking> pulls = new HashMap<>();

    private static final class Taking {
        private final Session coordinator;
        private final byte[] request;
        private final long source;
        private final int table;
        private final long firstHash;
        private final Set<Long> ended = new HashSet<>();
        private long epoch;

        private Taking(Session coordinator, byte[] request, TakeTabletDecoder take) {
            this.coordinator = coordinator;
            this.request = request;
            source = take.epoch();
            table = (int) take.table();
            firstHash = take.firstHash();
        }

        private boolean isOf(PullDecoder pull) {
            return table == pull.table() && firstHash == pull.firstHash() && source == pull.epoch();
        }
    }

    /**
     * Not eager yet.
     *
     * @param waitsForAll whether it waits until the last of the tablet arrives
     */
    EagerTransport(Transport genuine, boolean waitsForAll) {
        super(genuine);
        this.waitsForAll = waitsForAll;
    }

    @Override
    void leaves(Session session, MemorySegment memory, long offset, int length) {
        message.wrap(memory.address() + offset, length);
        header.wrap(message, 0);
        if (header.templateId() == TakeTabletDecoder.TEMPLATE_ID) {
            take.wrapAndApplyHeader(message, 0, header);
            byte[] request = memory.asSlice(offset, length).toArray(JAVA_BYTE);
            takings.put(take.header().call(), new Taking(session, request, take));
        } else if (header.templateId() == PullDecoder.TEMPLATE_ID) {
            pull.wrapAndApplyHeader(message, 0, header);
            for (Taking each : takings.values()) {
                if (each.isOf(pull)) {
                    pulls.put(pull.header().call(), each);
                }
            }
        }
    }

    @Override
    void comes(MemorySegment memory, long offset, int length) {
        message.wrap(memory.address() + offset, length);
        header.wrap(message, 0);
        if (header.templateId() == DoneDecoder.TEMPLATE_ID) {
            done.wrapAndApplyHeader(message, 0, header);
            Taking taking = takings.get(done.header().call());
            if (taking != null && done.header().status() == Status.OK) {
                taking.epoch = done.number();
                if (!waitsForAll) {
                    tell(taking);
                }
            }
        } else if (header.templateId() == PulledDecoder.TEMPLATE_ID) {
            pulled.wrapAndApplyHeader(message, 0, header);
            long call = pulled.header().call();
            Taking taking = pulled.cursor() == 0 ? pulls.get(call) : null;
            boolean isNew = taking != null && taking.ended.add(call);
            if (isNew && taking.ended.size() == PARTS && waitsForAll) {
                tell(taking);
            }
        }
    }

    private static void tell(Taking taking) {
        int length = BODY + MigrationEndedEncoder.BLOCK_LENGTH;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(length, Long.BYTES);
            UnsafeBuffer buffer = new UnsafeBuffer(memory.address(), length);
            TakeTabletDecoder take = new TakeTabletDecoder();
            take.wrapAndApplyHeader(
                    new UnsafeBuffer(taking.request), 0, new MessageHeaderDecoder());
            MigrationEndedEncoder ended = new MigrationEndedEncoder();
            ended.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                    .server(take.server())
                    .firstHash(taking.firstHash)
                    .epoch(taking.epoch)
                    .table(taking.table);
            ended.header()
                    .call(OWN_CALLS | take.header().call())
                    .cluster(take.header().cluster())
                    .target(take.header().target())
                    .timeoutMicros(take.header().timeoutMicros())
                    .attempt((short) 0)
                    .priority(take.header().priority());
            taking.coordinator.send(memory, 0, length);
        }
    }
}
