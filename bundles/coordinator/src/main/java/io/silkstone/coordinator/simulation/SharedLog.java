package io.silkstone.coordinator.simulation;

import io.silkstone.api.cluster.CoordinatorLog.Outcome;
import io.silkstone.base.NanoClock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A log that several replicas share, in one process, whose commits take as long as the seed says.
 * Who leads is set from outside ({@link #lead}), as often as somebody likes; nothing is committed
 * while nobody does.
 *
 * <p>When the leader changes, the one before does not hear of it at once, and goes on to propose.
 * Of what it had proposed, each command is committed now, or never, or some time later among those
 * of the next leader; its proposers are not told which. A replica that starts gets the snapshot of
 * another one and what came after, or every command from the first one on.
 *
 * <p>Threads: one at a time. Nothing happens but in {@link #doWork}.
 */
public final class SharedLog {
    private static final int IN_FLIGHT_MAX = 1_024;

    /** A leader that is none any more ends what it proposed after so many times the delay. */
    private static final int PATIENCE = 10;

    private static final class InFlight {
        final byte[] command;
        final MemoryLog proposer;
        long dueAt;
        Outcome outcome;

        /** Not proposed by who leads: ends without being committed when it is due. */
        boolean isVain;

        InFlight(byte[] command, MemoryLog proposer, long dueAt, Outcome outcome) {
            this.command = command;
            this.proposer = proposer;
            this.dueAt = dueAt;
            this.outcome = outcome;
        }
    }

    private final NanoClock clock;
    private final RandomGenerator random;
    private final long delayNanosMax;
    private final long noticeNanosMax;
    private final List<byte[]> committed = new ArrayList<>();
    private final Deque<InFlight> inFlight = new ArrayDeque<>();
    private final List<MemoryLog> replicas = new ArrayList<>();
    private MemoryLog leader;

    /**
     * An empty log that nobody leads.
     *
     * @param delayNanosMax a commit takes from 1 ns to this
     * @param noticeNanosMax who does not lead any more hears of it after 1 ns to this
     */
    public SharedLog(
            NanoClock clock, RandomGenerator random, long delayNanosMax, long noticeNanosMax) {
        this.clock = clock;
        this.random = random;
        this.delayNanosMax = delayNanosMax;
        this.noticeNanosMax = noticeNanosMax;
    }

    /** A replica's end of it. */
    public MemoryLog replica(String address) {
        return new MemoryLog(this, address);
    }

    /** {@code next} leads from now on; null for nobody. */
    public void lead(MemoryLog next) {
        if (next == leader) {
            return;
        }
        for (InFlight each : List.copyOf(inFlight)) {
            if (each.proposer == leader && each.outcome != null && !each.isVain) {
                orphan(each);
            }
        }
        leader = next;
        for (MemoryLog replica : replicas) {
            boolean atOnce = replica == next;
            replica.tellAt = clock.nanoTime() + (atOnce ? 0 : 1 + random.nextLong(noticeNanosMax));
        }
    }

    /** Its proposer is none of ours any more: decides what becomes of it. */
    private void orphan(InFlight proposal) {
        Outcome outcome = proposal.outcome;
        int fate = random.nextInt(3);
        if (fate == 0) {
            committed.add(proposal.command);
        } else if (fate == 1) {
            inFlight.add(new InFlight(proposal.command, null, later(PATIENCE), null));
        }
        inFlight.remove(proposal);
        outcome.ended(null);
    }

    private long later(int times) {
        return clock.nanoTime() + 1 + random.nextLong(times * delayNanosMax);
    }

    boolean propose(MemoryLog from, byte[] command, Outcome outcome) {
        if (!from.believesToLead || inFlight.size() >= IN_FLIGHT_MAX) {
            return false;
        }
        InFlight proposal = new InFlight(command.clone(), from, later(1), outcome);
        if (from != leader) {
            proposal.isVain = true;
            proposal.dueAt = later(PATIENCE);
        }
        inFlight.add(proposal);
        return true;
    }

    void start(MemoryLog log) {
        replicas.add(log);
        int from = 0;
        MemoryLog other = replicas.get(random.nextInt(replicas.size()));
        if (other != log) {
            log.replica.restore(other.replica.snapshot());
            from = other.applied;
        }
        log.applied = from;
        catchUp(log, committed.size());
        log.tellAt = clock.nanoTime();
    }

    private byte[] catchUp(MemoryLog log, int upTo) {
        byte[] result = null;
        while (log.applied < upTo) {
            result = log.apply(committed.get(log.applied));
        }
        return result;
    }

    void close(MemoryLog log) {
        replicas.remove(log);
        if (leader == log) {
            lead(null);
        }
        for (InFlight each : List.copyOf(inFlight)) {
            if (each.proposer == log && inFlight.remove(each)) {
                each.outcome.ended(null);
            }
        }
    }

    /** Commits what is due, and has the replicas follow and hear who leads. */
    public int doWork() {
        long now = clock.nanoTime();
        int work = 0;
        for (InFlight due = nextDue(now); due != null; due = nextDue(now)) {
            end(due);
            work++;
        }
        for (MemoryLog replica : List.copyOf(replicas)) {
            if (replica.applied < committed.size() && random.nextBoolean()) {
                catchUp(replica, replica.applied + 1);
                work++;
            }
            if (replica.isOpen() && replica.tellAt - now <= 0) {
                work += tell(replica);
            }
        }
        return work;
    }

    private InFlight nextDue(long now) {
        Iterator<InFlight> all = inFlight.iterator();
        while (all.hasNext()) {
            InFlight next = all.next();
            boolean waitsForLeader = leader == null && !next.isVain;
            if (next.dueAt - now <= 0 && !waitsForLeader) {
                all.remove();
                return next;
            }
        }
        return null;
    }

    private void end(InFlight proposal) {
        if (proposal.isVain) {
            proposal.outcome.ended(null);
            return;
        }
        committed.add(proposal.command);
        if (proposal.outcome != null) {
            proposal.outcome.ended(catchUp(proposal.proposer, committed.size()));
        }
    }

    private int tell(MemoryLog replica) {
        boolean leads = replica == leader;
        String address = leader == null ? "" : leader.address;
        if (leads) {
            catchUp(replica, committed.size());
        }
        if (leads == replica.believesToLead && address.equals(replica.toldLeader)) {
            return 0;
        }
        replica.believesToLead = leads;
        replica.toldLeader = address;
        replica.replica.leads(leads, address);
        return 1;
    }

    /** How many commands are committed. */
    public int size() {
        return committed.size();
    }
}
