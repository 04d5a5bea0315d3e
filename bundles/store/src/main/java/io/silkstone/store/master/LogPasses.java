package io.silkstone.store.master;

import io.silkstone.rpc.Call;
import io.silkstone.rpc.messages.PassBegunDecoder;
import io.silkstone.rpc.messages.Status;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The passes of a migration through the log of its source. The first goes through all segments that
 * there were when it began, which many threads share, stretch by stretch; whatever the cleaner has
 * moved before a thread came to it lies in segments behind them. So a pass follows through those
 * that the cleaner has moved something to, and so on, until one finds that there are none. Each is
 * as much shorter than the one before as pulls are faster than the cleaner. Where they are not, the
 * rest comes in hash order, in which nothing can be missed.
 *
 * <p>The source remembers nothing of it: what a pass needs is in its messages.
 *
 * <p>Threads: any. Only who begins a pass waits here, for the answer.
 */
final class LogPasses {
    /** What is not here after so many is looked for in the hash table. */
    static final int PASSES_MAX = 8;

    /** So that threads which meet little of the tablet take over from others. */
    private static final int STRETCHES_PER_PART = 8;

    private final Deque<Stretch> open = new ArrayDeque<>();
    private final PassBegunDecoder begun = new PassBegunDecoder();
    private int underWay;
    private int passes;
    private volatile long since;
    private boolean isBeginning;
    private volatile boolean isGivenUp;
    private boolean isOver;

    /** A stretch for the caller to pull; null when there is none at present. */
    synchronized Stretch take() {
        Stretch stretch = open.poll();
        underWay += stretch == null ? 0 : 1;
        return stretch;
    }

    /** What {@link #take} gave has come, or else has to be pulled again. */
    synchronized void done(Stretch stretch, boolean hasCome) {
        underWay--;
        if (!hasCome) {
            open.push(stretch);
        }
    }

    /**
     * Begins the next pass, if it is time for that and nobody else is at it; waits for the answer.
     *
     * @param parts how many threads share it
     * @return null when it is not; OK unless the source has not answered, or not now
     */
    Status begin(Fetcher fetcher, int parts) {
        if (!mayBegin()) {
            return null;
        }
        Status answer = Status.TIMED_OUT;
        try {
            answer = fetcher.askForPass(since, STRETCHES_PER_PART * parts);
            if (answer == Status.OK) {
                begun(fetcher.question().answer());
            }
        } finally {
            end(answer);
        }
        return isGivenUp ? Status.OK : answer;
    }

    private synchronized boolean mayBegin() {
        boolean may = !isBeginning && !hasEnded() && underWay == 0 && open.isEmpty();
        isBeginning |= may;
        return may;
    }

    /** A source that is older, has no memory, or has not the tablet, gives no pass. */
    private synchronized void end(Status answer) {
        isGivenUp |=
                answer == Status.UNKNOWN_REQUEST
                        || answer == Status.OUT_OF_MEMORY
                        || answer == Status.REFUSED;
        isBeginning = false;
    }

    /** The source has begun a pass, and says this of it. */
    private synchronized void begun(Call answer) {
        begun.wrap(
                answer.reply(),
                answer.replyOffset(),
                answer.replyBlockLength(),
                answer.replyVersion());
        List<Long> begins = new ArrayList<>();
        long until = begun.until();
        for (PassBegunDecoder.StretchesDecoder each : begun.stretches()) {
            begins.add(each.from());
        }
        isOver = until == since;
        begins.add(until);
        for (int index = 0; index + 1 < begins.size(); index++) {
            open.add(new Stretch(begins.get(index), begins.get(index + 1), true, since != 0));
        }
        since = until;
        passes++;
    }

    /** Whether all has come. */
    synchronized boolean isOver() {
        return isOver;
    }

    /** Whether no stretch comes any more: all has come, or the rest has to come in hash order. */
    synchronized boolean hasEnded() {
        boolean isTooLong = passes == PASSES_MAX && underWay == 0 && open.isEmpty();
        return isOver || isGivenUp || isTooLong;
    }
}
