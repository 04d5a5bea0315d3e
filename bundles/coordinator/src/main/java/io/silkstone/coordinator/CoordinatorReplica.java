package io.silkstone.coordinator;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.CoordinatorLog;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.coordinator.ClientLeases.ClientLease;
import io.silkstone.coordinator.Membership.Member;
import io.silkstone.coordinator.Result.Move;
import io.silkstone.rpc.messages.Status;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A state machine as the log feeds it, and what others see of it: a {@link View}, made new by each
 * command that changes something. Threads: the log's; what is said to be for any, any.
 */
final class CoordinatorReplica implements CoordinatorLog.Replica {
    private static final Logger LOG = System.getLogger(CoordinatorReplica.class.getName());

    /**
     * The state at one moment.
     *
     * @param leaseNanos of each server that is up
     * @param term that lasts
     * @param millis the latest time that a command had
     */
    record View(ClusterMap map, Map<ServerId, Long> leaseNanos, long term, long millis) {
        private static final View NONE = new View(ClusterMap.NONE, Map.of(), 0, 0);

        /** Whether {@code server} is up. */
        boolean isUp(ServerId server) {
            return leaseNanos.containsKey(server);
        }
    }

    /** Hears what happens, on the log's thread. */
    interface Listener {
        /** A command was applied. */
        void applied();

        /** The replica leads now, or does not any more. */
        void leads(boolean leading);
    }

    private final CoordinatorState state = new CoordinatorState(new LeadersNotices());
    private final ReentrantLock lock = new ReentrantLock();
    private final Listener listener;
    private volatile View view = View.NONE;
    private volatile boolean leading;
    private volatile String leader = "";

    CoordinatorReplica(Listener listener) {
        this.listener = listener;
    }

    /** What is old news while a journal is read, and what followers hear, is said by the leader. */
    private final class LeadersNotices implements Notices {
        @Override
        public void say(String sentence) {
            if (leading) {
                LOG.log(Level.INFO, sentence);
            }
        }

        @Override
        public void warn(String sentence) {
            if (leading) {
                LOG.log(Level.WARNING, sentence);
            }
        }
    }

    @Override
    public void restore(byte[] snapshot) {
        lock.lock();
        try {
            Snapshots.decode(snapshot, state);
            view = View.NONE;
            publish();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public byte[] snapshot() {
        lock.lock();
        try {
            return Snapshots.encode(state);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public byte[] apply(long index, MemorySegment command) {
        Result result;
        lock.lock();
        try {
            byte[] bytes = command.toArray(ValueLayout.JAVA_BYTE);
            result = Commands.apply(new UnsafeBuffer(bytes), state);
            publish();
        } catch (IndexOutOfBoundsException e) {
            // What is cut off cannot be read by any replica, in the same way.
            result = Result.no(Status.MALFORMED, "");
        } finally {
            lock.unlock();
        }
        listener.applied();
        return result.encoded();
    }

    private void publish() {
        View last = view;
        boolean isSameMap =
                last.map.version() == state.mapVersion() && last.map.cluster() == state.cluster();
        ClusterMap map = isSameMap ? last.map : state.map();
        Map<ServerId, Long> leaseNanos = last.leaseNanos;
        if (!isSameMap) {
            leaseNanos = new HashMap<>();
            for (Member member : state.servers().all()) {
                if (member.up) {
                    leaseNanos.put(member.id(), 1_000 * member.leaseMicros);
                }
            }
        }
        view = new View(map, leaseNanos, state.term(), state.millis());
    }

    @Override
    public void leads(boolean leading, String leader) {
        this.leader = leader;
        this.leading = leading;
        listener.leads(leading);
    }

    /** The state now. Threads: any. */
    View view() {
        return view;
    }

    /** Whether the log says that this replica leads. Threads: any. */
    boolean isLeading() {
        return leading;
    }

    /** Where the leader is, empty if that is not known. Threads: any. */
    String leader() {
        return leader;
    }

    /** See {@link CoordinatorState#lease}. Threads: any. */
    ClientLease lease(long id) {
        return state.lease(id);
    }

    /** See {@link CoordinatorState#hasExpiredLeases}. Threads: any. */
    boolean hasExpiredLeases(long millis) {
        return state.hasExpiredLeases(millis);
    }

    /** See {@link CoordinatorState#outcome}. Threads: any. */
    Result outcome(Move move) {
        lock.lock();
        try {
            return state.outcome(move);
        } finally {
            lock.unlock();
        }
    }
}
