package io.silkstone.log.aeroncluster;

import io.silkstone.api.cluster.CoordinatorLog.Outcome;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Proposals under way. They are taken while this member leads, each for one proposer, and each ends
 * once: with the result of the frame that carries its number, or without one when its time is over
 * or another proposer takes its place. So a frame that is committed late finds nobody.
 *
 * <p>Threads: any. Outcomes are told with no lock held.
 */
final class Proposals {
    private static final Logger LOG = System.getLogger(Proposals.class.getName());

    private static final class UnderWay {
        final byte[] frame;
        final Outcome outcome;
        final long deadline;
        boolean isSent;

        UnderWay(byte[] frame, Outcome outcome, long deadline) {
            this.frame = frame;
            this.outcome = outcome;
            this.deadline = deadline;
        }
    }

    private final int countMax;
    private final Map<Long, UnderWay> underWay = new LinkedHashMap<>();
    private long proposer;
    private boolean isOpen;
    private long sequence;

    Proposals(int countMax) {
        this.countMax = countMax;
    }

    /** Takes proposals for {@code proposer} from now on. */
    synchronized void open(long proposer) {
        this.proposer = proposer;
        isOpen = true;
    }

    /** Takes none any more; those under way end without result. */
    void close() {
        List<UnderWay> ended;
        synchronized (this) {
            isOpen = false;
            ended = new ArrayList<>(underWay.values());
            underWay.clear();
        }
        ended.forEach(each -> end(each, null));
    }

    /** False when it is not taken. */
    synchronized boolean add(byte[] command, Outcome outcome, long deadline) {
        if (!isOpen || underWay.size() >= countMax) {
            return false;
        }
        sequence++;
        LogFrame frame = new LogFrame(LogFrame.Kind.COMMAND, proposer, sequence, command);
        underWay.put(sequence, new UnderWay(frame.encoded(), outcome, deadline));
        return true;
    }

    /** Gives frames that were not sent yet to {@code sender}, in order, until it refuses one. */
    int send(Sender sender) {
        List<UnderWay> waiting = new ArrayList<>();
        synchronized (this) {
            for (UnderWay each : underWay.values()) {
                if (!each.isSent) {
                    waiting.add(each);
                }
            }
        }
        int sent = 0;
        for (UnderWay each : waiting) {
            if (!sender.send(each.frame)) {
                break;
            }
            each.isSent = true;
            sent++;
        }
        return sent;
    }

    /** Whoever brings frames into the log. */
    @FunctionalInterface
    interface Sender {
        /** False when it takes nothing just now. */
        boolean send(byte[] frame);
    }

    /** The frame of that number was applied. */
    void applied(long of, long number, byte[] result) {
        UnderWay ended;
        synchronized (this) {
            ended = isOpen && of == proposer ? underWay.remove(number) : null;
        }
        if (ended != null) {
            end(ended, result);
        }
    }

    /** Ends what has waited for too long. */
    void expire(long now) {
        List<UnderWay> late = new ArrayList<>();
        synchronized (this) {
            Iterator<UnderWay> all = underWay.values().iterator();
            while (all.hasNext()) {
                UnderWay next = all.next();
                if (now - next.deadline >= 0) {
                    all.remove();
                    late.add(next);
                }
            }
        }
        late.forEach(each -> end(each, null));
    }

    /** Whoever hears it and fails hurts neither the others nor the log. */
    private static void end(UnderWay each, byte[] result) {
        try {
            each.outcome.ended(result);
        } catch (Throwable e) {
            LOG.log(Level.ERROR, "whoever proposed to the coordinators' log failed", e);
        }
    }
}
