package io.silkstone.log.aeroncluster;

import io.aeron.Aeron;
import io.aeron.exceptions.AeronException;
import io.silkstone.api.cluster.CoordinatorLog;
import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.base.Checks;
import io.silkstone.base.FileTrees;
import io.silkstone.base.NanoClock;
import io.silkstone.log.aeroncluster.LogDirectory.Joined;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * One member of a log that three or five coordinators share, on Aeron Cluster (Raft). The member
 * has a media driver, an archive, a consensus module and a service of its own ({@link Media},
 * {@link Consensus}, {@link LogService}).
 *
 * <p><b>The way of a command.</b> {@link #propose} gives it a number under a proposer that was
 * drawn when this member began to lead ({@link Proposals}); the member's thread sends it to the
 * consensus module as any client of the cluster would ({@link Ingress}). When it is committed, the
 * service applies it, on every member, and the one that has the proposer tells the outcome. No
 * answer goes any other way, so an outcome is one only of what is in the log. What does not come
 * back in time, or not before somebody else leads, ends without one.
 *
 * <p><b>Who leads.</b> A member whose consensus module says that it leads proposes a frame with its
 * address, and leads for the state machine when that comes back: by then everything before is
 * applied, and every follower has read in the log where the leader is reached.
 *
 * <p><b>How a log begins.</b> All members with nothing ({@link Joining}), one of them elected; it
 * founds the log with no state at all or, when the operators say so, whoever has the journal of a
 * coordinator that was alone founds it with the state of that ({@link FoundingState}). Before,
 * nobody leads.
 *
 * <p><b>What is kept</b> is for {@link Upkeep} to say, and what becomes of a member that lost its
 * disk, for {@link Joining}.
 *
 * <p><b>When something fails</b>, as after a stall for which Aeron has no patience, the member
 * closes everything that it has and begins anew in the same process, from its snapshot; the state
 * machine is restored. Members are counted by their disks, so for the others it was merely away.
 *
 * <p>Threads: {@link #propose} any. One of its own does everything else, beside those of Aeron; all
 * of them end with {@link #close}.
 */
final class AeronClusterLog implements CoordinatorLog {
    private static final Logger LOG = System.getLogger(AeronClusterLog.class.getName());
    private static final long PARK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long REBUILD_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long FOUND_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final LogOptions options;
    private final String address;
    private final Supplier<byte[]> earlier;
    private final NanoClock clock;
    private final RandomGenerator random;
    private final Proposals proposals;
    private final Counter commands;
    private final Counter snapshots;
    private final Counter purged;
    private final Counter terms;
    private final Counter rebuilds;
    private final Counter errors;

    private Replica replica;
    private byte[] nothing;
    private byte[] earlierState;
    private LogDirectory directory;
    private Roll roll;
    private Thread thread;
    private int generation;
    private volatile boolean closed;
    private volatile Throwable failure;
    private volatile Joined joined = Joined.NOT;
    private volatile LogService service;
    private volatile Consensus consensus;

    /** Since it began last, this member was in a term: it knows how far the log is committed. */
    private volatile boolean hasHadTerm;

    private Ingress ingress;
    private boolean isIngressOwn;
    private boolean isLeadSent;
    private long foundAt;
    private long unfoundedAt;
    private boolean isUnfoundedTold;

    /**
     * @param address where this coordinator is reached
     * @param earlier see {@link io.silkstone.api.cluster.CoordinatorLogFactory#open}
     * @param random for the numbers of proposers
     */
    AeronClusterLog(
            LogOptions options,
            String address,
            Supplier<byte[]> earlier,
            NanoClock clock,
            RandomGenerator random,
            MetricRegistry metrics) {
        this.options = options;
        this.address = address;
        this.earlier = earlier;
        this.clock = clock;
        this.random = random;
        proposals = new Proposals(options.proposalsMax());
        commands = metrics.counter(LogMetrics.COMMANDS);
        snapshots = metrics.counter(LogMetrics.SNAPSHOTS);
        purged = metrics.counter(LogMetrics.PURGED);
        terms = metrics.counter(LogMetrics.TERMS);
        rebuilds = metrics.counter(LogMetrics.REBUILDS);
        errors = metrics.counter(LogMetrics.ERRORS);
    }

    @Override
    public void start(Replica replica) {
        this.replica = replica;
        nothing = replica.snapshot();
        try {
            directory = LogDirectory.open(options.data());
            joined = directory.joined();
            readEarlier();
            FileTrees.remove(options.memory());
            roll = new Roll(options, this::answer);
        } catch (IOException e) {
            close();
            throw new IllegalStateException(
                    "the coordinators' log in %s, with its ports from %s on, cannot be used: %s"
                            .formatted(options.data(), options.self(), e.getMessage()),
                    e);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
        thread =
                Thread.ofPlatform()
                        .daemon()
                        .name("silkstone-log-aeron-cluster-member-0")
                        .start(this::run);
    }

    private void readEarlier() {
        boolean isFounded = joined == Joined.GIVEN || joined == Joined.ESTABLISHED;
        if (isFounded || joined == Joined.FOUNDED && !options.foundsFromJournal()) {
            return;
        }
        earlierState = earlier.get();
        if (earlierState != null && !options.foundsFromJournal()) {
            throw new IllegalStateException(
                    "this node has the journal of a coordinator that was alone: set founding ="
                            + " journal on all members to begin with it, or move it away (data/"
                            + "coordinator below the node's home)");
        }
    }

    @Override
    public boolean propose(byte[] command, Outcome outcome) {
        Checks.require(
                command.length <= options.commandBytesMax(),
                "a command has at most %d bytes, not %d",
                options.commandBytesMax(),
                command.length);
        boolean taken = proposals.add(command, outcome, clock.nanoTime() + options.proposalNanos());
        if (taken) {
            LockSupport.unpark(thread);
        }
        return taken;
    }

    private void run() {
        while (!closed) {
            try {
                live();
            } catch (Throwable e) {
                // Errors as well: without this thread the member would be gone and look alive.
                fail(e);
            }
            Throwable cause = failure;
            if (!closed && cause != null) {
                failure = null;
                rebuilds.increment();
                LOG.log(
                        Level.WARNING,
                        "this member of the coordinators'' log failed and begins anew: {0}",
                        cause.toString());
                LockSupport.parkNanos(this, REBUILD_NANOS);
            }
        }
    }

    private void fail(Throwable cause) {
        if (failure == null) {
            failure = cause;
        }
        LockSupport.unpark(thread);
    }

    /** Until it is closed or something fails. */
    private void live() throws IOException {
        if (joined == Joined.NOT) {
            directory.clear();
        }
        generation++;
        Path folder = options.memory().resolve(Integer.toString(generation));
        Files.createDirectories(folder);
        try (Media media = new Media(options, folder, directory.archive(), this::onError)) {
            if (joined == Joined.NOT) {
                joined =
                        new Joining(options, directory, clock, () -> closed, this::onError)
                                .join(media);
            }
            if (joined != Joined.NOT) {
                takePart(media);
            }
        } finally {
            FileTrees.remove(folder);
        }
    }

    private void takePart(Media media) throws IOException {
        LogService present = new LogService(replica, nothing, proposals, new Events());
        unfoundedAt = clock.nanoTime();
        hasHadTerm = false;
        try (Aeron aeron = media.client();
                Consensus module =
                        new Consensus(
                                options, media, directory, present, this::onEnded, this::onError);
                Upkeep upkeep = new Upkeep(options, media, directory, present, module, purged)) {
            service = present;
            consensus = module;
            upkeep.start();
            while (!closed && failure == null) {
                int work = aeron.conductorAgentInvoker().invoke();
                if (aeron.isClosed()) {
                    fail(new IllegalStateException("its media driver gave it up"));
                }
                OptionalLong term = module.term();
                hasHadTerm |= term.isPresent();
                present.present(term);
                if (joined == Joined.FOUNDED && present.isFounded()) {
                    directory.join(Joined.ESTABLISHED);
                    joined = Joined.ESTABLISHED;
                }
                work += lead(aeron, present, module);
                work += found(present);
                proposals.expire(clock.nanoTime());
                if (work == 0) {
                    LockSupport.parkNanos(this, PARK_NANOS);
                }
            }
        } finally {
            service = null;
            consensus = null;
            endIngress(present);
            present.tellNothing();
        }
    }

    /** Sends what this member has to say, to itself while it leads. */
    private int lead(Aeron aeron, LogService present, Consensus module) {
        boolean leads = present.isLeader() && !module.isElecting();
        boolean founds = earlierState != null && !present.isFounded() && !module.isElecting();
        if (ingress != null && (isIngressOwn != leads || !leads && !founds)) {
            endIngress(present);
        }
        if (ingress == null && (leads || founds)) {
            ingress = new Ingress(options, aeron, leads, clock, this::onError);
            isIngressOwn = leads;
        }
        if (ingress == null) {
            return 0;
        }
        int work = ingress.doWork();
        if (!ingress.isOpen()) {
            isLeadSent = false;
            present.candidate(0);
            return work;
        }
        if (leads && !isLeadSent) {
            long proposer = random.nextLong() | 1;
            byte[] words = address.getBytes(StandardCharsets.UTF_8);
            present.candidate(proposer);
            isLeadSent =
                    ingress.send(new LogFrame(LogFrame.Kind.LEAD, proposer, 0, words).encoded());
            work++;
        }
        return work + (isLeadSent ? proposals.send(ingress::send) : 0);
    }

    private void endIngress(LogService present) {
        present.candidate(0);
        isLeadSent = false;
        if (ingress != null) {
            ingress.close();
            ingress = null;
        }
    }

    /** Gives the log its beginning, if that is this member's to do. */
    private int found(LogService present) {
        long now = clock.nanoTime();
        if (present.isFounded()) {
            return 0;
        }
        if (now - unfoundedAt > PATIENCE_NANOS && present.isLeader() && !isUnfoundedTold) {
            isUnfoundedTold = true;
            LOG.log(
                    Level.WARNING,
                    "the coordinators' log waits for the member that has the journal of the"
                            + " coordinator that was alone");
        }
        boolean isTurn = earlierState != null || isLeadSent && !options.foundsFromJournal();
        boolean isOpen = ingress != null && ingress.isOpen();
        if (!isTurn || !isOpen || foundAt != 0 && now - foundAt < FOUND_AGAIN_NANOS) {
            return 0;
        }
        foundAt = now;
        long proposer = random.nextLong() | 1;
        byte[] state = earlierState == null ? new byte[0] : earlierState;
        long sequence = 0;
        for (byte[] part : FoundingState.parts(state)) {
            LogFrame frame = new LogFrame(LogFrame.Kind.FOUND, proposer, sequence++, part);
            if (!sent(frame.encoded())) {
                return 1;
            }
        }
        return 1;
    }

    private boolean sent(byte[] frame) {
        long deadline = clock.nanoTime() + FOUND_AGAIN_NANOS;
        while (!ingress.send(frame)) {
            if (closed || !ingress.isOpen() || clock.nanoTime() - deadline > 0) {
                return false;
            }
            ingress.doWork();
            LockSupport.parkNanos(this, PARK_NANOS);
        }
        return true;
    }

    private final class Events implements LogService.Listener {
        @Override
        public void applied() {
            commands.increment();
        }

        @Override
        public void termBegan() {
            terms.increment();
            LockSupport.unpark(thread);
        }

        @Override
        public void snapshotTaken() {
            snapshots.increment();
        }

        @Override
        public void failed(Throwable cause) {
            LOG.log(Level.ERROR, "the coordinator's state machine failed", cause);
            fail(cause);
        }
    }

    private void onEnded() {
        if (!closed) {
            fail(new IllegalStateException("Aeron Cluster ended it"));
        }
    }

    /** Aeron reports what it lives with, such as a member that is away; the rest ends agents. */
    private void onError(Throwable cause) {
        errors.increment();
        boolean isWarning =
                cause instanceof AeronException event
                        && event.category() == AeronException.Category.WARN;
        LOG.log(
                isWarning || closed ? Level.DEBUG : Level.WARNING,
                "Aeron Cluster: {0}",
                cause.toString());
    }

    /** What other members are told, on the thread of {@link Roll}. */
    private Roll.Answer answer() {
        LogService present = service;
        Consensus module = consensus;
        if (joined == Joined.NOT) {
            return new Roll.Answer(Roll.Stage.BLANK, 0);
        }
        boolean isFounded = present != null && present.isFounded();
        if (joined == Joined.FOUNDED && !isFounded && !directory.hasTerms()) {
            return new Roll.Answer(Roll.Stage.FOUNDING, 0);
        }
        if (present == null || module == null) {
            return new Roll.Answer(Roll.Stage.ESTABLISHED, 0);
        }
        boolean leads = present.isLeader() && !module.isElecting();
        // Until then it is the position of its snapshot, behind what it once helped to commit.
        return new Roll.Answer(
                leads ? Roll.Stage.LEADING : Roll.Stage.ESTABLISHED,
                hasHadTerm ? module.commitPosition() : 0);
    }

    @Override
    public void close() {
        closed = true;
        // Before anything that may take long: whoever waits for an outcome need not wait for it.
        LogService present = service;
        if (present != null) {
            present.candidate(0);
        }
        proposals.close();
        endOf("its thread", this::awaitThread);
        if (roll != null) {
            endOf("its TCP port", roll::close);
        }
        // What the thread took in its last round.
        proposals.close();
        if (directory != null) {
            endOf("its buffers", () -> FileTrees.remove(options.memory()));
            endOf("its directory", directory::close);
        }
    }

    private void awaitThread() {
        if (thread == null) {
            return;
        }
        LockSupport.unpark(thread);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A step of the end; the others come whatever becomes of it. */
    private static void endOf(String what, Ending step) {
        try {
            step.end();
        } catch (IOException | RuntimeException e) {
            LOG.log(
                    Level.WARNING,
                    "something of the coordinators'' log stays, {0}: {1}",
                    what,
                    e.toString());
        }
    }

    @FunctionalInterface
    private interface Ending {
        void end() throws IOException;
    }
}
