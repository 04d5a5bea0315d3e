package io.silkstone.store.master;

import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.rpc.Request;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.BeginCopyDecoder;
import io.silkstone.rpc.messages.BeginPassDecoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.MigrationPreparedEncoder;
import io.silkstone.rpc.messages.PassBegunEncoder;
import io.silkstone.rpc.messages.PrepareMigrationDecoder;
import io.silkstone.rpc.messages.Priority;
import io.silkstone.rpc.messages.PriorityPullDecoder;
import io.silkstone.rpc.messages.PullAheadDecoder;
import io.silkstone.rpc.messages.PullChangesDecoder;
import io.silkstone.rpc.messages.PullDecoder;
import io.silkstone.rpc.messages.PullLogDecoder;
import io.silkstone.rpc.messages.PullResultsDecoder;
import io.silkstone.rpc.messages.PulledEncoder;
import io.silkstone.rpc.messages.RecallTabletEncoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.store.Store;
import io.silkstone.store.TabletReader;
import io.silkstone.store.TabletReader.Place;
import io.silkstone.store.log.Entry;
import io.silkstone.store.memory.Memory;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Lets other servers fetch tablets of this one: the source of a migration (Rocksteady, SOSP 2017,
 * section 3.1). It freezes a tablet when it is asked to, and from then on answers pulls out of what
 * lies there, and remembers nothing of them.
 *
 * <p>A tablet that was frozen and that nobody takes, nor copies before taking it, is nobody's: so
 * after a while this server asks the coordinator to have it back. That gives it a new epoch, so
 * that whoever comes with the old one is too late; {@link StoreHoldings} thaws it when the map says
 * so. A tablet can also be copied while it is served: what is changed in it is remembered for who
 * copies it, for as long as that one asks for more.
 *
 * <p>Threads: pulls are served by the thread that polls, the rest by threads of their own.
 */
final class Departures {
    private static final int BODY = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int LENGTH_BYTES = Integer.BYTES;
    private static final long RECALL_NANOS = 1_000_000_000;

    /** How long nobody may ask for more of a tablet that is copied before it is taken. */
    private static final long COPY_SILENCE_NANOS = 3_000_000_000L;

    private static final long LOOK_NANOS = 50_000_000;
    private static final long SETTLE_NANOS = 200_000;
    private static final long ASK_NANOS = 2_000_000_000;
    private static final int REQUEST_BYTES = 256;
    private static final int STRETCHES_MAX = 1_024;
    private static final int GROUP_BYTES = 4;

    private final Rpc rpc;
    private final ThreadRuntime threads;
    private final Store store;
    private final Membership membership;
    private final TabletReader reader;
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final PullDecoder pull = new PullDecoder();
    private final PullLogDecoder pullLog = new PullLogDecoder();
    private final PullAheadDecoder pullAhead = new PullAheadDecoder();
    private final PullChangesDecoder pullChanges = new PullChangesDecoder();
    private final PullResultsDecoder pullResults = new PullResultsDecoder();
    private final PriorityPullDecoder priorityPull = new PriorityPullDecoder();
    private final PulledEncoder pulled = new PulledEncoder();
    private final Reply reply = new Reply();
    private final Set<Long> watchers = ConcurrentHashMap.newKeySet();

    /** Of changes; each is watched by one thread. */
    private final Set<Long> records = ConcurrentHashMap.newKeySet();

    private volatile boolean closed;

    /**
     * Entries behind the block of a {@link PulledEncoder}, and then the hashes left out, or those
     * that the entries are of.
     */
    private final class Reply implements TabletReader.Sink, TabletReader.Changes {
        private static final int ENTRIES = BODY + PulledEncoder.BLOCK_LENGTH + LENGTH_BYTES;

        private Request request;
        private long begunAt;
        private int bytesMax;
        private int limit;
        private long[] leftOut = new long[8];
        private int leftOutCount;

        void begin(Request request, int bytesWanted) {
            begunAt = rpc.now();
            this.request = request;
            // Half of a message is for objects that are longer than what was asked for.
            bytesMax = Math.max(1, Math.min(bytesWanted, rpc.messageBytesMax() / 2));
            limit = ENTRIES;
            leftOutCount = 0;
            request.reply(ENTRIES);
        }

        @Override
        public boolean put(long entry, int bytes) {
            int room = rpc.messageBytesMax() - limit - LENGTH_BYTES - leftOutCount * Long.BYTES;
            if (bytes + Long.BYTES > room) {
                return false;
            }
            request.reply(limit + bytes);
            int header = Entry.withoutDeadFlag(Entry.header(entry));
            MemorySegment memory = request.replyMemory();
            MemorySegment.copy(Memory.ALL, entry, memory, limit, bytes);
            request.reply(limit + bytes).putInt(limit, header);
            limit += bytes;
            return true;
        }

        @Override
        public void leaveOut(long hash) {
            if (leftOutCount == leftOut.length) {
                leftOut = Arrays.copyOf(leftOut, 2 * leftOutCount);
            }
            leftOut[leftOutCount++] = hash;
        }

        @Override
        public boolean put(long hash, long[] entries, int count) {
            int limitBefore = limit;
            boolean fits = true;
            for (int index = 0; index < count && fits; index++) {
                fits = put(entries[index], Entry.strideOf(Entry.header(entries[index])));
            }
            if (fits) {
                leaveOut(hash);
            } else {
                limit = limitBefore;
            }
            return fits;
        }

        @Override
        public boolean isFull() {
            return limit - ENTRIES >= bytesMax;
        }

        void send(long cursor) {
            int length = limit + LENGTH_BYTES + leftOutCount * Long.BYTES;
            pulled.wrapAndApplyHeader(request.reply(length), 0, header);
            pulled.header().status(Status.OK).retryMicros(0);
            pulled.cursor(cursor).sourceNanos(rpc.now() - begunAt);
            request.reply(length).putInt(ENTRIES - LENGTH_BYTES, limit - ENTRIES);
            request.reply(length).putInt(limit, leftOutCount * Long.BYTES);
            for (int index = 0; index < leftOutCount; index++) {
                int at = limit + LENGTH_BYTES + index * Long.BYTES;
                request.reply(length).putLong(at, leftOut[index]);
            }
            request.send(length);
        }
    }

    /** Of {@code store}, which {@code membership} keeps in line with the coordinator. */
    Departures(Rpc rpc, ThreadRuntime threads, Store store, Membership membership) {
        this.rpc = rpc;
        this.threads = threads;
        this.store = store;
        this.membership = membership;
        reader = store.openReader();
    }

    /** Begins to serve. */
    void register() {
        rpc.serveWaiting(PrepareMigrationDecoder.TEMPLATE_ID, 0, this::prepare);
        rpc.serve(PullResultsDecoder.TEMPLATE_ID, this::pullResults);
        rpc.serve(PullDecoder.TEMPLATE_ID, this::pull);
        rpc.serveWaiting(BeginPassDecoder.TEMPLATE_ID, 0, this::beginPass);
        rpc.serve(PullLogDecoder.TEMPLATE_ID, this::pullLog);
        rpc.serve(PullAheadDecoder.TEMPLATE_ID, this::pullAhead);
        rpc.serve(PriorityPullDecoder.TEMPLATE_ID, this::priorityPull);
        rpc.serveWaiting(BeginCopyDecoder.TEMPLATE_ID, 0, this::beginCopy);
        rpc.serve(PullChangesDecoder.TEMPLATE_ID, this::pullChanges);
    }

    private void prepare(Request request) {
        PrepareMigrationDecoder prepare = new PrepareMigrationDecoder();
        prepare.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        int table = (int) prepare.table();
        boolean lookOnly = prepare.lookOnly() == 1;
        Place place = new Place(table, prepare.firstHash(), prepare.lastHash(), prepare.epoch());
        ServerId self = membership.self();
        if (!membership.mayServe()) {
            request.refuse(Status.NOT_A_MEMBER);
            return;
        }
        if (lookOnly) {
            answer(request, place);
            return;
        }
        try {
            store.freezeTablet(place.table(), place.first(), place.last(), place.epoch());
        } catch (StoreRefused e) {
            request.refuse(Status.REFUSED, 0, e.getMessage());
            return;
        }
        try {
            awaitSettled();
            answer(request, place);
        } finally {
            // Nobody else would thaw it.
            watch(place, self);
        }
    }

    /** Who takes the tablet tells clients what it finds, and nothing of it waits for anything. */
    private void awaitSettled() {
        long mark = store.mark();
        while (!closed && !store.isSettled(mark)) {
            threads.sleep(SETTLE_NANOS);
        }
    }

    private void answer(Request request, Place place) {
        MigrationPreparedEncoder answer = new MigrationPreparedEncoder();
        MessageHeaderEncoder own = new MessageHeaderEncoder();
        int length = BODY + MigrationPreparedEncoder.BLOCK_LENGTH;
        answer.wrapAndApplyHeader(request.reply(length), 0, own);
        answer.header().status(Status.OK).retryMicros(0);
        try (TabletReader measuring = store.openReader()) {
            TabletReader.Size size = measuring.measure(place.table(), place.first(), place.last());
            answer.objects(size.objects()).bytes(size.bytes());
        }
        request.send(length);
    }

    /** Until the tablet is somebody's again. */
    private void watch(Place place, ServerId self) {
        long watcher = threads.self();
        watchers.add(watcher);
        try {
            long recallAt = rpc.now() + RECALL_NANOS;
            long pieces = 0;
            while (!closed && membership.self().equals(self) && isNobodys(place, self)) {
                threads.sleep(LOOK_NANOS);
                long piecesNow = reader.piecesAhead(place);
                if (piecesNow != pieces) {
                    // Whoever copies it first is still at it.
                    pieces = piecesNow;
                    recallAt = rpc.now() + COPY_SILENCE_NANOS;
                }
                if (rpc.now() - recallAt >= 0 && isNobodys(place, self) && !closed) {
                    recall(place, self);
                    membership.hurry();
                    recallAt = rpc.now() + RECALL_NANOS;
                }
            }
        } finally {
            watchers.remove(watcher);
        }
    }

    private void beginCopy(Request request) {
        BeginCopyDecoder begin = new BeginCopyDecoder();
        begin.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        Place place =
                new Place((int) begin.table(), begin.firstHash(), begin.lastHash(), begin.epoch());
        if (!membership.mayServe()) {
            request.refuse(Status.NOT_A_MEMBER);
            return;
        }
        long record;
        try {
            record = store.recordChanges(place, begin.server(), begin.number());
        } catch (StoreRefused e) {
            request.refuse(Status.REFUSED, 0, e.getMessage());
            return;
        }
        boolean isNew = records.add(record);
        try {
            request.done(record);
        } finally {
            if (isNew) {
                // Nobody else would forget it.
                watchCopy(place, record);
            }
        }
    }

    /** Until the tablet is frozen for who copies it, or nobody asks for more of it. */
    private void watchCopy(Place place, long record) {
        long watcher = threads.self();
        watchers.add(watcher);
        try {
            long forgetAt = rpc.now() + COPY_SILENCE_NANOS;
            long pieces = 0;
            while (!closed && reader.isRecorded(place, record)) {
                threads.sleep(LOOK_NANOS);
                long piecesNow = reader.piecesAhead(place);
                if (piecesNow != pieces) {
                    pieces = piecesNow;
                    forgetAt = rpc.now() + COPY_SILENCE_NANOS;
                }
                if (rpc.now() - forgetAt >= 0) {
                    store.forgetChanges(place, record);
                }
            }
        } finally {
            watchers.remove(watcher);
            records.remove(record);
        }
    }

    private boolean isNobodys(Place place, ServerId self) {
        Tablet tablet = membership.map().tablet(place.table(), place.first());
        boolean isFrozen = reader.holds(place);
        // The map may be older than the tablet, which came here and is to go on.
        boolean isOurs =
                tablet == null
                        || tablet.epoch() < place.epoch()
                        || tablet.epoch() == place.epoch() && tablet.owner().equals(self);
        return isFrozen && isOurs;
    }

    private void recall(Place place, ServerId self) {
        try (Question question = new Question(rpc, Priority.HIGH)) {
            RecallTabletEncoder recall = new RecallTabletEncoder();
            recall.wrapAndApplyHeader(question.request(REQUEST_BYTES), 0, question.header())
                    .server(self.packed())
                    .firstHash(place.first())
                    .epoch(place.epoch())
                    .table(place.table());
            question.ask(membership.leader(), recall.encodedLength(), ASK_NANOS);
        } catch (IllegalStateException allCallsAreInUse) {
            // It is tried again after a while.
            threads.sleep(LOOK_NANOS);
        }
    }

    private void pullResults(Request request) {
        pullResults.wrap(
                request.buffer(), request.offset(), request.blockLength(), request.version());
        Place place =
                new Place(
                        (int) pullResults.table(),
                        pullResults.firstHash(),
                        pullResults.lastHash(),
                        pullResults.epoch());
        reply.begin(request, Integer.MAX_VALUE);
        long next = reader.results(place, pullResults.cursor(), reply);
        answer(request, next);
    }

    private void pull(Request request) {
        pull.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        Place place =
                new Place((int) pull.table(), pull.firstHash(), pull.lastHash(), pull.epoch());
        reply.begin(request, (int) Math.min(pull.bytes(), Integer.MAX_VALUE));
        long next = reader.objects(place, pull.cursor(), pull.until(), false, reply);
        answer(request, next);
        learnOfOwner(place);
    }

    private void beginPass(Request request) {
        BeginPassDecoder begin = new BeginPassDecoder();
        begin.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        Place place =
                new Place((int) begin.table(), begin.firstHash(), begin.lastHash(), begin.epoch());
        int most = (int) Math.clamp(begin.stretches(), 1L, STRETCHES_MAX);
        TabletReader.Pass pass =
                reader.beginPass(
                        place,
                        begin.since(),
                        most,
                        begin.ahead() == 1,
                        () -> threads.sleep(SETTLE_NANOS));
        if (pass == null) {
            answer(request, TabletReader.NOT_HERE);
            return;
        }
        if (pass.until() == 0) {
            request.refuse(Status.OUT_OF_MEMORY);
            return;
        }
        PassBegunEncoder answer = new PassBegunEncoder();
        int length =
                BODY
                        + PassBegunEncoder.BLOCK_LENGTH
                        + GROUP_BYTES
                        + pass.begins().length * PassBegunEncoder.StretchesEncoder.sbeBlockLength();
        answer.wrapAndApplyHeader(request.reply(length), 0, new MessageHeaderEncoder());
        answer.header().status(Status.OK).retryMicros(0);
        answer.until(pass.until());
        PassBegunEncoder.StretchesEncoder stretches = answer.stretchesCount(pass.begins().length);
        for (long each : pass.begins()) {
            stretches.next().from(each);
        }
        request.send(length);
    }

    private void pullLog(Request request) {
        pullLog.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        Place place =
                new Place(
                        (int) pullLog.table(),
                        pullLog.firstHash(),
                        pullLog.lastHash(),
                        pullLog.epoch());
        boolean isAhead = pullLog.ahead() == 1;
        reply.begin(request, (int) Math.min(pullLog.bytes(), Integer.MAX_VALUE));
        long next =
                reader.objectsInLog(
                        place,
                        pullLog.cursor(),
                        pullLog.until(),
                        pullLog.onlyMoved() == 1,
                        isAhead,
                        reply);
        answer(request, next);
        if (!isAhead) {
            learnOfOwner(place);
        }
    }

    private void pullAhead(Request request) {
        pullAhead.wrap(
                request.buffer(), request.offset(), request.blockLength(), request.version());
        Place place =
                new Place(
                        (int) pullAhead.table(),
                        pullAhead.firstHash(),
                        pullAhead.lastHash(),
                        pullAhead.epoch());
        reply.begin(request, (int) Math.min(pullAhead.bytes(), Integer.MAX_VALUE));
        long next;
        if (pullAhead.oneHash() == 1) {
            boolean isHere = reader.objects(place, pullAhead.cursor(), true, reply);
            next = isHere ? 0 : TabletReader.NOT_HERE;
        } else {
            next = reader.objects(place, pullAhead.cursor(), pullAhead.until(), true, reply);
        }
        answer(request, next);
    }

    private void pullChanges(Request request) {
        pullChanges.wrap(
                request.buffer(), request.offset(), request.blockLength(), request.version());
        Place place =
                new Place(
                        (int) pullChanges.table(),
                        pullChanges.firstHash(),
                        pullChanges.lastHash(),
                        pullChanges.epoch());
        reply.begin(request, (int) Math.min(pullChanges.bytes(), Integer.MAX_VALUE));
        long next =
                reader.changes(
                        place,
                        pullChanges.record(),
                        pullChanges.round(),
                        pullChanges.cursor(),
                        reply);
        if (next == TabletReader.TOO_MANY) {
            request.refuse(Status.REFUSED, 0, "more was changed meanwhile than is remembered");
        } else {
            answer(request, next);
        }
    }

    private void priorityPull(Request request) {
        priorityPull.wrap(
                request.buffer(), request.offset(), request.blockLength(), request.version());
        Place place =
                new Place(
                        (int) priorityPull.table(),
                        priorityPull.firstHash(),
                        priorityPull.lastHash(),
                        priorityPull.epoch());
        reply.begin(request, Integer.MAX_VALUE);
        boolean isHere = true;
        for (PriorityPullDecoder.HashesDecoder each : priorityPull.hashes()) {
            isHere &= reader.objects(place, each.hash(), false, reply);
        }
        answer(request, isHere ? 0 : TabletReader.NOT_HERE);
        learnOfOwner(place);
    }

    private void answer(Request request, long next) {
        if (next == TabletReader.NOT_HERE) {
            request.refuse(Status.REFUSED, 0, "the tablet is not frozen here, nor copied");
        } else {
            reply.send(next);
        }
    }

    /** Only who has the tablet by now pulls objects: clients should be told. */
    private void learnOfOwner(Place place) {
        Tablet tablet = membership.map().tablet(place.table(), place.first());
        if (tablet != null && tablet.epoch() <= place.epoch()) {
            membership.hurry();
        }
    }

    /** Ends all threads. By a user thread, which waits for that. */
    void stop() {
        closed = true;
        rpc.serveNoMore(PrepareMigrationDecoder.TEMPLATE_ID);
        rpc.serveNoMore(BeginCopyDecoder.TEMPLATE_ID);
        rpc.serveNoMore(BeginPassDecoder.TEMPLATE_ID);
        for (long watcher : watchers) {
            threads.signal(watcher);
            threads.join(watcher);
        }
    }

    /** Serves no more. Not while a request is served. */
    void close() {
        closed = true;
        rpc.serveNoMore(PrepareMigrationDecoder.TEMPLATE_ID);
        rpc.serveNoMore(PullResultsDecoder.TEMPLATE_ID);
        rpc.serveNoMore(PullDecoder.TEMPLATE_ID);
        rpc.serveNoMore(BeginPassDecoder.TEMPLATE_ID);
        rpc.serveNoMore(PullLogDecoder.TEMPLATE_ID);
        rpc.serveNoMore(PullAheadDecoder.TEMPLATE_ID);
        rpc.serveNoMore(PriorityPullDecoder.TEMPLATE_ID);
        rpc.serveNoMore(BeginCopyDecoder.TEMPLATE_ID);
        rpc.serveNoMore(PullChangesDecoder.TEMPLATE_ID);
        reader.close();
    }
}
