package io.silkstone.store.master;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.rpc.Call;
import io.silkstone.rpc.Leader;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.Priority;
import io.silkstone.rpc.messages.RaiseLogEpochEncoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.rpc.messages.WriteReplicaEncoder;
import io.silkstone.store.backup.CopiesLost;
import io.silkstone.store.backup.NoBackup;
import io.silkstone.store.backup.SegmentCopies;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.random.RandomGenerator;
import org.agrona.MutableDirectBuffer;

/**
 * Replicas of a server's log on other servers, its backups: RAMCloud's replica manager (TOCS 2015,
 * section 4). All that a round of the {@link io.silkstone.store.durable.LogKeeper} adds to a
 * segment goes to the segment's backups in one message each, and is safe when all have answered.
 *
 * <p><b>Where they go.</b> Each copy of a segment is spread anew: of five servers drawn at random
 * the one that has got the least, never this one, never one twice. If fewer are up than there are
 * to be replicas, there are fewer until more come, but never none.
 *
 * <p><b>When a backup is lost</b>, since it is down or does not answer, the copies that it has a
 * replica of are begun anew elsewhere, from memory, and under a higher <em>incarnation</em>. It may
 * come back with what it had; so all copies that have not ended are begun anew with them, and then
 * the coordinator is told of the log's new <em>epoch</em>: replicas of a lower incarnation that
 * have not ended do not count any more. Nothing is safe before that. RAMCloud does the same for the
 * log's head (section 5.6 there).
 *
 * <p>Threads: the keeper's, a user thread, but {@link #follow}, {@link #isActive}, {@link
 * #areWanted}, {@link #bytes} and {@link #path} are any's.
 */
public final class LogReplicas implements SegmentCopies {
    private static final Logger LOG = System.getLogger(LogReplicas.class.getName());
    private static final int BODY = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int LENGTH_BYTES = Integer.BYTES;

    /** A backup that has not answered for so long is replaced by another one. */
    private static final long WRITE_NANOS = 1_000_000_000;

    private static final long ASK_NANOS = 1_000_000_000;

    private static final int DRAWN = 5;

    /** Calls that are kept for the next message, with as much memory as their longest took. */
    private static final int CALLS_KEPT = 8;

    /** What may be under way at once, when much of the log is begun anew. */
    private static final long PENDING_BYTES_MAX = 32 << 20;

    private static final int ASK_BYTES = 256;
    private static final byte[] NO_NOTE = {};

    /** What is known of the cluster. */
    private record View(ServerId self, ClusterMap map, int wanted) {}

    /** A segment's replica on one backup. */
    private static final class Replica {
        final Backup backup;
        boolean isLost;

        /** The message that is being filled or is under way; null for none. */
        Call call;

        boolean isSent;
        int length;

        Replica(Backup backup) {
            this.backup = backup;
        }
    }

    /** All replicas of a segment, which are alike. */
    private static final class Copy {
        final long segment;
        final long incarnation;
        final List<Replica> replicas = new ArrayList<>();
        int sequence;
        int bytes;
        boolean hasEnded;

        /** Whether the segment is in memory no more, so that it cannot be begun again. */
        boolean isGone;

        /** Whether writers append to it. */
        boolean isNoted;

        // Of the message that is being filled, if any.
        boolean hasEntries;
        boolean ends;
        long noteNumber;
        byte[] note = NO_NOTE;
        int length;

        Copy(long segment, long incarnation) {
            this.segment = segment;
            this.incarnation = incarnation;
        }
    }

    private final RandomGenerator random;
    private final WriteReplicaEncoder write = new WriteReplicaEncoder();
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private volatile View next = new View(ServerId.NONE, ClusterMap.NONE, 0);
    private volatile View view = next;
    private volatile long bytes;
    private volatile Rpc rpc;
    private volatile Leader leader;
    private volatile LongConsumer rest;

    // What follows belongs to the keeper's thread.

    private final TreeMap<Long, Copy> copies = new TreeMap<>();

    /** Of which a message is being filled. */
    private final Set<Copy> filling = new LinkedHashSet<>();

    /** To whose messages answers are awaited. */
    private final Set<Copy> unanswered = new LinkedHashSet<>();

    /** That are to end. */
    private final Set<Copy> ending = new LinkedHashSet<>();

    /** That have to be begun anew. */
    private final Map<Long, Copy> failed = new TreeMap<>();

    private final Map<ServerId, Backup> backups = new HashMap<>();
    private final ArrayDeque<Call> calls = new ArrayDeque<>();
    private long incarnations;
    private long beginnings;

    /** Of messages that are not answered, about. */
    private long pendingBytes;

    /** What the coordinator has to know before anything is safe, and what it knows. */
    private long epochWanted;

    private long epochKnown;
    private boolean isShort;

    /** None, until {@link #follow} says of whose log. */
    public LogReplicas(RandomGenerator random) {
        this.random = random;
    }

    /**
     * How others are reached. Before {@link #follow}.
     *
     * @param leader where the coordinator is
     * @param rest has the keeper's thread rest for so many nanoseconds
     */
    void connect(Rpc rpc, Leader leader, LongConsumer rest) {
        this.rpc = rpc;
        this.leader = leader;
        this.rest = rest;
    }

    /**
     * What is known of the cluster from now on.
     *
     * @param self whose log it is; NONE for nobody's
     * @param wanted how many replicas there are to be; 0 for none
     * @return whether it matters when the keeper sees this: it is somebody else's log from then on,
     *     or there are to be more replicas, or none
     */
    boolean follow(ServerId self, ClusterMap map, int wanted) {
        View before = view;
        next = new View(self, map, wanted);
        return !before.self.equals(self) || before.wanted < wanted || wanted == 0;
    }

    /** Whether the keeper has seen what {@link #follow} said last. */
    boolean isFollowed() {
        return view == next;
    }

    @Override
    public String path() {
        return "its backups";
    }

    @Override
    public boolean areWanted() {
        return view.wanted > 0;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public boolean look() {
        View before = view;
        View now = next;
        if (now != before) {
            view = now;
            adopt(before);
        }
        if (areWanted() && (isShort || now != before)) {
            mend();
        }
        return !failed.isEmpty();
    }

    @Override
    public long beginnings() {
        return beginnings;
    }

    private void adopt(View before) {
        for (Backup backup : List.copyOf(backups.values())) {
            if (isGone(backup.id())) {
                backups.remove(backup.id());
                backup.close();
            }
        }
        if (!areWanted() || !before.self.equals(view.self) || before.wanted == 0) {
            // Replicas of what this process was before are somebody else's log by now.
            beginnings++;
            for (Copy copy : copies.values()) {
                fail(copy);
                copy.replicas.forEach(this::abandon);
            }
            backups.values().forEach(Backup::close);
            backups.clear();
            epochKnown = 0;
            epochWanted = incarnations + 1;
        } else {
            if (before.wanted < view.wanted) {
                copies.values().stream().filter(copy -> !copy.hasEnded).forEach(this::fail);
            }
            for (Copy copy : copies.values()) {
                for (Replica replica : copy.replicas) {
                    if (isGone(replica.backup.id())) {
                        lost(copy, replica);
                    }
                }
            }
        }
    }

    private boolean isGone(ServerId server) {
        Server known = view.map.server(server);
        return known == null || !known.up();
    }

    private void fail(Copy copy) {
        failed.put(copy.segment, copy);
        filling.remove(copy);
        unanswered.remove(copy);
        ending.remove(copy);
    }

    private boolean hasFailed(Copy copy) {
        return failed.get(copy.segment) == copy;
    }

    /** A message that is under way goes on, and nobody looks at its answer. */
    private void abandon(Replica replica) {
        Call call = replica.call;
        replica.call = null;
        if (call != null) {
            if (replica.isSent) {
                rpc.await(call);
            }
            giveBack(call);
        }
    }

    private void lost(Copy copy, Replica replica) {
        if (replica.isLost) {
            return;
        }
        replica.isLost = true;
        isShort = true;
        if (!copy.hasEnded) {
            // The replica may be seen again, and must be known then for what it is.
            raise(incarnations + 1);
        }
    }

    /** Has a copy begun anew that has fewer replicas than there could be: one in a round. */
    private void mend() {
        int most = Math.min(view.wanted, candidates().size());
        isShort = false;
        for (Copy copy : copies.values()) {
            long alive = copy.replicas.stream().filter(each -> !each.isLost).count();
            // Those that have failed lately may get some again in a while.
            isShort |= alive < Math.min(view.wanted, others());
            if (!hasFailed(copy) && !copy.isGone && alive < most) {
                isShort = true;
                fail(copy);
                return;
            }
        }
    }

    private long others() {
        return view.map.servers().stream()
                .filter(server -> server.up() && !server.id().equals(view.self))
                .count();
    }

    /** Who may get replicas. */
    private List<Backup> candidates() {
        List<Backup> candidates = new ArrayList<>();
        for (Server server : view.map.servers()) {
            if (server.up() && !server.id().equals(view.self)) {
                candidates.add(backups.computeIfAbsent(server.id(), id -> new Backup(rpc, server)));
            }
        }
        // Better one that has failed than none.
        if (!candidates.stream().allMatch(Backup::isShunned)) {
            candidates.removeIf(Backup::isShunned);
        }
        return candidates;
    }

    @Override
    public long[] failed() {
        return failed.keySet().stream().mapToLong(Long::longValue).toArray();
    }

    @Override
    public void begin(long segment) throws IOException {
        Copy before = copies.get(segment);
        if (before != null) {
            fail(before);
            before.replicas.forEach(this::abandon);
            count(-(long) before.bytes * before.replicas.size());
        }
        Copy copy = new Copy(segment, ++incarnations);
        if (!areWanted()) {
            copies.put(segment, copy);
            failed.remove(segment);
            return;
        }
        List<Backup> candidates = candidates();
        if (candidates.isEmpty()) {
            copies.put(segment, copy);
            fail(copy);
            throw new NoBackup("no other server is up that could keep a replica of its log");
        }
        for (int number = 0; number < view.wanted && !candidates.isEmpty(); number++) {
            copy.replicas.add(new Replica(bestOf(candidates)));
        }
        isShort |= copy.replicas.size() < view.wanted;
        if (before != null) {
            forgetElsewhere(before, copy);
        }
        // All that is in the segment comes with the first message.
        copy.hasEnded = before != null && before.hasEnded;
        copies.put(segment, copy);
        failed.remove(segment);
        filling.add(copy);
        if (before != null && !before.hasEnded && before.incarnation >= epochWanted) {
            // What it had may stay where nobody hears that it is needed no more.
            raise(copy.incarnation);
        }
    }

    /** Replicas of lower incarnations are not to count any more, unless they have ended. */
    private void raise(long incarnation) {
        epochWanted = incarnation;
        for (Copy each : copies.values()) {
            if (!each.hasEnded && each.incarnation < epochWanted) {
                fail(each);
            }
        }
    }

    /** Takes the one out that has got the least of some that are drawn. */
    private Backup bestOf(List<Backup> candidates) {
        Backup best = null;
        for (int draw = 0; draw < DRAWN; draw++) {
            Backup drawn = candidates.get(random.nextInt(candidates.size()));
            best = best == null || drawn.sentBytes() < best.sentBytes() ? drawn : best;
        }
        candidates.remove(best);
        return best;
    }

    /** Replicas that are replaced by ones on other servers are needed no more, later. */
    private static void forgetElsewhere(Copy before, Copy copy) {
        for (Replica replica : before.replicas) {
            boolean stays = copy.replicas.stream().anyMatch(it -> it.backup == replica.backup);
            if (!stays) {
                replica.backup.drop(before.segment, before.incarnation);
            }
        }
    }

    @Override
    public void note(long segment, long number, byte[] note) throws IOException {
        Copy copy = growing(segment);
        if (copy.replicas.isEmpty()) {
            return;
        }
        if (copy.hasEntries) {
            send(copy);
        }
        filling.add(copy);
        copy.isNoted = true;
        copy.noteNumber = number;
        copy.note = note;
    }

    @Override
    public void append(long segment, int offset, MemorySegment entries) throws IOException {
        Copy copy = growing(segment);
        if (copy.replicas.isEmpty()) {
            return;
        }
        if (copy.hasEntries) {
            send(copy);
        }
        assert offset == copy.bytes;
        filling.add(copy);
        encode(copy, entries);
        copy.hasEntries = true;
        copy.bytes += (int) entries.byteSize();
        count(entries.byteSize() * copy.replicas.size());
        if (pendingBytes > PENDING_BYTES_MAX) {
            sendAll();
            settleAll();
        }
    }

    @Override
    public void end(long segment) throws IOException {
        Copy copy = growing(segment);
        if (copy.replicas.isEmpty()) {
            copy.hasEnded = true;
        } else if (!copy.hasEnded) {
            ending.add(copy);
        }
    }

    private Copy growing(long segment) throws CopiesLost {
        Copy copy = copies.get(segment);
        if (copy == null || hasFailed(copy)) {
            throw new CopiesLost("replicas of segment " + segment + " have to be begun again");
        }
        return copy;
    }

    private void count(long more) {
        bytes += more;
    }

    /** Writes the message to each of its replicas, but for whether it ends. */
    private void encode(Copy copy, MemorySegment entries) throws CopiesLost {
        int size = (int) entries.byteSize();
        int start = BODY + WriteReplicaEncoder.BLOCK_LENGTH;
        int length = start + 2 * LENGTH_BYTES + copy.note.length + size;
        for (Replica replica : copy.replicas) {
            boolean wasLost = replica.isLost;
            settle(copy, replica);
            if (replica.isLost && !wasLost) {
                fail(copy);
            }
        }
        growing(copy.segment);
        for (Replica replica : copy.replicas) {
            if (replica.isLost) {
                continue;
            }
            Call call = freeCall(replica);
            MutableDirectBuffer buffer = call.request(length);
            write.wrapAndApplyHeader(buffer, 0, header)
                    .master(view.self.packed())
                    .segment(copy.segment)
                    .incarnation(copy.incarnation)
                    .noteNumber(copy.noteNumber)
                    .sequence(copy.sequence)
                    .position(copy.bytes)
                    .ended((short) 0);
            write.putNote(copy.note, 0, copy.note.length);
            int at = start + LENGTH_BYTES + copy.note.length;
            buffer.putInt(at, size);
            MemorySegment.copy(entries, 0, call.requestMemory(), at + LENGTH_BYTES, size);
        }
        copy.length = length;
        pendingBytes += (long) length * copy.replicas.size();
    }

    private Call freeCall(Replica replica) {
        Call call = calls.poll();
        replica.call = call == null ? rpc.newCall().priority(Priority.NORMAL) : call;
        replica.isSent = false;
        return replica.call;
    }

    /** Sends what is being filled; if nothing fails, {@link #settle} hears the answers. */
    private void send(Copy copy) throws CopiesLost {
        if (!copy.hasEntries) {
            encode(copy, MemorySegment.NULL);
        }
        for (Replica replica : copy.replicas) {
            if (replica.isLost) {
                continue;
            }
            Call call = replica.call;
            write.wrap(call.request(copy.length), BODY)
                    .ended((short) (copy.ends || copy.hasEnded ? 1 : 0));
            replica.length = copy.length;
            replica.isSent = true;
            start(replica);
            replica.backup.sent(copy.length);
        }
        copy.sequence++;
        copy.hasEntries = false;
        copy.noteNumber = 0;
        copy.note = NO_NOTE;
        copy.ends = false;
        filling.remove(copy);
        unanswered.add(copy);
    }

    private static void start(Replica replica) {
        replica.backup.send(replica.call, replica.length, WRITE_NANOS);
    }

    private void sendAll() throws CopiesLost {
        for (Copy copy : List.copyOf(filling)) {
            // One that failed just now may have taken others with it.
            if (filling.contains(copy)) {
                send(copy);
            }
        }
    }

    private void settleAll() {
        List.copyOf(unanswered).forEach(this::settle);
        pendingBytes = 0;
    }

    /** Waits for the answer to what was sent to a replica, if it is not known. */
    private void settle(Copy copy, Replica replica) {
        Call call = replica.call;
        if (call == null || !replica.isSent || replica.isLost) {
            return;
        }
        rpc.await(call);
        long patience = rpc.now() + WRITE_NANOS;
        while (isBusy(call) && rpc.now() - patience < 0) {
            rest.accept(call.retryNanos());
            start(replica);
            rpc.await(call);
        }
        Status status = call.status();
        replica.call = null;
        if (status != Status.OK) {
            LOG.log(
                    Level.WARNING,
                    "server {0} keeps no replica of segment {1} any more ({2} {3}): another one is"
                            + " to",
                    replica.backup.id(),
                    copy.segment,
                    status,
                    call.text());
            replica.backup.shun();
            lost(copy, replica);
        }
        giveBack(call);
    }

    private static boolean isBusy(Call call) {
        return call.status() == Status.BUSY || call.status() == Status.RETRY_LATER;
    }

    private void giveBack(Call call) {
        if (calls.size() < CALLS_KEPT) {
            calls.add(call);
        } else {
            call.close();
        }
    }

    /** Waits until what was sent of a copy is safe, or is lost. */
    private void settle(Copy copy) {
        boolean isLost = false;
        for (Replica replica : copy.replicas) {
            boolean wasLost = replica.isLost;
            settle(copy, replica);
            isLost |= replica.isLost && !wasLost;
        }
        unanswered.remove(copy);
        if (isLost) {
            fail(copy);
        }
    }

    @Override
    public void sync(long segment) throws IOException {
        Copy copy = growing(segment);
        sendAll();
        settle(copy);
        growing(segment);
        end();
        raiseEpoch();
    }

    @Override
    public void sync() throws IOException {
        sendAll();
        settleAll();
        for (Copy copy : failed.values()) {
            if (!copy.isGone) {
                throw new CopiesLost("replicas of segments " + failed.keySet());
            }
        }
        end();
        raiseEpoch();
        backups.values().forEach(backup -> backup.sendDrops(view.self));
    }

    /**
     * Ends replicas that are to end. One that writers appended to must not before there is a later
     * one: who finds none then would look for it for ever.
     */
    private void end() throws CopiesLost {
        for (Copy copy : List.copyOf(ending)) {
            if (copy.isNoted && !hasFollower(copy)) {
                continue;
            }
            filling.add(copy);
            copy.ends = true;
            send(copy);
            settle(copy);
            growing(copy.segment);
            copy.hasEnded = true;
            ending.remove(copy);
        }
    }

    /** Whether replicas of a later segment of writers are there for certain. */
    private boolean hasFollower(Copy copy) {
        for (Copy later : copies.tailMap(copy.segment, false).values()) {
            if (later.isNoted) {
                settle(later);
                return !hasFailed(later) && !filling.contains(later);
            }
        }
        return false;
    }

    /** Has the coordinator know which replicas do not count any more, if there are such. */
    private void raiseEpoch() throws CopiesLost {
        if (!areWanted() || epochKnown >= epochWanted) {
            return;
        }
        for (Copy copy : copies.values()) {
            boolean isOld = hasFailed(copy) || copy.incarnation < epochWanted;
            if (!copy.hasEnded && !copy.isGone && isOld) {
                throw new CopiesLost("replicas of segment " + copy.segment);
            }
        }
        try (Question question = new Question(rpc, Priority.HIGH)) {
            RaiseLogEpochEncoder raise = new RaiseLogEpochEncoder();
            raise.wrapAndApplyHeader(question.request(ASK_BYTES), 0, question.header())
                    .server(view.self.packed())
                    .epoch(epochWanted);
            Status answer = question.ask(leader, raise.encodedLength(), ASK_NANOS);
            if (answer != Status.OK) {
                throw new CopiesLost("the coordinator has not heard of the log's epoch: " + answer);
            }
        }
        epochKnown = epochWanted;
    }

    @Override
    public void departed(long segment) {
        Copy copy = copies.get(segment);
        if (copy != null) {
            copy.isGone = true;
        }
    }

    @Override
    public void drop(long segment) {
        Copy copy = copies.remove(segment);
        if (copy == null) {
            return;
        }
        fail(copy);
        failed.remove(segment);
        count(-(long) copy.bytes * copy.replicas.size());
        for (Replica replica : copy.replicas) {
            abandon(replica);
            if (!replica.isLost) {
                replica.backup.drop(segment, copy.incarnation);
            }
        }
    }

    /** Keeps nothing any more. What is under way goes on, and nobody looks at its answer. */
    @Override
    public void close() {
        view = new View(ServerId.NONE, ClusterMap.NONE, 0);
        next = view;
        copies.clear();
        filling.clear();
        unanswered.clear();
        ending.clear();
        failed.clear();
        calls.forEach(Call::close);
        calls.clear();
    }
}
