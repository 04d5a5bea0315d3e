package io.silkstone.simulation.cluster;

import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Transport;
import io.silkstone.rpc.messages.MessageHeaderDecoder;
import io.silkstone.rpc.messages.RefusalDecoder;
import java.lang.foreign.MemorySegment;
import org.agrona.concurrent.UnsafeBuffer;

/** Counts what messages come, and tells those who lie in ambush for one of them. */
final class WatchedTransport implements Transport {
    private final World world;
    private final Transport transport;
    private final UnsafeBuffer message = new UnsafeBuffer(0, 0);
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final RefusalDecoder refusal = new RefusalDecoder();

    WatchedTransport(World world, Transport transport) {
        this.world = world;
        this.transport = transport;
    }

    @Override
    public String address() {
        return transport.address();
    }

    @Override
    public Session connect(String to) {
        return transport.connect(to);
    }

    @Override
    public boolean hasEnded(String there) {
        return transport.hasEnded(there);
    }

    @Override
    public int poll(MessageHandler handler, int messagesMax) {
        return transport.poll(
                new MessageHandler() {
                    @Override
                    public void onMessage(
                            Session session, MemorySegment memory, long offset, int length) {
                        count(memory, offset, length);
                        String from = session.peer();
                        String to = address();
                        String step = world.protocol().step(from, to, memory, offset, length);
                        boolean comes =
                                step == null || !world.ambushes().spring(step, true, from, to);
                        if (comes) {
                            handler.onMessage(session, memory, offset, length);
                        }
                        if (comes && step != null) {
                            world.ambushes().spring(step, false, from, to);
                        }
                    }

                    @Override
                    public void onClosed(Session session) {
                        handler.onClosed(session);
                    }
                },
                messagesMax);
    }

    private void count(MemorySegment memory, long offset, int length) {
        message.wrap(memory.address() + offset, length);
        header.wrap(message, 0);
        world.count("message " + MessageKinds.name(header.templateId()));
        if (header.templateId() == RefusalDecoder.TEMPLATE_ID) {
            refusal.wrapAndApplyHeader(message, 0, header);
            world.count("refusal " + refusal.header().status());
        }
    }

    @Override
    public void close() {
        transport.close();
    }
}
