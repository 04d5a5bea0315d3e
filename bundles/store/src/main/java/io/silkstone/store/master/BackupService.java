package io.silkstone.store.master;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.base.Checks;
import io.silkstone.rpc.Request;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.DropReplicasDecoder;
import io.silkstone.rpc.messages.ListReplicasDecoder;
import io.silkstone.rpc.messages.ReadReplicaDecoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.rpc.messages.WriteReplicaDecoder;
import io.silkstone.store.Agent;
import io.silkstone.store.backup.Backups;
import io.silkstone.store.backup.Backups.Outcome;
import io.silkstone.store.backup.Backups.Step;
import io.silkstone.store.durable.Flush;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongPredicate;
import java.util.stream.Collectors;

/**
 * Keeps replicas of other servers' logs for them, and shows them to those who recover a log: what
 * {@link Backups} does, for who asks over the network.
 *
 * <p><b>Rounds.</b> The thread that polls only takes requests in. Another one goes round: it writes
 * all that has come, has the disk make it safe, once for all of it, if {@link Flush} wants that,
 * and then answers. So what comes while the disk is busy goes out together, and a disk that stands
 * still holds up nobody but those who write to it. With INTERVAL the disk is told once an interval,
 * with NEVER by nobody; both answer when the operating system has it.
 *
 * <p><b>Reading</b> is for recovery, which takes seconds, while masters wait for what is written
 * with each of their replies: so one file is read in a round, at most.
 *
 * <p><b>Bounds.</b> What waits has a limit in bytes and in number; beyond it the answer is BUSY.
 *
 * <p>Threads: {@link #doWork} by one at a time, over and over, that may wait for a disk; the other
 * methods by any.
 */
public final class BackupService implements Agent, AutoCloseable {
    private static final int LENGTH_BYTES = Integer.BYTES;
    private static final int WAITING_BYTES_MAX = 64 << 20;
    private static final int WAITING_MAX = 4_096;
    private static final int READING_MAX = 256;
    private static final int SPARES_MAX = 16;
    private static final int READERS_MAX = 2;

    /** Longer ones are not kept for use again. */
    private static final int SPARE_BYTES_MAX = 1 << 20;

    /** How soon it may be worth trying again when the queue is full. */
    private static final long RETRY_NANOS = 2_000_000;

    private static final int TEXT_LENGTH_MAX = 300;
    private static final String NO_CLUSTER = "this server belongs to no cluster yet";
    private static final String DISK_FAILED = "the backup's disk failed";

    private final Rpc rpc;
    private final Backups backups;
    private final Flush flush;
    private final long intervalNanos;
    private final Queue<Request> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waitingBytes = new AtomicInteger();
    private final AtomicInteger waitingCount = new AtomicInteger();
    private final Queue<Request> spares = new ArrayBlockingQueue<>(SPARES_MAX);

    /** Of those who read: with room for long replies, and so few. */
    private final Queue<Request> readers = new ArrayBlockingQueue<>(READERS_MAX);

    private final AtomicReference<LongPredicate> needed = new AtomicReference<>();
    private volatile Runnable wakeUp = () -> {};

    // What follows belongs to whoever does the work.

    private final WriteReplicaDecoder write = new WriteReplicaDecoder();
    private final DropReplicasDecoder drop = new DropReplicasDecoder();
    private final ListReplicasDecoder list = new ListReplicasDecoder();
    private final ReadReplicaDecoder read = new ReadReplicaDecoder();
    private final ReplicaReplies replies;

    /** Done, and not answered. */
    private final List<Written> written = new ArrayList<>();

    private final ArrayDeque<Request> reading = new ArrayDeque<>();
    private long syncedAt;

    private record Written(Request request, Step step) {}

    /**
     * Of replicas in {@code backups}, which are closed with this.
     *
     * @param flush any but OFF
     * @param intervalNanos between two syncs with {@link Flush#INTERVAL}
     */
    public BackupService(Rpc rpc, Backups backups, Flush flush, long intervalNanos) {
        Checks.require(flush != Flush.OFF, "a backup keeps what it is given");
        this.rpc = rpc;
        this.backups = backups;
        this.flush = flush;
        this.intervalNanos = intervalNanos;
        replies = new ReplicaReplies(rpc);
        syncedAt = rpc.now();
    }

    /** Begins to serve. */
    public void register() {
        rpc.serve(WriteReplicaDecoder.TEMPLATE_ID, this::take);
        rpc.serve(DropReplicasDecoder.TEMPLATE_ID, this::take);
        rpc.serve(ListReplicasDecoder.TEMPLATE_ID, this::take);
        rpc.serve(ReadReplicaDecoder.TEMPLATE_ID, this::take);
    }

    /** Has {@code wakeUp} called, by any thread, when there is something to do. */
    public void onDemand(Runnable wakeUp) {
        this.wakeUp = wakeUp;
    }

    private void take(Request request) {
        int bytes = request.buffer().capacity();
        // Only the thread that polls adds: none of the limits is passed by two at once.
        boolean isFull =
                waitingCount.get() >= WAITING_MAX
                        || waitingBytes.get() > 0 && waitingBytes.get() + bytes > WAITING_BYTES_MAX;
        if (isFull) {
            request.refuse(Status.BUSY, RETRY_NANOS, "");
            return;
        }
        waitingBytes.addAndGet(bytes);
        waitingCount.incrementAndGet();
        Queue<Request> pool = reads(request) ? readers : spares;
        waiting.add(request.keep(pool.poll()));
        wakeUp.run();
    }

    /**
     * Logs that nobody needs go, in a while: those of servers that are not up any more, as {@code
     * map} says, and that nobody has to recover from. Of a server that the map has not heard of yet
     * nothing is known, and its log stays.
     */
    public void forget(ClusterMap map) {
        Set<ServerId> logs =
                map.logs().stream().map(ClusterMap.Log::server).collect(Collectors.toSet());
        needed.set(
                master ->
                        map.cluster() != rpc.cluster() || isNeeded(ServerId.of(master), map, logs));
        wakeUp.run();
    }

    static boolean isNeeded(ServerId master, ClusterMap map, Set<ServerId> logs) {
        boolean isGone = false;
        for (ClusterMap.Server server : map.servers()) {
            boolean isLater = server.id().generation() > master.generation();
            boolean isDown = !server.up() && server.id().equals(master);
            isGone |= server.id().index() == master.index() && (isLater || isDown);
        }
        return !isGone || logs.contains(master);
    }

    @Override
    public String name() {
        return "backup";
    }

    @Override
    public int doWork() {
        int work = writeAll();
        sync();
        answer();
        work += readSome();
        work += forgetSome();
        return work;
    }

    /** Whether the replicas are those of the cluster's servers. */
    private boolean isEntered() throws IOException {
        long cluster = rpc.cluster();
        if (cluster != 0 && cluster != backups.cluster()) {
            backups.enter(cluster);
        }
        return cluster != 0;
    }

    private int writeAll() {
        int taken = 0;
        int bytes = 0;
        while (bytes < WAITING_BYTES_MAX && !waiting.isEmpty()) {
            Request request = waiting.remove();
            int length = request.buffer().capacity();
            waitingBytes.addAndGet(-length);
            waitingCount.decrementAndGet();
            bytes += length;
            taken++;
            begin(request);
        }
        return taken;
    }

    /** Writes or drops what it says, or lets it wait for its turn to read. */
    private void begin(Request request) {
        if (reads(request) && reading.size() < READING_MAX) {
            reading.add(request);
        } else if (reads(request)) {
            refuse(request, Status.BUSY, "");
        } else if (request.templateId() == WriteReplicaDecoder.TEMPLATE_ID) {
            attempt(request, this::write);
        } else {
            attempt(request, this::drop);
        }
    }

    private static boolean reads(Request request) {
        int kind = request.templateId();
        return kind == ListReplicasDecoder.TEMPLATE_ID || kind == ReadReplicaDecoder.TEMPLATE_ID;
    }

    /** A request's work. */
    private interface Work {
        void on(Request request) throws IOException;
    }

    /** Refuses what cannot be read, or what the disk fails. */
    private void attempt(Request request, Work work) {
        try {
            if (isEntered()) {
                work.on(request);
            } else {
                refuse(request, Status.NOT_A_MEMBER, NO_CLUSTER);
            }
        } catch (IndexOutOfBoundsException | IllegalArgumentException | ArithmeticException e) {
            refuse(request, Status.MALFORMED, "");
        } catch (IOException e) {
            refuse(request, Status.REFUSED, DISK_FAILED + ": " + e.getMessage());
        }
    }

    private void write(Request request) throws IOException {
        write.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        long position = write.position();
        int noteLength = write.noteLength();
        int noteOffset = write.limit() + LENGTH_BYTES;
        MemorySegment note = bytes(request, noteOffset, noteLength);
        write.limit(noteOffset + noteLength);
        int entriesLength = write.entriesLength();
        MemorySegment entries = bytes(request, write.limit() + LENGTH_BYTES, entriesLength);
        Step step =
                new Step(
                        write.master(),
                        write.segment(),
                        write.incarnation(),
                        write.sequence(),
                        Math.toIntExact(position),
                        write.ended() != 0,
                        write.noteNumber(),
                        note,
                        entries);
        if (backups.write(step) == Outcome.DONE) {
            written.add(new Written(request, step));
        } else {
            refuse(request, Status.NOT_FOUND, "");
        }
    }

    /** What lies in the message itself, and not in memory behind it. */
    private static MemorySegment bytes(Request request, int offset, int length) {
        request.buffer().boundsCheck(offset, length);
        return request.memory().asSlice(request.memoryOffset() + offset, length);
    }

    private void drop(Request request) throws IOException {
        drop.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        long master = drop.master();
        for (DropReplicasDecoder.SegmentsDecoder each : drop.segments()) {
            backups.drop(master, each.segment(), each.incarnation());
        }
        request.done(0);
        spare(request);
    }

    private void sync() {
        long now = rpc.now();
        boolean isAwaited = flush == Flush.ALWAYS && !written.isEmpty();
        boolean isDue = flush == Flush.INTERVAL && now - syncedAt >= intervalNanos;
        if (isAwaited || isDue || backups.needsSync()) {
            backups.sync();
            syncedAt = now;
        }
    }

    private void answer() {
        for (Written each : written) {
            if (backups.has(each.step)) {
                each.request.done(0);
                spare(each.request);
            } else {
                refuse(each.request, Status.REFUSED, DISK_FAILED);
            }
        }
        written.clear();
    }

    private void refuse(Request request, Status status, String text) {
        String clipped = text.substring(0, Math.min(text.length(), TEXT_LENGTH_MAX));
        request.refuse(status, status == Status.BUSY ? RETRY_NANOS : 0, clipped);
        spare(request);
    }

    private void spare(Request request) {
        // If there are enough of them it is garbage.
        if (reads(request)) {
            readers.offer(request);
        } else if (request.buffer().capacity() <= SPARE_BYTES_MAX) {
            spares.offer(request);
        }
    }

    /** What takes as long as reading one file. */
    private int readSome() {
        Request request = reading.poll();
        while (request != null && rpc.now() - request.deadline() >= 0) {
            request = reading.poll();
        }
        if (request == null) {
            return 0;
        }
        attempt(
                request,
                request.templateId() == ListReplicasDecoder.TEMPLATE_ID ? this::list : this::read);
        return 1;
    }

    private void list(Request request) throws IOException {
        list.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        if (backups.prepareList(list.master())) {
            replies.list(request, backups.list(list.master(), list.epoch()));
            spare(request);
        } else {
            reading.add(request);
        }
    }

    private void read(Request request) throws IOException {
        read.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        int cursor = Math.toIntExact(read.cursor());
        long master = read.master();
        long segment = read.segment();
        long incarnation = read.incarnation();
        ReplicaReplies.Read reply = replies.begin(request, read.bytes());
        ReadReplicaDecoder.RangesDecoder ranges = read.ranges();
        int count = ranges.count();
        int block = ranges.actingBlockLength();
        request.buffer().boundsCheck(read.limit(), count * block);
        long[] first = new long[count];
        long[] last = new long[count];
        int[] table = new int[count];
        for (int index = 0; index < count; index++) {
            ranges.next();
            first[index] = ranges.firstHash();
            last[index] = ranges.lastHash();
            table[index] = (int) ranges.table();
        }
        int next =
                backups.read(
                        master,
                        segment,
                        incarnation,
                        cursor,
                        (tableId, hash) -> {
                            boolean isWanted = false;
                            for (int index = 0; index < count && !isWanted; index++) {
                                isWanted =
                                        table[index] == tableId
                                                && Long.compareUnsigned(first[index], hash) <= 0
                                                && Long.compareUnsigned(hash, last[index]) <= 0;
                            }
                            return isWanted;
                        },
                        reply);
        reply.end(next);
        spare(request);
    }

    private int forgetSome() {
        LongPredicate isNeeded = needed.get();
        if (isNeeded == null || rpc.cluster() != backups.cluster()) {
            return 0;
        }
        if (backups.forgetSome(isNeeded)) {
            return 1;
        }
        // A later one may have come.
        needed.compareAndSet(isNeeded, null);
        return 0;
    }

    /**
     * Serves no more, and makes safe what it has, as far as the disk lets it. When nobody does the
     * work any more.
     */
    @Override
    public void close() {
        rpc.serveNoMore(WriteReplicaDecoder.TEMPLATE_ID);
        rpc.serveNoMore(DropReplicasDecoder.TEMPLATE_ID);
        rpc.serveNoMore(ListReplicasDecoder.TEMPLATE_ID);
        rpc.serveNoMore(ReadReplicaDecoder.TEMPLATE_ID);
        writeAll();
        backups.sync();
        answer();
        reading.forEach(request -> request.refuse(Status.RETRY_LATER));
        reading.clear();
        backups.close();
    }
}
