package io.silkstone.store.master;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.rpc.Call;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.ListReplicasEncoder;
import io.silkstone.rpc.messages.Priority;
import io.silkstone.rpc.messages.ReplicaListDecoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.store.durable.LogNote;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/**
 * What the backups have of the log of a server that is down: RAMCloud's replica lists (TOCS 2015,
 * section 5.3). All of it is found, or nothing is read:
 *
 * <ul>
 *   <li>The newest segment of writers, which have notes, has not ended: else there is a later one,
 *       for a segment ends before anything of the next one is settled.
 *   <li>Each segment that the newest note names is there, and as long as it was when the note was
 *       written. What came to it later from the cleaner is still where it came from.
 *   <li>Backups list only replicas that have ended, or that have all since the log's epoch.
 * </ul>
 *
 * <p>Where an operator has accepted the loss of the rest, what any server that is up has is read:
 * also of segments that are cut off, and by the newest note that there is. That note may name
 * segments of which the cleaner has left nothing since, and say less of tables; so objects may come
 * back that were removed. Without any note nothing counts, for nobody knows which tablets the
 * server had.
 *
 * <p>Threads: one.
 */
final class DeadLog {
    private static final long ASK_NANOS = 500_000_000;
    private static final int REQUEST_BYTES = 256;

    private final Rpc rpc;
    private final ClusterMap.Log log;
    private final TreeMap<Long, List<Found>> replicas = new TreeMap<>();
    private LogNote note;
    private long noteNumber;
    private String missing = "";

    /**
     * A replica.
     *
     * @param backup who has it
     */
    record Found(
            Server backup,
            long segment,
            long incarnation,
            int bytes,
            boolean ended,
            boolean noted) {
        /** Whether it does not matter which of the two is read. */
        boolean isLike(Found other) {
            return incarnation == other.incarnation && bytes == other.bytes && ended == other.ended;
        }
    }

    /** Of {@code log}; nothing is known of it yet. */
    DeadLog(Rpc rpc, ClusterMap.Log log) {
        this.rpc = rpc;
        this.log = log;
    }

    /** Whose it is. */
    ServerId server() {
        return log.server();
    }

    /** What its store said of its tables. */
    byte[] storeNote() {
        return note.store();
    }

    /** Whether there is nothing to be read, when {@link #find} has found what there is. */
    boolean isEmpty() {
        return wasNeverSettled() || note == null;
    }

    private boolean wasNeverSettled() {
        return log.epoch() == 0;
    }

    /** Whether what is left of it has to do. */
    boolean isLossAccepted() {
        return log.lossAccepted();
    }

    /** What is missing when {@link #find} has failed; for people. */
    String missing() {
        return missing;
    }

    /**
     * Asks all servers of {@code map} that are up.
     *
     * @return whether all of the log was found; if its loss was accepted, whether all servers have
     *     said what is left
     */
    boolean find(ClusterMap map) {
        replicas.clear();
        note = null;
        noteNumber = 0;
        List<ServerId> silent = new ArrayList<>();
        for (Server server : map.servers()) {
            if (server.up() && !ask(server)) {
                silent.add(server.id());
            }
        }
        missing = isLossAccepted() ? "" : lack();
        if (isLossAccepted() && !silent.isEmpty()) {
            // They may have what nobody else has: only an operator can tell that they never will.
            missing =
                    "servers "
                            + silent
                            + " do not say what they have of the log of "
                            + log.server();
        } else if (!missing.isEmpty() && !silent.isEmpty()) {
            missing += ", and " + silent.size() + " servers do not answer";
        }
        return missing.isEmpty();
    }

    private boolean ask(Server server) {
        try (Question question = new Question(rpc, Priority.HIGH)) {
            ListReplicasEncoder list = new ListReplicasEncoder();
            list.wrapAndApplyHeader(question.request(REQUEST_BYTES), 0, question.header())
                    .master(log.server().packed())
                    .epoch(isLossAccepted() ? 0 : log.epoch());
            Status answer =
                    question.ask(
                            rpc.peer(server.address()),
                            server.id().packed(),
                            list.encodedLength(),
                            ASK_NANOS);
            if (answer == Status.OK) {
                take(server, question.answer());
            }
            return answer == Status.OK;
        } catch (IllegalStateException allCallsAreInUse) {
            return false;
        }
    }

    private void take(Server server, Call answer) {
        ReplicaListDecoder list = new ReplicaListDecoder();
        list.wrap(
                answer.reply(),
                answer.replyOffset(),
                answer.replyBlockLength(),
                answer.replyVersion());
        long number = list.noteNumber();
        for (ReplicaListDecoder.ReplicasDecoder each : list.replicas()) {
            Found found =
                    new Found(
                            server,
                            each.segment(),
                            each.incarnation(),
                            (int) each.bytes(),
                            each.ended() != 0,
                            each.noteNumber() > 0);
            replicas.computeIfAbsent(found.segment, segment -> new ArrayList<>()).add(found);
        }
        byte[] bytes = new byte[list.noteLength()];
        list.getNote(bytes, 0, bytes.length);
        if (number > noteNumber) {
            noteNumber = number;
            note = LogNote.decode(bytes);
        }
    }

    /** What is missing; empty for nothing. */
    private String lack() {
        if (wasNeverSettled()) {
            return "";
        }
        if (note == null) {
            return "no replica says what of the log of server " + log.server() + " counts";
        }
        if (!hasEnd()) {
            return "no replica of the end of the log of server " + log.server();
        }
        for (long segment : note.segments()) {
            if (!note.allows(segment, bytesOf(segment))) {
                return "no replica of segment " + segment + " of the log of server " + log.server();
            }
        }
        return "";
    }

    private boolean hasEnd() {
        List<Found> head = List.of();
        for (List<Found> each : replicas.values()) {
            head = each.stream().anyMatch(Found::noted) ? each : head;
        }
        return head.stream().noneMatch(Found::ended)
                && head.stream().anyMatch(each -> each.incarnation >= log.epoch());
    }

    /** How long the longest replica of a segment is; -1 if there is none. */
    private int bytesOf(long segment) {
        return replicas.getOrDefault(segment, List.of()).stream()
                .mapToInt(Found::bytes)
                .max()
                .orElse(-1);
    }

    /** What is known to be missing of a log whose loss was accepted; for people. */
    String loss() {
        if (wasNeverSettled()) {
            return "nothing was ever safe in it";
        }
        if (note == null) {
            return "no replica says what of it counts, and nothing of it is taken";
        }
        int gone = 0;
        int cut = 0;
        for (long segment : note.segments()) {
            int bytes = bytesOf(segment);
            boolean lacks = !note.allows(segment, bytes);
            gone += lacks && bytes < 0 ? 1 : 0;
            cut += lacks && bytes >= 0 ? 1 : 0;
        }
        return "%d of %d segments are missing, %d are cut off, and its end is %s"
                .formatted(gone, note.segments().length, cut, hasEnd() ? "there" : "missing");
    }

    /**
     * What is to be read, when {@link #find} has found it: for each segment that counts, the newest
     * first, its replicas, the best first; any one will do.
     */
    List<List<Found>> segments() {
        List<List<Found>> all = new ArrayList<>();
        for (long segment : replicas.descendingKeySet()) {
            if (note != null && note.counts(segment)) {
                all.add(isLossAccepted() ? longestFirst(segment) : usable(segment));
            }
        }
        return all;
    }

    /** All of a segment: what a shorter one has lies in a longer one at the same place. */
    private List<Found> longestFirst(long segment) {
        return replicas.get(segment).stream()
                .sorted(
                        Comparator.comparingInt(Found::bytes)
                                .thenComparingLong(Found::incarnation)
                                .reversed())
                .toList();
    }

    /**
     * The best first. Of a segment that has not ended only those count that have most: what they
     * have more may have been told to clients.
     */
    private List<Found> usable(long segment) {
        List<Found> best =
                replicas.get(segment).stream()
                        .filter(each -> note.allows(segment, each.bytes))
                        .sorted(
                                Comparator.comparingLong(Found::incarnation)
                                        .thenComparingInt(Found::bytes)
                                        .reversed())
                        .toList();
        if (best.stream().anyMatch(Found::ended)) {
            return best;
        }
        return best.stream()
                .filter(each -> each.incarnation == best.getFirst().incarnation)
                .filter(each -> each.bytes == best.getFirst().bytes)
                .toList();
    }
}
