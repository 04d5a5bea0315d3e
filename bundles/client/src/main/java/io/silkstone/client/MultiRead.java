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
import java.util.List;
import org.agrona.MutableDirectBuffer;

/**
 * Many reads at a time: keys of one server travel in one message, and messages to several servers
 * travel together. What a server had no room for, or has no longer, goes into the next round; that
 * the whole ends is the business of each operation's time limit.
 *
 * <p>Keys are shown in their order, whatever order they are answered in: a reply stays where it
 * came in, uncopied, until the turn of its last key. So that some reply always can be let go of, a
 * round asks for keys without gaps, and of a reply only what comes before the first gap is taken:
 * when it is the turn of a key without an answer, whoever was asked for it last has nothing more to
 * show. The price is paid with more than {@value #OPERATIONS_MAX} servers, where rounds are short.
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
    private final List<Part> parts = new ArrayList<>();

    /** Keys of one server, in one message, and the reply to it. */
    private static final class Part {
        private final Operation operation;
        private final MultiReadReplyDecoder reply = new MultiReadReplyDecoder();
        private final int[] keys = new int[KEYS_MAX];
        private MultiReadReplyDecoder.ObjectsDecoder objects;
        private ServerId server;
        private int size;

        /** How many of the keys, from the first on, are answered, and how many of them shown. */
        private int answered;

        private int shown;
        private boolean isAsked;

        private Part(Operation operation) {
            this.operation = operation;
        }

        private boolean isFree() {
            return !isAsked && shown == answered;
        }

        private void begin(ServerId server) {
            this.server = server;
            size = 0;
            answered = 0;
            shown = 0;
            isAsked = true;
        }

        /** The reply is there: finds out what it answers. */
        private void end() {
            isAsked = false;
            if (!operation.hasReply()) {
                // What is wrong with one of them may not be wrong with the others, but for the
                // first.
                answered = 1;
                return;
            }
            for (MultiReadReplyDecoder.ObjectsDecoder each : objects()) {
                if (answered == size || Statuses.of(each.status()) == Status.NOT_OWNER) {
                    break;
                }
                each.skipValue();
                answered++;
            }
            objects = objects();
        }

        private MultiReadReplyDecoder.ObjectsDecoder objects() {
            Call call = operation.call();
            return reply.wrap(
                            call.reply(),
                            call.replyOffset(),
                            call.replyBlockLength(),
                            call.replyVersion())
                    .objects();
        }
    }

    MultiRead(ClusterStore store) {
        this.store = store;
    }

    /** As {@link io.silkstone.api.store.KvSession#readAll}. */
    void run(Table table, Key[] keys, int count, ReadVisitor visitor) {
        // What a visitor that threw has left behind is nobody's.
        parts.forEach(part -> part.shown = part.answered);
        Part[] answers = new Part[count];
        for (int next = 0; next < count; next++) {
            while (answers[next] == null) {
                round(table, keys, next, answers);
            }
            show(keys[next], next, answers[next], visitor);
        }
    }

    /** Asks for keys that have no answer, from the one at {@code next} on. */
    private void round(Table table, Key[] keys, int next, Part[] answers) {
        distribute(table, keys, next, answers);
        for (Part part : parts) {
            if (part.isAsked) {
                send(table, keys, part);
            }
        }
        for (Part part : parts) {
            if (part.isAsked) {
                store.rpc().await(part.operation);
                part.end();
                for (int number = 0; number < part.answered; number++) {
                    answers[part.keys[number]] = part;
                }
            }
        }
    }

    /** Until there is one that has no place. */
    private void distribute(Table table, Key[] keys, int next, Part[] answers) {
        ClusterMap map = store.routes().map();
        for (int index = next; index < answers.length; index++) {
            if (answers[index] != null) {
                continue;
            }
            ClusterMap.Tablet tablet = map.tablet(table.id(), keys[index].hash());
            Part part = partFor(tablet == null ? ServerId.NONE : tablet.owner());
            if (part == null) {
                return;
            }
            part.keys[part.size++] = index;
        }
    }

    /** Where there is room for a key of {@code server}; null for nowhere. */
    private Part partFor(ServerId server) {
        Part free = null;
        for (Part part : parts) {
            if (part.isAsked && part.server.equals(server) && part.size < KEYS_MAX) {
                return part;
            }
            free = free == null && part.isFree() ? part : free;
        }
        if (free == null && parts.size() < OPERATIONS_MAX) {
            free = new Part(new Operation(store));
            parts.add(free);
        }
        if (free != null) {
            free.begin(server);
        }
        return free;
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
        part.operation.start(
                table.id(), hash, request.limit(), Operation.READ, ServerId.NONE, Operation.NOBODY);
    }

    private void show(Key key, int index, Part part, ReadVisitor visitor) {
        part.shown++;
        Operation operation = part.operation;
        if (!operation.hasReply()) {
            visitor.visit(index, Statuses.of(operation), null);
            return;
        }
        MultiReadReplyDecoder.ObjectsDecoder object = part.objects.next();
        Status status = Statuses.of(object.status());
        long version = object.version();
        long expiry = object.expiryMillis();
        int tag = object.tag();
        int valueLength = object.valueLength();
        int valueOffset = part.reply.limit() + Integer.BYTES;
        object.skipValue();
        Call call = operation.call();
        int keyOffset = call.putBesideReply(key.memory(), key.offset(), key.length());
        view.in(call.replyMemory())
                .key(key.hash(), keyOffset, key.length())
                .value(valueOffset, valueLength)
                .meta(version, expiry, tag);
        visitor.visit(index, status, status == Status.OK ? view : null);
    }

    void close() {
        parts.forEach(part -> part.operation.close());
    }
}
