package io.silkstone.client;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore.Table;
import io.silkstone.api.store.ReadVisitor;
import io.silkstone.api.store.Status;
import io.silkstone.rpc.Call;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.MultiReadEncoder;
import io.silkstone.rpc.messages.MultiReadReplyDecoder;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.MutableDirectBuffer;

/**
 * Many reads at a time: keys of one server travel in one message, and messages to several servers
 * travel together. What a server had no room for, or has no longer, goes into the next round; that
 * the whole ends is the business of each operation's time limit.
 */
final class MultiRead {
    private static final int BODY = MessageHeaderEncoder.ENCODED_LENGTH;

    /** Keys in one message: enough to be cheap, few enough not to hold up others. */
    private static final int KEYS_MAX = 128;

    private static final int OPERATIONS_MAX = 8;

    private final ClusterStore store;
    private final ReplyView view = new ReplyView();
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final MultiReadEncoder request = new MultiReadEncoder();
    private final MultiReadReplyDecoder reply = new MultiReadReplyDecoder();
    private final List<Part> parts = new ArrayList<>();

    /** Keys of one server, in one message. */
    private static final class Part {
        private final Operation operation;
        private final int[] keys = new int[KEYS_MAX];
        private ServerId server;
        private int size;

        private Part(Operation operation) {
            this.operation = operation;
        }
    }

    MultiRead(ClusterStore store) {
        this.store = store;
    }

    /**
     * As {@link io.silkstone.api.store.KvSession#readAll}, in rounds: the visitor sees the keys of
     * a round in their order.
     */
    void run(Table table, Key[] keys, int count, ReadVisitor visitor) {
        int[] wanted = new int[count];
        Arrays.setAll(wanted, index -> index);
        while (wanted.length > 0) {
            wanted = round(table, keys, wanted, visitor);
        }
    }

    /** Asks for some of the keys, and returns those that are still to be asked for, in order. */
    private int[] round(Table table, Key[] keys, int[] wanted, ReadVisitor visitor) {
        int used = distribute(table, keys, wanted);
        for (int number = 0; number < used; number++) {
            send(table, keys, parts.get(number));
        }
        for (int number = 0; number < used; number++) {
            store.rpc().await(parts.get(number).operation);
        }
        boolean[] told = new boolean[keys.length];
        for (int number = 0; number < used; number++) {
            show(keys, parts.get(number), told, visitor);
        }
        return Arrays.stream(wanted).filter(index -> !told[index]).toArray();
    }

    private int distribute(Table table, Key[] keys, int[] wanted) {
        ClusterMap map = store.routes().map();
        int used = 0;
        for (int index : wanted) {
            ClusterMap.Tablet tablet = map.tablet(table.id(), keys[index].hash());
            ServerId server = tablet == null ? ServerId.NONE : tablet.owner();
            Part part = partFor(server, used);
            if (part == null && used < OPERATIONS_MAX) {
                part = newPart(used++, server);
            }
            if (part != null) {
                part.keys[part.size++] = index;
            }
        }
        return used;
    }

    private Part partFor(ServerId server, int used) {
        for (int number = 0; number < used; number++) {
            Part part = parts.get(number);
            if (part.server.equals(server) && part.size < KEYS_MAX) {
                return part;
            }
        }
        return null;
    }

    private Part newPart(int number, ServerId server) {
        if (number == parts.size()) {
            parts.add(new Part(new Operation(store)));
        }
        Part part = parts.get(number);
        part.server = server;
        part.size = 0;
        return part;
    }

    private void send(Table table, Key[] keys, Part part) {
        int length = BODY + MultiReadEncoder.BLOCK_LENGTH + Integer.BYTES;
        for (int number = 0; number < part.size; number++) {
            length += Integer.BYTES + keys[part.keys[number]].length();
        }
        MutableDirectBuffer buffer = part.operation.request(length);
        request.wrapAndApplyHeader(buffer, 0, header).table(table.id());
        MultiReadEncoder.KeysEncoder group = request.keysCount(part.size);
        MemorySegment memory = part.operation.call().requestMemory();
        for (int number = 0; number < part.size; number++) {
            Key key = keys[part.keys[number]];
            group.next();
            int at = request.limit();
            buffer.putInt(at, key.length());
            MemorySegment.copy(
                    key.memory(), key.offset(), memory, at + Integer.BYTES, key.length());
            request.limit(at + Integer.BYTES + key.length());
        }
        long hash = keys[part.keys[0]].hash();
        part.operation.start(table.id(), hash, request.limit(), false);
    }

    private void show(Key[] keys, Part part, boolean[] told, ReadVisitor visitor) {
        Operation operation = part.operation;
        if (!operation.hasReply()) {
            // What is wrong with one of them may not be wrong with the others, but for the first.
            Status status = Statuses.of(operation);
            told[part.keys[0]] = true;
            visitor.visit(part.keys[0], status, null);
            return;
        }
        Call call = operation.call();
        reply.wrap(call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
        int number = 0;
        for (MultiReadReplyDecoder.ObjectsDecoder each : reply.objects()) {
            int index = part.keys[number++];
            Status status = Statuses.of(each.status());
            long version = each.version();
            long expiry = each.expiryMillis();
            int tag = each.tag();
            int valueLength = each.valueLength();
            int valueOffset = reply.limit() + Integer.BYTES;
            each.skipValue();
            if (status != Status.NOT_OWNER) {
                Key key = keys[index];
                int keyOffset = call.putBesideReply(key.memory(), key.offset(), key.length());
                view.in(call.replyMemory())
                        .key(key.hash(), keyOffset, key.length())
                        .value(valueOffset, valueLength)
                        .meta(version, expiry, tag);
                told[index] = true;
                visitor.visit(index, status, status == Status.OK ? view : null);
            }
        }
    }

    void close() {
        parts.forEach(part -> part.operation.close());
    }
}
