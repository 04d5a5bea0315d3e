package io.silkstone.log.aeroncluster;

import io.aeron.ExclusivePublication;
import io.aeron.FragmentAssembler;
import io.aeron.Image;
import io.aeron.cluster.codecs.CloseReason;
import io.aeron.cluster.service.ClientSession;
import io.aeron.cluster.service.Cluster;
import io.aeron.cluster.service.ClusteredService;
import io.aeron.logbuffer.Header;
import io.silkstone.api.cluster.CoordinatorLog.Replica;
import java.io.ByteArrayOutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.AgentTerminationException;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Feeds the state machine with what the cluster agrees upon, and tells it who leads. One of these
 * lives as long as the member that it was made for.
 *
 * <p>Aeron says when this member's role changes, but that comes before what the leaders before it
 * had committed is applied. So whoever is to lead proposes a frame that says so, with a proposer's
 * number that it draws for that; when the frame comes back, everything before has been applied, and
 * everybody has heard the leader's address.
 *
 * <p>A snapshot is the last index, whether the log was founded, the leader's address with the term
 * in which it said so, the term itself (the leader's word for it may be behind the snapshot) and
 * the state machine's own snapshot, all in one row of bytes that is cut into messages.
 *
 * <p>Threads: the cluster's service thread; what is said to be for any, any.
 */
final class LogService implements ClusteredService {
    private static final Logger LOG = System.getLogger(LogService.class.getName());
    private static final int SNAPSHOT_VERSION = 2;
    private static final int SNAPSHOT_HEADER_BYTES = 40;
    private static final int SNAPSHOT_PART_BYTES = 32 << 10;
    private static final int FRAGMENTS_PER_POLL = 16;
    private static final long NO_TERM = -1;

    private final Replica replica;
    private final byte[] nothing;
    private final Proposals proposals;
    private final Listener listener;
    private final FoundingState founding = new FoundingState();
    private Cluster cluster;
    private String leader = "";

    /** The term in which {@link #leader} said so; while another one lasts nobody has yet. */
    private long leaderTerm = NO_TERM;

    private long term = NO_TERM;
    private long index;
    private volatile boolean isFounded;
    private volatile boolean isLeader;
    private volatile long commandsSinceSnapshot;
    private volatile boolean hasSnapshot;

    /** The proposer that is to lead; 0 for none. */
    private volatile long candidate;

    /** Whoever said last, in this term, that it leads; 0 for nobody. */
    private long confirmed;

    /** A frame was applied in part or not at all: nothing after it counts, and no snapshot. */
    private boolean hasFailed;

    private boolean toldLeading;
    private String toldLeader = "";

    /** The term that lasts, as far as this member knows; none while a leader is chosen. */
    private volatile long presentTerm = NO_TERM;

    /** Hears what happens, on the service's thread. */
    interface Listener {
        /** A command was applied. */
        void applied();

        /** Another term has begun. */
        void termBegan();

        /** A snapshot was written. */
        void snapshotTaken();

        /** The state machine failed, and the member has to begin anew. */
        void failed(Throwable cause);
    }

    /**
     * @param nothing a snapshot of the state machine with nothing in it
     */
    LogService(Replica replica, byte[] nothing, Proposals proposals, Listener listener) {
        this.replica = replica;
        this.nothing = nothing;
        this.proposals = proposals;
        this.listener = listener;
    }

    /** Whether the log has a beginning. Threads: any. */
    boolean isFounded() {
        return isFounded;
    }

    /** Whether this member leads, as far as it knows. Threads: any. */
    boolean isLeader() {
        return isLeader;
    }

    /** Commands since the last snapshot. Threads: any. */
    long commandsSinceSnapshot() {
        return commandsSinceSnapshot;
    }

    /** Whether there is a snapshot at all. Threads: any. */
    boolean hasSnapshot() {
        return hasSnapshot;
    }

    /** {@code proposer} is to lead when its frame comes back; 0 for nobody. Threads: any. */
    void candidate(long proposer) {
        candidate = proposer;
    }

    /** Which term lasts; nobody leads while there is none. Threads: any. */
    void present(OptionalLong lasting) {
        presentTerm = lasting.orElse(NO_TERM);
    }

    @Override
    public void onStart(Cluster cluster, Image snapshot) {
        this.cluster = cluster;
        try {
            replica.restore(snapshot == null ? nothing : read(snapshot));
        } catch (Throwable e) {
            hasFailed = true;
            listener.failed(e);
            throw e;
        }
    }

    private byte[] read(Image image) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        FragmentAssembler parts =
                new FragmentAssembler(
                        (buffer, offset, length, header) -> {
                            byte[] part = new byte[length];
                            buffer.getBytes(offset, part);
                            bytes.writeBytes(part);
                        });
        cluster.idleStrategy().reset();
        while (!image.isEndOfStream() && !image.isClosed()) {
            cluster.idleStrategy().idle(image.poll(parts, FRAGMENTS_PER_POLL));
        }
        ByteBuffer read = ByteBuffer.wrap(bytes.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
        if (read.remaining() < SNAPSHOT_HEADER_BYTES || read.getInt() != SNAPSHOT_VERSION) {
            throw new IllegalArgumentException("the snapshot is cut off, or of another version");
        }
        isFounded = read.getInt() != 0;
        index = read.getLong();
        leaderTerm = read.getLong();
        term = read.getLong();
        byte[] address = new byte[read.getInt()];
        byte[] state = new byte[read.getInt()];
        if (read.remaining() != address.length + state.length) {
            throw new IllegalArgumentException("the snapshot is cut off");
        }
        read.get(address).get(state);
        leader = new String(address, StandardCharsets.UTF_8);
        hasSnapshot = true;
        return state;
    }

    @Override
    public void onTakeSnapshot(ExclusivePublication publication) {
        if (hasFailed) {
            throw new AgentTerminationException("the state machine lacks what came before");
        }
        byte[] address = leader.getBytes(StandardCharsets.UTF_8);
        byte[] state = replica.snapshot();
        ByteBuffer written =
                ByteBuffer.allocate(SNAPSHOT_HEADER_BYTES + address.length + state.length)
                        .order(ByteOrder.LITTLE_ENDIAN);
        written.putInt(SNAPSHOT_VERSION)
                .putInt(isFounded ? 1 : 0)
                .putLong(index)
                .putLong(leaderTerm)
                .putLong(term);
        written.putInt(address.length).putInt(state.length).put(address).put(state);
        UnsafeBuffer buffer = new UnsafeBuffer(written.array());
        cluster.idleStrategy().reset();
        for (int offset = 0; offset < buffer.capacity(); offset += SNAPSHOT_PART_BYTES) {
            int length = Math.min(SNAPSHOT_PART_BYTES, buffer.capacity() - offset);
            while (publication.offer(buffer, offset, length) < 0) {
                if (publication.isClosed()) {
                    throw new IllegalStateException("the snapshot's stream was closed");
                }
                cluster.idleStrategy().idle();
            }
        }
        commandsSinceSnapshot = 0;
        hasSnapshot = true;
        listener.snapshotTaken();
    }

    @Override
    public void onSessionMessage(
            ClientSession session,
            long timestamp,
            DirectBuffer buffer,
            int offset,
            int length,
            Header header) {
        if (hasFailed) {
            throw new AgentTerminationException("the state machine lacks what came before");
        }
        try {
            byte[] bytes = new byte[length];
            buffer.getBytes(offset, bytes);
            LogFrame frame = LogFrame.decoded(bytes);
            if (frame != null) {
                apply(frame);
                tell();
            }
        } catch (Throwable e) {
            // To leave it out would make this replica another than the rest; Aeron goes on behind
            // it, even after errors.
            hasFailed = true;
            listener.failed(e);
            throw new AgentTerminationException(e);
        }
    }

    private void apply(LogFrame frame) {
        switch (frame.kind()) {
            case COMMAND -> {
                index++;
                byte[] result = replica.apply(index, MemorySegment.ofArray(frame.payload()));
                commandsSinceSnapshot++;
                listener.applied();
                proposals.applied(frame.proposer(), frame.sequence(), result);
            }
            case LEAD -> {
                leader = new String(frame.payload(), StandardCharsets.UTF_8);
                leaderTerm = term;
                confirmed = frame.proposer();
            }
            case FOUND -> found(frame);
        }
    }

    private void found(LogFrame frame) {
        byte[] state = isFounded ? null : founding.take(frame.proposer(), frame.payload());
        if (state == null) {
            return;
        }
        if (state.length > 0) {
            replica.restore(state);
        }
        isFounded = true;
    }

    @Override
    public void onNewLeadershipTermEvent(
            long term,
            long logPosition,
            long timestamp,
            long termBasePosition,
            int leaderMember,
            int logSession,
            TimeUnit unit,
            int appVersion) {
        // Its leader says where it is.
        this.term = term;
        confirmed = 0;
        listener.termBegan();
        tell();
    }

    @Override
    public void onRoleChange(Cluster.Role role) {
        isLeader = role == Cluster.Role.LEADER;
        tell();
    }

    @Override
    public int doBackgroundWork(long now) {
        tell();
        return 0;
    }

    /** Tells the state machine who leads, when that is another than it was told. */
    private void tell() {
        long proposer = candidate;
        boolean leads = isLeader && isFounded && proposer != 0 && proposer == confirmed;
        boolean follows = !isLeader && isFounded && leaderTerm == presentTerm;
        String address = leads || follows ? leader : "";
        if (leads == toldLeading && address.equals(toldLeader)) {
            return;
        }
        boolean began = leads && !toldLeading;
        if (began) {
            proposals.open(proposer);
        } else if (!leads) {
            proposals.close();
        }
        if (began) {
            LOG.log(Level.INFO, "this node leads the coordinators");
        } else if (!leads && !address.isEmpty()) {
            LOG.log(Level.INFO, "the coordinators are led from {0}", address);
        }
        replica.leads(leads, address);
        // Only now: what was not heard is told again.
        toldLeading = leads;
        toldLeader = address;
    }

    /** Nobody leads as far as this member knows. The service must have ended. */
    void tellNothing() {
        proposals.close();
        if (toldLeading || !toldLeader.isEmpty()) {
            replica.leads(false, "");
            toldLeading = false;
            toldLeader = "";
        }
    }

    @Override
    public void onSessionOpen(ClientSession session, long timestamp) {}

    @Override
    public void onSessionClose(ClientSession session, long timestamp, CloseReason reason) {}

    @Override
    public void onTimerEvent(long correlation, long timestamp) {}

    @Override
    public void onTerminate(Cluster cluster) {}
}
