package io.silkstone.store.master;

import static io.silkstone.store.master.WireStatus.isAnswer;
import static io.silkstone.store.master.WireStatus.of;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.rpc.Hashes;
import io.silkstone.rpc.MapCodec;
import io.silkstone.rpc.Request;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.AcceptLossDecoder;
import io.silkstone.rpc.messages.AssignTabletDecoder;
import io.silkstone.rpc.messages.ChangeDecoder;
import io.silkstone.rpc.messages.ChangeKind;
import io.silkstone.rpc.messages.ChangeReplyEncoder;
import io.silkstone.rpc.messages.CheckLeaseDecoder;
import io.silkstone.rpc.messages.ClearTableDecoder;
import io.silkstone.rpc.messages.CloseLeaseDecoder;
import io.silkstone.rpc.messages.ClusterMapEncoder;
import io.silkstone.rpc.messages.CountObjectsDecoder;
import io.silkstone.rpc.messages.CreateTableDecoder;
import io.silkstone.rpc.messages.DoneEncoder;
import io.silkstone.rpc.messages.DropTableDecoder;
import io.silkstone.rpc.messages.EnlistDecoder;
import io.silkstone.rpc.messages.ExactlyOnceDecoder;
import io.silkstone.rpc.messages.ExpiryRule;
import io.silkstone.rpc.messages.GetClusterMapDecoder;
import io.silkstone.rpc.messages.GetUsageDecoder;
import io.silkstone.rpc.messages.LeaveDecoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.MigrationEndedDecoder;
import io.silkstone.rpc.messages.MultiReadDecoder;
import io.silkstone.rpc.messages.MultiReadReplyEncoder;
import io.silkstone.rpc.messages.OpenLeaseDecoder;
import io.silkstone.rpc.messages.RaiseLogEpochDecoder;
import io.silkstone.rpc.messages.ReadDecoder;
import io.silkstone.rpc.messages.ReadReplyEncoder;
import io.silkstone.rpc.messages.RecallTabletDecoder;
import io.silkstone.rpc.messages.RenewClientLeaseDecoder;
import io.silkstone.rpc.messages.RenewLeaseDecoder;
import io.silkstone.rpc.messages.RulesDecoder;
import io.silkstone.rpc.messages.ScanDecoder;
import io.silkstone.rpc.messages.ScanReplyEncoder;
import io.silkstone.rpc.messages.SplitTabletDecoder;
import io.silkstone.rpc.messages.TabletReleasedDecoder;
import io.silkstone.rpc.messages.TakeTabletDecoder;
import io.silkstone.rpc.messages.UsageEncoder;
import io.silkstone.rpc.messages.WriteAllDecoder;
import io.silkstone.rpc.messages.WriteAllReplyEncoder;
import io.silkstone.store.Store;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.agrona.MutableDirectBuffer;

/**
 * Serves the requests of clients from a store: RAMCloud's master service.
 *
 * <p>Short requests run on the thread that polls, one after the other, in one session. For each:
 * look at the lease, decode, do it, look at the lease again, reply ({@link Membership} says why).
 * The value goes from the log into the reply by one copy, within the epoch of the operation.
 */
public final class MasterService {
    private static final int BODY = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int LENGTH_BYTES = Integer.BYTES;

    /** When a key's tablet is just coming or its lock is held. */
    private static final long RETRY_NANOS = 1_000_000;

    /** How much a reply with several objects may hold, if one is not longer. */
    private static final int REPLY_BYTES = 256 << 10;

    private static final int SCAN_STEP = 16;

    /** Requests that only the coordinator answers. */
    private static final int[] COORDINATORS = {
        EnlistDecoder.TEMPLATE_ID,
        RenewLeaseDecoder.TEMPLATE_ID,
        LeaveDecoder.TEMPLATE_ID,
        CreateTableDecoder.TEMPLATE_ID,
        DropTableDecoder.TEMPLATE_ID,
        SplitTabletDecoder.TEMPLATE_ID,
        AssignTabletDecoder.TEMPLATE_ID,
        TabletReleasedDecoder.TEMPLATE_ID,
        TakeTabletDecoder.TEMPLATE_ID,
        MigrationEndedDecoder.TEMPLATE_ID,
        RecallTabletDecoder.TEMPLATE_ID,
        RaiseLogEpochDecoder.TEMPLATE_ID,
        AcceptLossDecoder.TEMPLATE_ID,
        OpenLeaseDecoder.TEMPLATE_ID,
        RenewClientLeaseDecoder.TEMPLATE_ID,
        CheckLeaseDecoder.TEMPLATE_ID,
        CloseLeaseDecoder.TEMPLATE_ID
    };

    private final Rpc rpc;
    private final Store store;
    private final Membership membership;
    private final BooleanSupplier lease;
    private final ClientLeases clientLeases;
    private final KvSession session;
    private final Key key = new Key();
    private final WriteOptions options = new WriteOptions();
    private final WriteBatch batch = new WriteBatch();
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final ReadDecoder read = new ReadDecoder();
    private final ReadReplyEncoder readReply = new ReadReplyEncoder();
    private final ChangeDecoder change = new ChangeDecoder();
    private final ChangeReplyEncoder changeReply = new ChangeReplyEncoder();
    private final DoneEncoder done = new DoneEncoder();
    private final MultiReadDecoder multiRead = new MultiReadDecoder();
    private final MultiReadReplyEncoder multiReadReply = new MultiReadReplyEncoder();
    private final WriteAllDecoder writeAll = new WriteAllDecoder();
    private final WriteAllReplyEncoder writeAllReply = new WriteAllReplyEncoder();
    private final ScanDecoder scan = new ScanDecoder();
    private final ScanReplyEncoder scanReply = new ScanReplyEncoder();
    private final Clears clears = new Clears();
    private final HeldReplies held;
    private Key[] keys = {};

    /**
     * Serves from {@code store} what {@code membership} allows, once {@link #register} is called.
     */
    public MasterService(Rpc rpc, Store store, Membership membership) {
        this(rpc, store, store.openSession(), membership, membership::mayServe);
    }

    /**
     * As the other, which has the session and the lease from the store and the membership.
     *
     * @param session of {@code store}, in which requests are served, by the thread that polls;
     *     closed with this
     * @param lease whether what is in the store may be told at this moment: asked before each
     *     request is served, and again before its reply leaves
     */
    public MasterService(
            Rpc rpc, Store store, KvSession session, Membership membership, BooleanSupplier lease) {
        this.rpc = rpc;
        this.store = store;
        this.session = session;
        this.membership = membership;
        this.lease = lease;
        clientLeases = new ClientLeases(store, membership, rpc);
        held = new HeldReplies(rpc, session, lease, membership::self);
    }

    /** Begins to serve. */
    public void register() {
        rpc.serve(ReadDecoder.TEMPLATE_ID, this::read);
        rpc.serve(ChangeDecoder.TEMPLATE_ID, this::change);
        rpc.serve(MultiReadDecoder.TEMPLATE_ID, this::multiRead);
        rpc.serve(WriteAllDecoder.TEMPLATE_ID, this::writeAll);
        rpc.serve(ScanDecoder.TEMPLATE_ID, this::scan);
        rpc.serve(CountObjectsDecoder.TEMPLATE_ID, this::count);
        rpc.serve(GetUsageDecoder.TEMPLATE_ID, this::usage);
        // A coordinator in this process knows better.
        rpc.serveOtherwise(GetClusterMapDecoder.TEMPLATE_ID, this::map);
        rpc.serveWaiting(ClearTableDecoder.TEMPLATE_ID, 0, this::clear);
    }

    /**
     * Tells those who take this server for the coordinator where that is, unless one is in this
     * process.
     */
    public void registerDirections() {
        for (int request : COORDINATORS) {
            rpc.serveOtherwise(request, this::refuseNotLeading);
        }
    }

    private void refuseNotLeading(Request request) {
        request.refuse(io.silkstone.rpc.messages.Status.NOT_LEADER, 0, membership.coordinator());
    }

    /** Sees to the leases of clients now and then: by the thread that polls. */
    public void doWork() {
        clientLeases.look();
    }

    private boolean mayNotServe(Request request) {
        if (lease.getAsBoolean()) {
            return false;
        }
        request.refuse(io.silkstone.rpc.messages.Status.NOT_A_MEMBER);
        return true;
    }

    /**
     * The reply is ready; it is worth something only if the lease still holds, and if what it tells
     * of is settled then.
     */
    private void send(Request request, int length) {
        long mark = session.unsettled();
        if (mark != 0) {
            held.hold(request, length, mark);
        } else if (!mayNotServe(request)) {
            request.send(length);
        }
    }

    /**
     * As {@link #send}, but a change that was made when the lease ended is not refused: every
     * refusal says that nothing was changed, and this may be seen yet, if the lease is renewed in
     * time. Whoever hears nothing asks again.
     */
    private void sendChange(Request request, int length) {
        long mark = session.unsettled();
        if (mark != 0) {
            held.hold(request, length, mark);
        } else if (lease.getAsBoolean()) {
            request.send(length);
        }
    }

    /** Points {@link #key} to what lies in the message. */
    private Key key(Request request, int offset, int length) {
        request.buffer().boundsCheck(offset, length);
        return key.wrap(request.memory(), request.memoryOffset() + offset, length);
    }

    private void read(Request request) {
        read.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        int table = (int) read.table();
        int keyLength = read.keyLength();
        key(request, read.limit() + LENGTH_BYTES, keyLength);
        KvStore.Table data = store.table(table);
        if (data == null || mayNotServe(request)) {
            refuseUnlessAnswered(request, Status.NO_SUCH_TABLE, table);
            return;
        }
        Status status;
        int length = 0;
        session.enter();
        try {
            status = session.read(data, key);
            if (isAnswer(status)) {
                length = encode(request, status);
            }
        } finally {
            session.exit();
        }
        if (isAnswer(status)) {
            send(request, length);
        } else {
            refuse(request, status, table, key.hash());
        }
    }

    private int encode(Request request, Status status) {
        ObjectView object = status == Status.OK ? session.object() : null;
        int valueLength = object == null ? 0 : object.valueLength();
        int start = BODY + ReadReplyEncoder.BLOCK_LENGTH;
        int length = start + LENGTH_BYTES + valueLength;
        MutableDirectBuffer buffer = request.reply(length);
        readReply.wrapAndApplyHeader(buffer, 0, header);
        readReply.header().status(of(status)).retryMicros(0);
        readReply
                .version(object == null ? 0 : object.version())
                .expiryMillis(object == null ? 0 : object.expiryMillis())
                .tag((short) (object == null ? 0 : object.type()));
        putValue(request, start, object);
        return length;
    }

    /** Length and bytes of the value of {@code object}, none if it is null. */
    private static void putValue(Request request, int at, ObjectView object) {
        int length = object == null ? 0 : object.valueLength();
        MutableDirectBuffer buffer = request.reply(at + LENGTH_BYTES + length);
        buffer.putInt(at, length);
        if (length > 0) {
            MemorySegment.copy(
                    object.memory(),
                    object.valueOffset(),
                    request.replyMemory(),
                    at + LENGTH_BYTES,
                    length);
        }
    }

    private void change(Request request) {
        change.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        int table = (int) change.table();
        rules(change.rules(), change.requiredVersion(), change.rejectedUpTo());
        expiry(change.expiry(), change.expiryMillis());
        options.type(change.tag() & WriteOptions.TYPE_MAX);
        if (change.rules().returnPrevious()) {
            options.returnPrevious();
        }
        ChangeKind kind = change.kind();
        long delta = change.delta();
        ExactlyOnceDecoder once = change.once();
        long epoch = epoch(change.epoch(), ChangeDecoder.epochNullValue());
        int keyLength = change.keyLength();
        int keyOffset = change.limit() + LENGTH_BYTES;
        key(request, keyOffset, keyLength);
        change.limit(keyOffset + keyLength);
        int valueLength = change.valueLength();
        int valueOffset = change.limit() + LENGTH_BYTES;
        request.buffer().boundsCheck(valueOffset, valueLength);
        KvStore.Table data = store.table(table);
        if (kind == ChangeKind.SBE_UNKNOWN) {
            request.refuse(io.silkstone.rpc.messages.Status.UNKNOWN_REQUEST);
            return;
        }
        if (data == null || mayNotServe(request)) {
            refuseUnlessAnswered(request, Status.NO_SUCH_TABLE, table);
            return;
        }
        if (!named(request, once, epoch)) {
            return;
        }
        Status status;
        int length = 0;
        session.enter();
        try {
            status =
                    switch (kind) {
                        case REMOVE -> session.remove(data, key, options);
                        case INCREMENT -> session.increment(data, key, delta, options);
                        case EXPIRE -> session.expire(data, key, options);
                        default ->
                                session.write(
                                        data,
                                        key,
                                        request.memory(),
                                        request.memoryOffset() + valueOffset,
                                        valueLength,
                                        options);
                    };
            if (isAnswer(status)) {
                length = encodeChange(request, status);
            }
        } finally {
            session.exit();
        }
        if (isAnswer(status)) {
            sendChange(request, length);
        } else {
            refuse(request, status, table, key.hash(), epoch);
        }
    }

    /** 0 when an older client has said none. */
    private static long epoch(long said, long unsaid) {
        return said == unsaid ? 0 : said;
    }

    /** Has the next change of the session be the one that the message names, if it names one. */
    private boolean named(Request request, ExactlyOnceDecoder once, long epoch) {
        long lease = once.lease();
        if (lease == 0) {
            return true;
        }
        switch (clientLeases.judge(lease, once.leaseExpiry())) {
            case ALIVE -> session.once(lease, once.request(), once.firstUnanswered(), epoch);
            case PUT_OFF ->
                    request.refuse(
                            io.silkstone.rpc.messages.Status.RETRY_LATER, 5 * RETRY_NANOS, "");
            case OVER -> request.refuse(io.silkstone.rpc.messages.Status.LEASE_EXPIRED);
        }
        return !request.isAnswered();
    }

    private int encodeChange(Request request, Status status) {
        ObjectView previous = session.hadPrevious() ? session.object() : null;
        int start = BODY + ChangeReplyEncoder.BLOCK_LENGTH;
        int length = start + LENGTH_BYTES + (previous == null ? 0 : previous.valueLength());
        changeReply.wrapAndApplyHeader(request.reply(length), 0, header);
        changeReply.header().status(of(status)).retryMicros(0);
        changeReply
                .version(session.version())
                .number(session.number())
                .previousVersion(previous == null ? 0 : previous.version())
                .previousExpiryMillis(previous == null ? 0 : previous.expiryMillis())
                .previousTag((short) (previous == null ? 0 : previous.type()));
        putValue(request, start, previous);
        return length;
    }

    private void rules(RulesDecoder rules, long requiredVersion, long rejectedUpTo) {
        options.reset();
        if (rules.rejectIfMissing()) {
            options.rejectIfMissing();
        }
        if (rules.rejectIfExists()) {
            options.rejectIfExists();
        }
        options.requireVersion(requiredVersion).rejectUpToVersion(rejectedUpTo);
    }

    private void expiry(ExpiryRule rule, long millis) {
        if (rule == ExpiryRule.KEEP) {
            options.keepExpiry();
        } else if (rule == ExpiryRule.AT) {
            options.expireAt(millis);
        }
    }

    private void multiRead(Request request) {
        multiRead.wrap(
                request.buffer(), request.offset(), request.blockLength(), request.version());
        int table = (int) multiRead.table();
        MultiReadDecoder.KeysDecoder group = multiRead.keys();
        int count = group.count();
        // Each key takes at least its length in the message: no more are made room for.
        request.buffer().boundsCheck(multiRead.limit(), count * LENGTH_BYTES);
        keepKeys(count);
        for (int index = 0; index < count; index++) {
            group.next();
            int length = group.keyLength();
            int offset = multiRead.limit() + LENGTH_BYTES;
            request.buffer().boundsCheck(offset, length);
            keys[index].wrap(request.memory(), request.memoryOffset() + offset, length);
            multiRead.limit(offset + length);
        }
        KvStore.Table data = store.table(table);
        if (data == null || count == 0 || mayNotServe(request)) {
            refuseUnlessAnswered(request, Status.NO_SUCH_TABLE, table);
            return;
        }
        multiReadReply.wrapAndApplyHeader(request.reply(REPLY_BYTES), 0, header);
        multiReadReply.header().status(of(Status.OK)).retryMicros(0);
        MultiReadReplyEncoder.ObjectsEncoder objects = multiReadReply.objectsCount(count);
        Status[] first = new Status[1];
        session.enter();
        try {
            session.readAll(
                    data,
                    keys,
                    count,
                    (index, status, object) -> {
                        if (index == 0) {
                            first[0] = status;
                        }
                        if (index == 0 || multiReadReply.limit() < REPLY_BYTES) {
                            encode(request, objects, status, object);
                        }
                    });
            objects.resetCountToIndex();
        } finally {
            session.exit();
        }
        if (isAnswer(first[0])) {
            send(request, multiReadReply.limit());
        } else {
            refuse(request, first[0], table, keys[0].hash());
        }
    }

    private void encode(
            Request request,
            MultiReadReplyEncoder.ObjectsEncoder objects,
            Status status,
            ObjectView object) {
        int block = MultiReadReplyEncoder.ObjectsEncoder.sbeBlockLength();
        int valueLength = object == null ? 0 : object.valueLength();
        request.reply(multiReadReply.limit() + block + LENGTH_BYTES + valueLength);
        objects.next()
                .version(object == null ? 0 : object.version())
                .expiryMillis(object == null ? 0 : object.expiryMillis())
                .status(of(status))
                .tag((short) (object == null ? 0 : object.type()));
        int at = multiReadReply.limit();
        putValue(request, at, object);
        multiReadReply.limit(at + LENGTH_BYTES + valueLength);
    }

    private void keepKeys(int count) {
        int before = keys.length;
        if (count > before) {
            keys = Arrays.copyOf(keys, count);
            for (int index = before; index < count; index++) {
                keys[index] = new Key();
            }
        }
    }

    private void writeAll(Request request) {
        writeAll.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        int table = (int) writeAll.table();
        ExactlyOnceDecoder once = writeAll.once();
        long epoch = epoch(writeAll.epoch(), WriteAllDecoder.epochNullValue());
        batch.clear();
        boolean fits = true;
        long hash = 0;
        for (WriteAllDecoder.ChangesDecoder each : writeAll.changes()) {
            rules(each.rules(), each.requiredVersion(), each.rejectedUpTo());
            expiry(each.expiry(), each.expiryMillis());
            options.type(each.tag() & WriteOptions.TYPE_MAX);
            boolean removes = each.kind() == ChangeKind.REMOVE;
            int keyLength = each.keyLength();
            int keyOffset = writeAll.limit() + LENGTH_BYTES;
            key(request, keyOffset, keyLength);
            writeAll.limit(keyOffset + keyLength);
            int valueLength = each.valueLength();
            int valueOffset = writeAll.limit() + LENGTH_BYTES;
            request.buffer().boundsCheck(valueOffset, valueLength);
            writeAll.limit(valueOffset + valueLength);
            hash = batch.size() == 0 ? key.hash() : hash;
            long valueAt = request.memoryOffset() + valueOffset;
            fits &=
                    removes
                            ? batch.remove(key, options)
                            : batch.write(key, request.memory(), valueAt, valueLength, options);
        }
        KvStore.Table data = store.table(table);
        if (data == null || !fits || mayNotServe(request)) {
            refuseUnlessAnswered(
                    request, data == null ? Status.NO_SUCH_TABLE : Status.TOO_LARGE, table);
            return;
        }
        if (!named(request, once, epoch)) {
            return;
        }
        Status status;
        session.enter();
        try {
            status = session.writeAll(data, batch);
        } finally {
            session.exit();
        }
        if (isAnswer(status)) {
            sendChange(request, encodeWriteAll(request, status));
        } else {
            refuse(request, status, table, hash, epoch);
        }
    }

    private int encodeWriteAll(Request request, Status status) {
        int block = WriteAllReplyEncoder.ChangesEncoder.sbeBlockLength();
        int length = BODY + WriteAllReplyEncoder.BLOCK_LENGTH + LENGTH_BYTES + batch.size() * block;
        writeAllReply.wrapAndApplyHeader(request.reply(length), 0, header);
        writeAllReply.header().status(of(status)).retryMicros(0);
        WriteAllReplyEncoder.ChangesEncoder changes = writeAllReply.changesCount(batch.size());
        for (int index = 0; index < batch.size(); index++) {
            changes.next().version(batch.version(index)).status(of(batch.status(index)));
        }
        return writeAllReply.limit();
    }

    private void scan(Request request) {
        scan.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        int table = (int) scan.table();
        KvStore.Table data = store.table(table);
        if (data == null || mayNotServe(request)) {
            refuseUnlessAnswered(request, Status.NO_SUCH_TABLE, table);
            return;
        }
        if (store.isMoving(table)) {
            // What has not come would be passed over; and what is frozen, which may be ours again.
            request.refuse(of(Status.RETRY_LATER), 5 * RETRY_NANOS, "");
            return;
        }
        boolean values = scan.values() != 0;
        int wanted = Math.max(1, scan.count());
        scanReply.wrapAndApplyHeader(request.reply(REPLY_BYTES), 0, header);
        scanReply.header().status(of(Status.OK)).retryMicros(0);
        ScanReplyEncoder.ObjectsEncoder objects =
                scanReply.objectsCount(ScanReplyEncoder.ObjectsEncoder.countMaxValue());
        long cursor = scan.cursor();
        long until = scan.until() == ScanDecoder.untilNullValue() ? 0 : scan.until();
        long[] served = store.served(table);
        int[] found = new int[1];
        session.enter();
        try {
            do {
                cursor =
                        session.scan(
                                data,
                                cursor,
                                Math.min(SCAN_STEP, wanted - found[0]),
                                object -> {
                                    found[0]++;
                                    encode(request, objects, object, values);
                                });
            } while (cursor != 0
                    && Hashes.isBefore(cursor, until)
                    && found[0] < wanted
                    && scanReply.limit() < REPLY_BYTES / 2);
            objects.resetCountToIndex();
        } finally {
            session.exit();
        }
        if (store.served(table) != served || store.isMoving(table)) {
            // What came or went meanwhile may have been passed over.
            request.refuse(of(Status.RETRY_LATER), RETRY_NANOS, "");
            return;
        }
        scanReply.cursor(cursor).served(Hashes.number(served));
        send(request, scanReply.limit());
    }

    private void encode(
            Request request,
            ScanReplyEncoder.ObjectsEncoder objects,
            ObjectView object,
            boolean values) {
        int block = ScanReplyEncoder.ObjectsEncoder.sbeBlockLength();
        int without = scanReply.limit() + block + 2 * LENGTH_BYTES + object.keyLength();
        // The rest of the message is for the keys of a line that is longer than any.
        boolean fits = values && without + object.valueLength() < rpc.messageBytesMax() / 2;
        request.reply(without + (fits ? object.valueLength() : 0));
        objects.next()
                .version(object.version())
                .expiryMillis(object.expiryMillis())
                .tag((short) object.type())
                .hasValue((short) (fits || !values ? 1 : 0));
        int at = scanReply.limit();
        request.reply(0).putInt(at, object.keyLength());
        MemorySegment.copy(
                object.memory(),
                object.keyOffset(),
                request.replyMemory(),
                at + LENGTH_BYTES,
                object.keyLength());
        at += LENGTH_BYTES + object.keyLength();
        putValue(request, at, fits ? object : null);
        scanReply.limit(at + LENGTH_BYTES + (fits ? object.valueLength() : 0));
    }

    private void count(Request request) {
        CountObjectsDecoder count = new CountObjectsDecoder();
        count.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        KvStore.Table data = store.table((int) count.table());
        // What it has recovered, and serves as of the asker's map, is not counted in an older one.
        boolean isBehind =
                count.mapVersion() != CountObjectsDecoder.mapVersionNullValue()
                        && membership.map().version() < count.mapVersion();
        if (isBehind
                || store.isMoving((int) count.table())
                || store.hasRemains((int) count.table())) {
            request.refuse(of(Status.RETRY_LATER), 5 * RETRY_NANOS, "");
            return;
        }
        int length = BODY + DoneEncoder.BLOCK_LENGTH;
        done.wrapAndApplyHeader(request.reply(length), 0, header)
                .number(data == null ? 0 : data.objects());
        done.header().status(of(Status.OK)).retryMicros(0);
        // What was removed just now, or all that was cleared, may be there after a crash.
        long mark = store.mark();
        if (!store.isSettled(mark)) {
            held.hold(request, length, mark);
        } else if (!mayNotServe(request)) {
            request.send(length);
        }
    }

    private void usage(Request request) {
        KvStore.Usage usage = store.usage();
        UsageEncoder reply = new UsageEncoder();
        reply.wrapAndApplyHeader(request.reply(BODY + UsageEncoder.BLOCK_LENGTH), 0, header);
        reply.header().status(of(Status.OK)).retryMicros(0);
        reply.capacity(usage.capacity())
                .allocated(usage.allocated())
                .logLive(usage.logLive())
                .logUsed(usage.logUsed())
                .hashTables(usage.hashTables())
                .objects(usage.objects());
        request.send(BODY + reply.encodedLength());
    }

    private void map(Request request) {
        GetClusterMapDecoder get = new GetClusterMapDecoder();
        get.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        if (get.leaderOnly() == 1) {
            refuseNotLeading(request);
            return;
        }
        ClusterMap map = membership.map();
        ClusterMapEncoder reply = new ClusterMapEncoder();
        reply.wrapAndApplyHeader(request.reply(BODY + MapCodec.bytesMax(map)), 0, header);
        reply.header().status(of(Status.OK)).retryMicros(0);
        MapCodec.encode(map, reply);
        request.send(BODY + reply.encodedLength());
    }

    /**
     * In a thread of its own: it waits until all others have left the table. As with a change,
     * nothing is said of one that was made when the lease has ended.
     */
    private void clear(Request request) {
        if (mayNotServe(request)) {
            return;
        }
        ClearTableDecoder clear = new ClearTableDecoder();
        clear.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        boolean isNamed = clear.request() != ClearTableDecoder.requestNullValue();
        long number = isNamed ? clear.request() : 0;
        long mapVersion = clear.mapVersion();
        if (mapVersion != ClearTableDecoder.mapVersionNullValue()
                && membership.map().version() < mapVersion) {
            membership.hurry();
            request.refuse(of(Status.RETRY_LATER), 5 * RETRY_NANOS, "");
            return;
        }
        long served = clear.served();
        boolean isTold = served != ClearTableDecoder.servedNullValue();
        KvStore.Table data = store.table((int) clear.table());
        Status status =
                data == null
                        ? Status.OK
                        : clear(data, number, each -> !isTold || Hashes.number(each) == served);
        if (status == Status.NOT_OWNER) {
            request.refuse(
                    io.silkstone.rpc.messages.Status.REFUSED, 0, "the server has other tablets");
        } else if (status == Status.OK && lease.getAsBoolean()) {
            request.done(0);
        } else if (status != Status.OK && !mayNotServe(request)) {
            refuse(request, status, (int) clear.table(), 0);
        }
    }

    private Status clear(KvStore.Table table, long number, Predicate<long[]> expected) {
        return switch (clears.begin(number)) {
            case DONE -> Status.OK;
            case UNDER_WAY -> Status.RETRY_LATER;
            case CLEAR -> {
                Status status = Status.RETRY_LATER;
                try {
                    status = store.clearIf(table, expected);
                } finally {
                    clears.end(number, status == Status.OK);
                }
                yield status;
            }
        };
    }

    private void refuseUnlessAnswered(Request request, Status status, int table) {
        if (!request.isAnswered()) {
            refuse(request, status, table, 0);
        }
    }

    private void refuse(Request request, Status status, int table, long hash) {
        refuse(request, status, table, hash, 0);
    }

    private void refuse(Request request, Status status, int table, long hash, long epoch) {
        if (status == Status.NOT_OWNER) {
            direct(request, table, hash, epoch);
        } else if (status == Status.RETRY_LATER) {
            request.refuse(of(status), RETRY_NANOS, "");
        } else {
            request.refuse(of(status));
        }
    }

    /**
     * Says who has the key, as far as this server knows: itself, if the request was for the tablet
     * in {@code epoch}, which is not 0, and that is over.
     */
    private void direct(Request request, int table, long hash, long epoch) {
        ClusterMap.Tablet tablet = membership.map().tablet(table, hash);
        ServerId self = membership.self();
        if (tablet == null) {
            request.refuse(of(Status.NO_SUCH_TABLE));
        } else if (tablet.state() == ClusterMap.TabletState.LOST) {
            request.refuse(of(Status.UNAVAILABLE));
        } else if (tablet.owner().equals(self) && (epoch == 0 || tablet.epoch() <= epoch)) {
            request.refuse(of(Status.RETRY_LATER), 2 * RETRY_NANOS, "");
        } else {
            request.moved(tablet.owner().packed(), tablet.epoch());
        }
    }

    /** Serves no more. Not while a request is served. */
    public void close() {
        rpc.serveNoMore(ReadDecoder.TEMPLATE_ID);
        rpc.serveNoMore(ChangeDecoder.TEMPLATE_ID);
        rpc.serveNoMore(MultiReadDecoder.TEMPLATE_ID);
        rpc.serveNoMore(WriteAllDecoder.TEMPLATE_ID);
        rpc.serveNoMore(ScanDecoder.TEMPLATE_ID);
        rpc.serveNoMore(CountObjectsDecoder.TEMPLATE_ID);
        rpc.serveNoMore(GetUsageDecoder.TEMPLATE_ID);
        rpc.serveNoMore(ClearTableDecoder.TEMPLATE_ID);
        rpc.serveOtherwiseNoMore(GetClusterMapDecoder.TEMPLATE_ID);
        for (int request : COORDINATORS) {
            rpc.serveOtherwiseNoMore(request);
        }
        held.close();
        session.close();
    }
}
