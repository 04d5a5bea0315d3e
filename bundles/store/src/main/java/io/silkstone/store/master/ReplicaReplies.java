package io.silkstone.store.master;

import io.silkstone.rpc.Request;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.PulledEncoder;
import io.silkstone.rpc.messages.ReplicaListEncoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.store.backup.Backups;
import io.silkstone.store.backup.Backups.Item;
import io.silkstone.store.backup.Backups.Listing;
import io.silkstone.store.log.Entry;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What a backup answers to those who read. Threads: one. */
final class ReplicaReplies {
    private static final int BODY = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int LENGTH_BYTES = Integer.BYTES;

    private final Rpc rpc;
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final ReplicaListEncoder list = new ReplicaListEncoder();
    private final PulledEncoder pulled = new PulledEncoder();
    private final Read read = new Read();

    /** Entries behind the block of a {@link PulledEncoder}. */
    final class Read implements Backups.Sink {
        private static final int ENTRIES = BODY + PulledEncoder.BLOCK_LENGTH + LENGTH_BYTES;

        private Request request;
        private long bytesMax;
        private int limit;

        @Override
        public boolean put(MemorySegment from, int offset, int bytes) {
            boolean isFull = limit - ENTRIES >= bytesMax;
            if (isFull || bytes > rpc.messageBytesMax() - limit - LENGTH_BYTES) {
                return false;
            }
            request.reply(limit + bytes);
            MemorySegment memory = request.replyMemory();
            MemorySegment.copy(from, offset, memory, limit, bytes);
            int header = memory.get(ValueLayout.JAVA_INT_UNALIGNED, limit);
            memory.set(ValueLayout.JAVA_INT_UNALIGNED, limit, Entry.withoutDeadFlag(header));
            limit += bytes;
            return true;
        }

        /** Answers with what was put, and {@code next}, as {@link Backups#read} has it. */
        void end(int next) {
            if (next == Backups.NOT_HERE) {
                request.refuse(Status.NOT_FOUND);
                return;
            }
            if (next > 0 && limit == ENTRIES) {
                request.refuse(Status.TOO_LARGE);
                return;
            }
            int length = limit + LENGTH_BYTES;
            pulled.wrapAndApplyHeader(request.reply(length), 0, header);
            pulled.header().status(Status.OK).retryMicros(0);
            pulled.cursor(next);
            request.reply(length).putInt(ENTRIES - LENGTH_BYTES, limit - ENTRIES);
            request.reply(length).putInt(limit, 0);
            request.send(length);
        }
    }

    ReplicaReplies(Rpc rpc) {
        this.rpc = rpc;
    }

    /** Begins to answer {@code request} with entries, about so many bytes of them at most. */
    Read begin(Request request, long bytesWanted) {
        read.request = request;
        // Half of a message is for entries that are longer than what was asked for.
        read.bytesMax = Math.max(1, Math.min(bytesWanted, rpc.messageBytesMax() / 2));
        read.limit = Read.ENTRIES;
        return read;
    }

    /** Answers {@code request} with {@code listing}. */
    void list(Request request, Listing listing) {
        int items = listing.replicas().size() * ReplicaListEncoder.ReplicasEncoder.sbeBlockLength();
        int length =
                BODY
                        + ReplicaListEncoder.BLOCK_LENGTH
                        + ReplicaListEncoder.ReplicasEncoder.sbeHeaderSize()
                        + items
                        + LENGTH_BYTES
                        + listing.note().length;
        list.wrapAndApplyHeader(request.reply(length), 0, header);
        list.header().status(Status.OK).retryMicros(0);
        list.noteNumber(listing.noteNumber());
        ReplicaListEncoder.ReplicasEncoder group = list.replicasCount(listing.replicas().size());
        for (Item item : listing.replicas()) {
            group.next()
                    .segment(item.segment())
                    .incarnation(item.incarnation())
                    .noteNumber(item.noteNumber())
                    .bytes(item.bytes())
                    .ended((short) (item.hasEnded() ? 1 : 0));
        }
        list.putNote(listing.note(), 0, listing.note().length);
        request.send(BODY + list.encodedLength());
    }
}
