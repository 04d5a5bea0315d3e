package io.silkstone.client;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore.Table;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.ObjectVisitor;
import io.silkstone.api.store.ReadVisitor;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.rpc.Call;
import io.silkstone.rpc.Hashes;
import io.silkstone.rpc.messages.ChangeEncoder;
import io.silkstone.rpc.messages.ChangeKind;
import io.silkstone.rpc.messages.ChangeReplyDecoder;
import io.silkstone.rpc.messages.ClearTableEncoder;
import io.silkstone.rpc.messages.ExpiryRule;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.ReadEncoder;
import io.silkstone.rpc.messages.ReadReplyDecoder;
import io.silkstone.rpc.messages.RulesEncoder;
import io.silkstone.rpc.messages.ScanEncoder;
import io.silkstone.rpc.messages.ScanReplyDecoder;
import io.silkstone.rpc.messages.WriteAllEncoder;
import io.silkstone.rpc.messages.WriteAllReplyDecoder;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.agrona.MutableDirectBuffer;

/**
 * One thread's way into the tables of the cluster. Every operation that is not answered here waits
 * for a server; batches mean nothing, since what is shown is a copy. Views are valid until the next
 * operation.
 */
final class ClusterSession implements KvSession {
    private static final int BODY = MessageHeaderEncoder.ENCODED_LENGTH;

    /** Header, block and the lengths of key and value of any request for one object. */
    private static final int OVERHEAD = BODY + ChangeEncoder.BLOCK_LENGTH + 2 * Integer.BYTES;

    private static final long CLEAR_PAUSE_NANOS = 10_000_000;
    private static final int SCAN_COUNT_MAX = 10_000;

    private final ClusterStore store;
    private final Operation operation;
    private final MultiRead multiRead;
    private final ReplyView view = new ReplyView();
    private final Key scannedKey = new Key();
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final ReadEncoder read = new ReadEncoder();
    private final ReadReplyDecoder readReply = new ReadReplyDecoder();
    private final ChangeEncoder change = new ChangeEncoder();
    private final ChangeReplyDecoder changeReply = new ChangeReplyDecoder();
    private final WriteAllEncoder writeAll = new WriteAllEncoder();
    private final WriteAllReplyDecoder writeAllReply = new WriteAllReplyDecoder();
    private final ScanEncoder scan = new ScanEncoder();
    private final ScanReplyDecoder scanReply = new ScanReplyDecoder();
    private final ClearTableEncoder clear = new ClearTableEncoder();
    private final ScanStep scanStep;
    private Status scanStatus = Status.OK;
    private long scanServed;
    private boolean entered;
    private boolean hadPrevious;
    private long version;
    private long number;

    ClusterSession(ClusterStore store) {
        this.store = store;
        operation = new Operation(store);
        multiRead = new MultiRead(store);
        scanStep = new ScanStep(store, this);
    }

    @Override
    public void enter() {
        assert !entered;
        entered = true;
    }

    @Override
    public void exit() {
        assert entered;
        entered = false;
    }

    @Override
    public boolean entered() {
        return entered;
    }

    @Override
    public void prefetch(Table table, Key[] keys, int count) {
        // There is nothing here that could be brought nearer.
    }

    @Override
    public Status read(Table table, Key key) {
        startRead(table, key, Operation.NOBODY);
        await();
        return endRead(key);
    }

    /** The first half of {@link #read}; {@code ended} is told when {@link #endRead} may follow. */
    void startRead(Table table, Key key, Operation.Ended ended) {
        forgetResult();
        MutableDirectBuffer buffer = operation.request(OVERHEAD + key.length());
        read.wrapAndApplyHeader(buffer, 0, header).table(table.id());
        putKey(read.limit(), key);
        int length = read.limit() + Integer.BYTES + key.length();
        operation.start(table.id(), key.hash(), length, Operation.READ, ServerId.NONE, ended);
    }

    /** Waits for what was started. */
    void await() {
        store.rpc().await(operation);
    }

    /** The second half of {@link #read}. */
    Status endRead(Key key) {
        Status status = Statuses.of(operation);
        if (status == Status.OK) {
            Call call = operation.call();
            readReply.wrap(
                    call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
            int valueLength = readReply.valueLength();
            int valueOffset = readReply.limit() + Integer.BYTES;
            show(key, valueOffset, valueLength)
                    .meta(readReply.version(), readReply.expiryMillis(), readReply.tag());
            version = readReply.version();
        }
        return status;
    }

    /** Shows an object that lies in the reply, with {@code key} beside it. */
    private ReplyView show(Key key, int valueOffset, int valueLength) {
        Call call = operation.call();
        int keyOffset = call.putBesideReply(key.memory(), key.offset(), key.length());
        return view.in(call.replyMemory())
                .key(key.hash(), keyOffset, key.length())
                .value(valueOffset, valueLength);
    }

    private void putKey(int at, Key key) {
        putBytes(at, key.memory(), key.offset(), key.length());
    }

    /** Length and bytes, as variable data has it: SBE's own way would need an array. */
    private void putBytes(int at, MemorySegment memory, long offset, int length) {
        operation.call().request(at + Integer.BYTES + length).putInt(at, length);
        MemorySegment target = operation.call().requestMemory();
        MemorySegment.copy(memory, offset, target, at + Integer.BYTES, length);
    }

    @Override
    public void readAll(Table table, Key[] keys, int count, ReadVisitor visitor) {
        forgetResult();
        multiRead.run(table, keys, count, visitor);
    }

    @Override
    public Status write(
            Table table,
            Key key,
            MemorySegment value,
            long offset,
            int length,
            WriteOptions options) {
        Objects.checkFromIndexSize(offset, length, value.byteSize());
        if (length > store.valueBytesMax()) {
            return Status.TOO_LARGE;
        }
        return change(table, key, ChangeKind.WRITE, 0, value, offset, length, options);
    }

    @Override
    public Status remove(Table table, Key key, WriteOptions options) {
        return change(table, key, ChangeKind.REMOVE, 0, MemorySegment.NULL, 0, 0, options);
    }

    @Override
    public Status increment(Table table, Key key, long delta, WriteOptions options) {
        return change(table, key, ChangeKind.INCREMENT, delta, MemorySegment.NULL, 0, 0, options);
    }

    @Override
    public Status expire(Table table, Key key, WriteOptions options) {
        return change(table, key, ChangeKind.EXPIRE, 0, MemorySegment.NULL, 0, 0, options);
    }

    private Status change(
            Table table,
            Key key,
            ChangeKind kind,
            long delta,
            MemorySegment value,
            long valueOffset,
            int valueLength,
            WriteOptions options) {
        startChange(
                table,
                key,
                kind,
                delta,
                value,
                valueOffset,
                valueLength,
                options,
                Operation.NOBODY);
        await();
        return endChange(key);
    }

    /** The first half of any change; {@code ended} is told when {@link #endChange} may follow. */
    void startChange(
            Table table,
            Key key,
            ChangeKind kind,
            long delta,
            MemorySegment value,
            long valueOffset,
            int valueLength,
            WriteOptions options,
            Operation.Ended ended) {
        forgetResult();
        MutableDirectBuffer buffer = operation.request(OVERHEAD + key.length() + valueLength);
        change.wrapAndApplyHeader(buffer, 0, header)
                .requiredVersion(options.requiredVersion())
                .rejectedUpTo(options.rejectedUpToVersion())
                .expiryMillis(options.expiryMillis())
                .delta(delta)
                .table(table.id())
                .kind(kind)
                .expiry(expiry(options))
                .tag((short) options.type())
                .epoch(0);
        rules(change.rules(), options).returnPrevious(options.wantsPrevious());
        int at = change.limit();
        putKey(at, key);
        at += Integer.BYTES + key.length();
        putBytes(at, value, valueOffset, valueLength);
        at += Integer.BYTES + valueLength;
        operation.start(table.id(), key.hash(), at, Operation.CHANGE, ServerId.NONE, ended);
    }

    /** The second half of any change. */
    Status endChange(Key key) {
        Status status = Statuses.of(operation);
        if (operation.hasReply()) {
            takeResult(key);
        }
        return status;
    }

    private void takeResult(Key key) {
        Call call = operation.call();
        changeReply.wrap(
                call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
        version = changeReply.version();
        number = changeReply.number();
        if (changeReply.previousVersion() != 0) {
            hadPrevious = true;
            int length = changeReply.previousLength();
            int offset = changeReply.limit() + Integer.BYTES;
            show(key, offset, length)
                    .meta(
                            changeReply.previousVersion(),
                            changeReply.previousExpiryMillis(),
                            changeReply.previousTag());
        }
    }

    private static RulesEncoder rules(RulesEncoder rules, WriteOptions options) {
        return rules.clear()
                .rejectIfMissing(options.rejectsMissing())
                .rejectIfExists(options.rejectsExisting());
    }

    private static ExpiryRule expiry(WriteOptions options) {
        return switch (options.expiry()) {
            case NONE -> ExpiryRule.NONE;
            case KEEP -> ExpiryRule.KEEP;
            case AT -> ExpiryRule.AT;
        };
    }

    @Override
    public Status writeAll(Table table, WriteBatch batch) {
        forgetResult();
        batch.forgetResults();
        if (batch.size() == 0) {
            return Status.OK;
        }
        long length = BODY + WriteAllEncoder.BLOCK_LENGTH + Integer.BYTES;
        for (int index = 0; index < batch.size(); index++) {
            length +=
                    WriteAllEncoder.ChangesEncoder.sbeBlockLength()
                            + 2 * Integer.BYTES
                            + batch.key(index).length()
                            + batch.length(index);
        }
        if (length > store.rpc().messageBytesMax()) {
            return Status.TOO_LARGE;
        }
        MutableDirectBuffer buffer = operation.request((int) length);
        writeAll.wrapAndApplyHeader(buffer, 0, header).table(table.id()).epoch(0);
        WriteAllEncoder.ChangesEncoder changes = writeAll.changesCount(batch.size());
        for (int index = 0; index < batch.size(); index++) {
            WriteOptions options = batch.options(index);
            changes.next()
                    .requiredVersion(options.requiredVersion())
                    .rejectedUpTo(options.rejectedUpToVersion())
                    .expiryMillis(options.expiryMillis())
                    .kind(batch.removes(index) ? ChangeKind.REMOVE : ChangeKind.WRITE)
                    .expiry(expiry(options))
                    .tag((short) options.type());
            rules(changes.rules(), options);
            int at = writeAll.limit();
            putKey(at, batch.key(index));
            at += Integer.BYTES + batch.key(index).length();
            putBytes(at, batch.value(index), batch.offset(index), batch.length(index));
            writeAll.limit(at + Integer.BYTES + batch.length(index));
        }
        operation.start(
                table.id(),
                batch.key(0).hash(),
                (int) length,
                Operation.BATCH,
                ServerId.NONE,
                Operation.NOBODY);
        store.rpc().await(operation);
        Status status = Statuses.of(operation);
        if (operation.hasReply()) {
            Call call = operation.call();
            writeAllReply.wrap(
                    call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
            int index = 0;
            for (WriteAllReplyDecoder.ChangesDecoder each : writeAllReply.changes()) {
                batch.answer(index++, Statuses.of(each.status()), each.version());
            }
        }
        return status;
    }

    /** Nothing: every change through here is made once, under this client's own lease. */
    @Override
    public void once(long lease, long request, long firstUnanswered, long epoch) {
        assert lease != 0;
    }

    /** See {@link ScanStep}. */
    @Override
    public long scan(Table table, long cursor, int count, ObjectVisitor visitor) {
        forgetResult();
        return scanStep.run(table, cursor, count, visitor);
    }

    /**
     * As the other, of what {@code server} has, and not much further than {@code until} unless that
     * is 0. {@link #scanStatus} tells whether 0 means the end.
     */
    long scan(
            Table table,
            ServerId server,
            long cursor,
            long until,
            int count,
            ObjectVisitor visitor) {
        forgetResult();
        scan.wrapAndApplyHeader(operation.request(OVERHEAD), 0, header)
                .cursor(cursor)
                .table(table.id())
                .count(Math.clamp(count, 1, SCAN_COUNT_MAX))
                .values((short) 1)
                .until(until);
        int length = BODY + scan.encodedLength();
        operation.start(table.id(), 0, length, Operation.READ, server, Operation.NOBODY);
        store.rpc().await(operation);
        Call call = operation.call();
        scanStatus = Statuses.of(operation);
        if (scanStatus != Status.OK) {
            return 0;
        }
        scanReply.wrap(
                call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
        long next = scanReply.cursor();
        scanServed = scanReply.served();
        view.in(call.replyMemory());
        List<byte[]> leftOut = new ArrayList<>();
        for (ScanReplyDecoder.ObjectsDecoder each : scanReply.objects()) {
            view.meta(each.version(), each.expiryMillis(), each.tag());
            boolean whole = each.hasValue() != 0;
            int keyLength = each.keyLength();
            int keyOffset = scanReply.limit() + Integer.BYTES;
            each.skipKey();
            int valueLength = each.valueLength();
            int valueOffset = scanReply.limit() + Integer.BYTES;
            each.skipValue();
            scannedKey.wrap(call.replyMemory(), keyOffset, keyLength);
            if (whole) {
                view.key(scannedKey.hash(), keyOffset, keyLength).value(valueOffset, valueLength);
                visitor.visit(view);
            } else {
                leftOut.add(call.replyMemory().asSlice(keyOffset, keyLength).toArray(JAVA_BYTE));
            }
        }
        for (byte[] key : leftOut) {
            Status status = read(table, scannedKey.wrap(key));
            if (status == Status.OK) {
                visitor.visit(view);
            } else if (status != Status.NOT_FOUND) {
                scanStatus = status;
            }
        }
        view.clear();
        return next;
    }

    /** How the last scan of one server went. */
    Status scanStatus() {
        return scanStatus;
    }

    /** What that server served, as a number of {@link io.silkstone.rpc.Hashes}. */
    long scanServed() {
        return scanServed;
    }

    @Override
    public Status random(Table table) {
        List<ClusterMap.Server> servers =
                store.routes().map().servers().stream().filter(ClusterMap.Server::up).toList();
        int first = (int) store.random(Math.max(1, servers.size()));
        for (int index = 0; index < servers.size(); index++) {
            ServerId server = servers.get((first + index) % servers.size()).id();
            long from = store.random(Long.MAX_VALUE);
            if (firstFrom(table, server, from) || firstFrom(table, server, 0)) {
                return Status.OK;
            }
        }
        return store.routes().map().tablet(table.id(), 0) == null
                ? Status.NO_SUCH_TABLE
                : Status.NOT_FOUND;
    }

    /** Shows the first object that {@code server} has from {@code cursor} on. */
    private boolean firstFrom(Table table, ServerId server, long cursor) {
        long next = cursor;
        boolean[] found = new boolean[1];
        do {
            forgetResult();
            next = scan(table, server, next, 0, 1, each -> found[0] = true);
        } while (!found[0] && next != 0);
        if (found[0]) {
            view.in(operation.call().replyMemory());
            version = view.version();
        }
        return found[0];
    }

    /**
     * Clears what each server has by the leader's map, one after the other: by an older one a
     * tablet might be left out, so nothing is done where nobody leads (UNAVAILABLE). Each server
     * does so only if it has just what the map says: so what moves meanwhile is neither missed nor
     * cleared twice, as which what was written in between would be gone too. Where some are gone
     * already, and others perhaps not, the answer is UNKNOWN.
     */
    @Override
    public Status clear(Table table) {
        forgetResult();
        long deadline = store.rpc().now() + store.options().timeoutNanos();
        Status status = Status.RETRY_LATER;
        while (status == Status.RETRY_LATER && store.rpc().now() - deadline < 0) {
            status = clear(table, store.leadersMap(store.options().timeoutNanos()));
            if (status == Status.RETRY_LATER) {
                store.pause(CLEAR_PAUSE_NANOS);
            }
        }
        return status == Status.RETRY_LATER ? Status.UNAVAILABLE : status;
    }

    /** RETRY_LATER when nothing was done, for tablets have moved since the map was made. */
    private Status clear(Table table, ClusterMap map) {
        if (map == null) {
            return Status.UNAVAILABLE;
        }
        if (map.tablet(table.id(), 0) == null) {
            return Status.NO_SUCH_TABLE;
        }
        if (map.isRecovering(table.id())) {
            // What is read out of logs would be there again.
            return Status.RETRY_LATER;
        }
        boolean begun = false;
        for (ClusterMap.Server server : map.servers()) {
            if (!server.up()) {
                continue;
            }
            clear.wrapAndApplyHeader(operation.request(OVERHEAD), 0, header)
                    .table(table.id())
                    .request(1 + store.random(Long.MAX_VALUE - 1))
                    .served(Hashes.number(map.served(table.id(), server.id())))
                    .mapVersion(map.version());
            int length = BODY + clear.encodedLength();
            operation.start(table.id(), 0, length, Operation.READ, server.id(), Operation.NOBODY);
            store.rpc().await(operation);
            Status status = Statuses.of(operation);
            if (status != Status.OK) {
                boolean maybe = begun || operation.mayHaveBeenMade();
                boolean hasMoved = operation.status() == io.silkstone.rpc.messages.Status.REFUSED;
                return maybe ? Status.UNKNOWN : hasMoved ? Status.RETRY_LATER : status;
            }
            begun = true;
        }
        return Status.OK;
    }

    /** No tablet can be locked from another process: its server might wait for ever. */
    @Override
    public Status lockTablet(Table table, long keyHash) {
        return Status.NOT_OWNER;
    }

    @Override
    public void unlockTablet() {
        throw new IllegalStateException("no tablet is locked");
    }

    private void forgetResult() {
        view.clear();
        hadPrevious = false;
        version = 0;
        number = 0;
    }

    /** Whether {@link #object} shows anything. */
    boolean shows() {
        return view.isPresent();
    }

    @Override
    public ObjectView object() {
        assert view.isPresent();
        return view;
    }

    @Override
    public boolean hadPrevious() {
        return hadPrevious;
    }

    @Override
    public long version() {
        return version;
    }

    @Override
    public long number() {
        return number;
    }

    @Override
    public void close() {
        operation.close();
        multiRead.close();
    }
}
