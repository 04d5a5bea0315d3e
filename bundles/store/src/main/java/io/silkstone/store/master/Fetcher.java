package io.silkstone.store.master;

import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.rpc.Peer;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.Status;
import io.silkstone.store.Replay;
import java.util.function.Supplier;

/**
 * One thread's questions to the source of a migration, and what it does with the answers. Threads:
 * one, but {@link #release} any.
 */
final class Fetcher implements AutoCloseable {
    private static final long PULL_NANOS = 500_000_000;
    private static final long PAUSE_NANOS = 2_000_000;

    private final Migration migration;
    private final Rpc rpc;
    private final ThreadRuntime threads;
    private final SourceRequests requests;
    private final Peer peer;
    private final long source;
    private final Replay replay;
    private final Piece piece = new Piece();

    /**
     * Null until a pull is asked for: before there is a plan nobody can say how many there may be.
     */
    private PullWindow.Place place;

    private Runnable leave;
    private Question question;
    private Question ahead;
    private boolean isAhead;

    /**
     * Of {@code migration}, which is told when this is closed.
     *
     * @param question closed with this, as {@code ahead} is, unless this throws
     * @param replays gives one of its own
     * @throws IllegalStateException when there is none
     */
    Fetcher(
            Migration migration,
            Rpc rpc,
            ThreadRuntime threads,
            SourceRequests requests,
            Server source,
            Question question,
            Question ahead,
            Supplier<Replay> replays) {
        this.migration = migration;
        this.rpc = rpc;
        this.threads = threads;
        this.requests = requests;
        this.question = question;
        this.ahead = ahead;
        this.source = source.id().packed();
        peer = rpc.peer(source.address());
        replay = replays.get();
    }

    /** The question that {@link #ask} asks. */
    Question question() {
        return question;
    }

    /** What the last answer was that was opened. */
    Piece piece() {
        return piece;
    }

    Replay into() {
        return replay;
    }

    Status ask(int length, long nanos) {
        return question.ask(peer, source, length, nanos);
    }

    /**
     * Asks for the piece at {@code cursor}, to wait for it after what is done now, unless as many
     * are asked for as may be.
     */
    void askAhead(long cursor, Stretch stretch) {
        if (place().tryEnter()) {
            begin(ahead, cursor, stretch);
            isAhead = true;
        }
    }

    /** Asks for the piece at {@code cursor}, unless that was done ahead, and waits for it. */
    Status askFor(long cursor, Stretch stretch) {
        if (isAhead) {
            Question next = ahead;
            ahead = question;
            question = next;
            isAhead = false;
        } else {
            place().enter();
            begin(question, cursor, stretch);
        }
        long began = rpc.now();
        Status answer = question.await();
        migration.pacing().waited(rpc.now() - began);
        return answer;
    }

    /** The piece that was asked for last has been taken. */
    void pulled() {
        migration.pacing().pulled(piece.bytes(), piece.sourceNanos(), question.roundTripNanos());
    }

    /** Of a pull that is counted already. */
    private void begin(Question asked, long cursor, Stretch stretch) {
        boolean begun = false;
        try {
            encode(asked, cursor, stretch);
            begun = true;
        } finally {
            if (!begun) {
                place.leave();
            }
        }
    }

    private PullWindow.Place place() {
        if (place == null) {
            place = migration.pacing().pullWindow().place();
            leave = place::leave;
        }
        return place;
    }

    private void encode(Question asked, long cursor, Stretch stretch) {
        int bytes = migration.pacing().pullBytes();
        boolean isAhead = migration.isCopying();
        int length;
        if (stretch.isOfLog()) {
            length = requests.pullLog(asked, cursor, stretch, bytes, isAhead);
        } else if (isAhead) {
            length = requests.pullAhead(asked, cursor, stretch.until(), bytes, false);
        } else {
            length = requests.pull(asked, cursor, stretch.until(), bytes);
        }
        asked.begin(peer, source, length, PULL_NANOS, leave);
    }

    /** Asks for a pass through the log. */
    Status askForPass(long since, int stretches) {
        int length = requests.beginPass(question, since, stretches, migration.isCopying());
        return ask(length, PULL_NANOS);
    }

    /** Asks for results of requests, and waits for them. */
    Status askForResults(long cursor) {
        return ask(requests.pullResults(question, cursor), PULL_NANOS);
    }

    /** Asks for all objects of {@code hash} ahead, and waits for them. */
    Status askForOne(long hash) {
        int bytes = migration.pacing().pullBytes();
        return ask(requests.pullAhead(question, hash, 0, bytes, true), PULL_NANOS);
    }

    /** Asks for what was changed, and waits for it. */
    Status askForChanges(long record, long round, long cursor) {
        int bytes = migration.pacing().pullBytes();
        return ask(requests.pullChanges(question, record, round, cursor, bytes), PULL_NANOS);
    }

    /** What was asked for ahead does not matter any more. */
    void forgetAhead() {
        if (isAhead) {
            ahead.await();
            isAhead = false;
        }
    }

    /** Takes what the answer holds; false when it was damaged, and has to come again. */
    boolean take() {
        open();
        return replay();
    }

    /** Looks at the answer, which stays where it is. */
    void open() {
        piece.wrap(question.answer());
    }

    boolean replay() {
        long damagedBefore = replay.damaged();
        long objectsBefore = replay.objects();
        long done = 0;
        boolean goesOn = true;
        while (goesOn) {
            done += replay.take(piece.entries() + done, piece.bytes() - done);
            goesOn =
                    done < piece.bytes()
                            && replay.damaged() == damagedBefore
                            && migration.maySleep();
            if (goesOn) {
                // Memory is full of what is wanted: clients remove something, or nothing moves.
                threads.sleep(PAUSE_NANOS);
            }
        }
        // Results are not objects.
        boolean isBulk = migration.hasBegun() || migration.isCopying();
        migration.pacing().took(replay.objects() - objectsBefore, isBulk ? done : 0);
        return replay.damaged() == damagedBefore && (migration.hasBegun() || done == piece.bytes());
    }

    /** Takes an answer to {@link #askForChanges}; false when it has to come again. */
    boolean renew() {
        open();
        long damagedBefore = replay.damaged();
        long objectsBefore = replay.objects();
        boolean done = false;
        boolean goesOn = true;
        while (goesOn) {
            done = replay.renew(piece.entries(), piece.bytes(), piece.leftOut());
            goesOn = !done && replay.damaged() == damagedBefore && migration.maySleep();
            if (goesOn) {
                threads.sleep(PAUSE_NANOS);
            }
        }
        migration.pacing().took(replay.objects() - objectsBefore, piece.bytes());
        return done;
    }

    @Override
    public void close() {
        forgetAhead();
        question.close();
        ahead.close();
        release();
    }

    /** Without the call, which may be under way if its thread was ended. */
    void release() {
        if (migration.closed(this)) {
            replay.close();
        }
    }
}
