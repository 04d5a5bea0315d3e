package io.silkstone.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.transport.Transport;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.rpc.Hashes;
import io.silkstone.rpc.MapCodec;
import io.silkstone.rpc.Patience;
import io.silkstone.rpc.Request;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.RpcOptions;
import io.silkstone.rpc.Service;
import io.silkstone.rpc.messages.ChangeDecoder;
import io.silkstone.rpc.messages.ChangeKind;
import io.silkstone.rpc.messages.ChangeReplyEncoder;
import io.silkstone.rpc.messages.CloseLeaseDecoder;
import io.silkstone.rpc.messages.ClusterMapEncoder;
import io.silkstone.rpc.messages.GetClusterMapDecoder;
import io.silkstone.rpc.messages.LeaseEncoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.MultiReadDecoder;
import io.silkstone.rpc.messages.MultiReadReplyEncoder;
import io.silkstone.rpc.messages.OpenLeaseDecoder;
import io.silkstone.rpc.messages.ReadDecoder;
import io.silkstone.rpc.messages.ReadReplyEncoder;
import io.silkstone.rpc.messages.RenewClientLeaseDecoder;
import io.silkstone.rpc.messages.ScanDecoder;
import io.silkstone.rpc.messages.ScanReplyEncoder;
import io.silkstone.rpc.messages.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A server, and coordinator for clients' leases, that answers from a map of strings unless a test
 * has written something else into its script.
 */
final class ScriptedServer {
    /** Says nothing. */
    static final Service SILENCE = request -> {};

    /** A change as it was asked for. */
    record Asked(ChangeKind kind, String key, long lease, long request, long firstUnanswered) {}

    private static final int BODY = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int REPLY_BYTES = 4_096;
    private static final long HOUR_MILLIS = 3_600_000;

    final ServerId id;
    final String address;
    final Rpc rpc;
    final Map<String, String> objects = new TreeMap<>();

    /** Answers to the next reads and changes, instead of the true ones; null for a true one. */
    final Queue<Service> script = new ConcurrentLinkedQueue<>();

    /** Keys of reads, each message a list. */
    final List<List<String>> reads = new CopyOnWriteArrayList<>();

    final List<Asked> changes = new CopyOnWriteArrayList<>();

    /** Done after each page of a scan. */
    Runnable afterScan = () -> {};

    /** Whether it is the coordinator as well. */
    volatile boolean leads;

    volatile ClusterMap map = ClusterMap.NONE;

    /** Where it is not 0 the objects lie in so many lines, as a power of two, each a page. */
    int lineBits;

    int keysPerReply = Integer.MAX_VALUE;
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private long leases;
    private long version;

    ScriptedServer(Transport transport, int number, NanoClock clock) {
        id = new ServerId(number, 1);
        address = transport.address();
        rpc =
                new Rpc(
                        transport,
                        RpcOptions.DEFAULT,
                        clock,
                        null,
                        Patience.polling(),
                        new SplittableRandom(number),
                        new Metrics());
        rpc.identity(1, id.packed());
        rpc.serve(GetClusterMapDecoder.TEMPLATE_ID, this::map);
        rpc.serve(OpenLeaseDecoder.TEMPLATE_ID, request -> lease(request, ++leases));
        rpc.serve(RenewClientLeaseDecoder.TEMPLATE_ID, request -> lease(request, leases));
        rpc.serve(CloseLeaseDecoder.TEMPLATE_ID, request -> request.done(0));
        rpc.serve(ReadDecoder.TEMPLATE_ID, this::read);
        rpc.serve(ChangeDecoder.TEMPLATE_ID, this::change);
        rpc.serve(MultiReadDecoder.TEMPLATE_ID, this::multiRead);
        rpc.serve(ScanDecoder.TEMPLATE_ID, this::scan);
    }

    private boolean isScripted(Request request) {
        Service next = script.poll();
        if (next == null) {
            return false;
        }
        next.serve(request);
        return true;
    }

    private void map(Request request) {
        GetClusterMapDecoder get = new GetClusterMapDecoder();
        get.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        if (get.leaderOnly() == 1 && !leads) {
            request.refuse(Status.NOT_LEADER);
            return;
        }
        ClusterMapEncoder reply = new ClusterMapEncoder();
        reply.wrapAndApplyHeader(request.reply(MapCodec.bytesMax(map)), 0, header);
        reply.header().status(Status.OK);
        MapCodec.encode(map, reply);
        request.send(BODY + reply.encodedLength());
    }

    private void lease(Request request, long lease) {
        LeaseEncoder reply = new LeaseEncoder();
        reply.wrapAndApplyHeader(request.reply(REPLY_BYTES), 0, header)
                .lease(lease)
                .expiry(HOUR_MILLIS)
                .clusterMillis(1);
        reply.header().status(Status.OK);
        request.send(BODY + reply.encodedLength());
    }

    private void read(Request request) {
        ReadDecoder read = new ReadDecoder();
        read.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        byte[] key = new byte[read.keyLength()];
        read.getKey(key, 0, key.length);
        String name = new String(key, UTF_8);
        reads.add(List.of(name));
        if (isScripted(request)) {
            return;
        }
        String value = objects.get(name);
        if (value == null) {
            request.refuse(Status.NOT_FOUND);
            return;
        }
        ReadReplyEncoder reply = new ReadReplyEncoder();
        reply.wrapAndApplyHeader(request.reply(REPLY_BYTES), 0, header)
                .version(7)
                .expiryMillis(0)
                .tag((short) 0);
        reply.header().status(Status.OK);
        byte[] bytes = value.getBytes(UTF_8);
        reply.putValue(bytes, 0, bytes.length);
        request.send(BODY + reply.encodedLength());
    }

    private void change(Request request) {
        ChangeDecoder change = new ChangeDecoder();
        change.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        long lease = change.once().lease();
        long number = change.once().request();
        long firstUnanswered = change.once().firstUnanswered();
        ChangeKind kind = change.kind();
        long delta = change.delta();
        byte[] key = new byte[change.keyLength()];
        change.getKey(key, 0, key.length);
        byte[] value = new byte[change.valueLength()];
        change.getValue(value, 0, value.length);
        String name = new String(key, UTF_8);
        changes.add(new Asked(kind, name, lease, number, firstUnanswered));
        if (isScripted(request)) {
            return;
        }
        long sum = 0;
        switch (kind) {
            case WRITE -> objects.put(name, new String(value, UTF_8));
            case REMOVE -> objects.remove(name);
            case INCREMENT -> {
                sum = Long.parseLong(objects.getOrDefault(name, "0")) + delta;
                objects.put(name, Long.toString(sum));
            }
            default -> version += 0;
        }
        ChangeReplyEncoder reply = new ChangeReplyEncoder();
        reply.wrapAndApplyHeader(request.reply(REPLY_BYTES), 0, header)
                .version(++version)
                .number(sum)
                .previousVersion(0);
        reply.header().status(Status.OK);
        reply.putPrevious(new byte[0], 0, 0);
        request.send(BODY + reply.encodedLength());
    }

    private void multiRead(Request request) {
        MultiReadDecoder read = new MultiReadDecoder();
        read.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        List<String> names = new CopyOnWriteArrayList<>();
        for (MultiReadDecoder.KeysDecoder each : read.keys()) {
            byte[] key = new byte[each.keyLength()];
            each.getKey(key, 0, key.length);
            names.add(new String(key, UTF_8));
        }
        reads.add(names);
        if (isScripted(request)) {
            return;
        }
        MultiReadReplyEncoder reply = new MultiReadReplyEncoder();
        reply.wrapAndApplyHeader(request.reply(REPLY_BYTES), 0, header);
        reply.header().status(Status.OK);
        int count = Math.min(keysPerReply, names.size());
        MultiReadReplyEncoder.ObjectsEncoder replies = reply.objectsCount(count);
        for (String name : names.subList(0, count)) {
            String value = objects.get(name);
            byte[] bytes = value == null ? new byte[0] : value.getBytes(UTF_8);
            replies.next()
                    .version(7)
                    .expiryMillis(0)
                    .status(value == null ? Status.NOT_FOUND : Status.OK)
                    .tag((short) 0)
                    .putValue(bytes, 0, bytes.length);
        }
        request.send(BODY + reply.encodedLength());
    }

    /** One object or one line a page, in the order of all scans. */
    private void scan(Request request) {
        ScanDecoder scan = new ScanDecoder();
        scan.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        long cursor = scan.cursor();
        List<String> names =
                objects.keySet().stream()
                        .filter(name -> lineBits > 0 || cursor == 0 || !isBefore(name, cursor))
                        .filter(name -> lineBits == 0 || line(hash(name)) == line(cursor))
                        .sorted((one, other) -> isBefore(one, hash(other)) ? -1 : 1)
                        .toList();
        long next = names.size() > 1 ? hash(names.get(1)) : 0;
        List<String> shown = lineBits > 0 ? names : names.subList(0, Math.min(names.size(), 1));
        if (lineBits > 0) {
            next = Long.reverse(line(cursor) + 1 << Long.SIZE - lineBits);
        }
        ScanReplyEncoder reply = new ScanReplyEncoder();
        reply.wrapAndApplyHeader(request.reply(REPLY_BYTES), 0, header)
                .cursor(next)
                .served(Hashes.number(served((int) scan.table())));
        reply.header().status(Status.OK);
        ScanReplyEncoder.ObjectsEncoder page = reply.objectsCount(shown.size());
        for (String name : shown) {
            byte[] key = name.getBytes(UTF_8);
            byte[] value = objects.get(name).getBytes(UTF_8);
            page.next()
                    .version(7)
                    .expiryMillis(0)
                    .tag((short) 0)
                    .hasValue((short) 1)
                    .putKey(key, 0, key.length)
                    .putValue(value, 0, value.length);
        }
        request.send(BODY + reply.encodedLength());
        afterScan.run();
    }

    private static boolean isBefore(String name, long cursor) {
        return Hashes.isBefore(hash(name), cursor);
    }

    private long line(long hash) {
        return Long.reverse(hash) >>> Long.SIZE - lineBits;
    }

    private static long hash(String name) {
        return ScriptedCluster.hashOf(name);
    }

    /** The borders of what the map says that it has; of neighbours only the outer ones. */
    private long[] served(int table) {
        List<Long> borders = new ArrayList<>();
        for (ClusterMap.Tablet each : map.tablets()) {
            if (each.table() == table && each.owner().equals(id)) {
                if (!borders.isEmpty() && borders.getLast() + 1 == each.firstHash()) {
                    borders.removeLast();
                } else {
                    borders.add(each.firstHash());
                }
                borders.add(each.lastHash());
            }
        }
        return borders.stream().mapToLong(Long::longValue).toArray();
    }
}
