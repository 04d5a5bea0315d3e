package io.silkstone.simulation.cluster;

import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Transport;
import io.silkstone.rpc.messages.MessageHeaderDecoder;
import io.silkstone.rpc.messages.PulledDecoder;
import io.silkstone.store.log.Entry;
import java.lang.foreign.MemorySegment;
import org.agrona.concurrent.UnsafeBuffer;

/** Brings what servers fetch of each other's logs, but for entries of one type. */
final class StrippedTransport implements Transport {
    private static final int LENGTH_BYTES = Integer.BYTES;

    private final Transport genuine;
    private final int type;
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final PulledDecoder pulled = new PulledDecoder();
    private final UnsafeBuffer message = new UnsafeBuffer(0, 0);

    StrippedTransport(Transport genuine, int type) {
        this.genuine = genuine;
        this.type = type;
    }

    @Override
    public String address() {
        return genuine.address();
    }

    @Override
    public Session connect(String to) {
        return genuine.connect(to);
    }

    @Override
    public boolean hasEnded(String address) {
        return genuine.hasEnded(address);
    }

    @Override
    public int poll(MessageHandler handler, int messagesMax) {
        return genuine.poll(
                new MessageHandler() {
                    @Override
                    public void onMessage(
                            Session session, MemorySegment memory, long offset, int length) {
                        strip(memory, offset, length);
                        handler.onMessage(session, memory, offset, length);
                    }

                    @Override
                    public void onClosed(Session session) {
                        handler.onClosed(session);
                    }
                },
                messagesMax);
    }

    private void strip(MemorySegment memory, long offset, int length) {
        message.wrap(memory.address() + offset, length);
        header.wrap(message, 0);
        if (header.templateId() != PulledDecoder.TEMPLATE_ID) {
            return;
        }
        pulled.wrapAndApplyHeader(message, 0, header);
        int entry = pulled.limit() + LENGTH_BYTES;
        int end = entry + pulled.entriesLength();
        while (entry < end) {
            int word = message.getInt(entry);
            if (Entry.type(word) == type) {
                int padding = Entry.headerOf(Entry.PADDING, Entry.length(word), false);
                message.putInt(entry, padding);
            }
            entry += Entry.strideOf(word);
        }
    }

    @Override
    public void close() {
        genuine.close();
    }
}
