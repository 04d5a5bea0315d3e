package io.silkstone.coordinator.journal;

import io.silkstone.api.cluster.CoordinatorLog;
import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.base.Checks;
import io.silkstone.base.NanoClock;
import io.silkstone.base.disk.Disk;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;

/**
 * The log of a coordinator that is alone: a journal on this machine's disk. It leads from the start
 * to the end, and no other process can, since it has the directory locked.
 *
 * <p><b>What is kept.</b> Commands are written in batches, as many as wait, and synchronised before
 * they are applied and anybody is told. A batch is written only after the one before is safe, and
 * has one checksum: so a crash leaves at most the last batch in parts, whatever the disk does with
 * what it was not told to keep. {@link JournalFile} has the layout.
 *
 * <p><b>Recovery</b> loads the newest snapshot and applies what the journal has after it, up to the
 * first batch that is not whole. Nobody was told of that one, and it is cut off. But if a whole
 * batch follows, then the broken one was safe once and somebody was told: the disk has lost it, and
 * the log refuses to start instead of forgetting it. (Of a last batch that went bad long after it
 * was written nothing can be known: it looks as one does that was never finished.) A last batch
 * that is whole is made safe before it is applied: the process may have ended between its write and
 * its sync, and then a failure of the power takes it.
 *
 * <p><b>Snapshots.</b> After so many commands the state is written to a file of its own, then a new
 * journal begins, and when both are safe the old files go. A file gets its name when its beginning
 * is safe, also in place of one that had it; so at each moment the newest snapshot and the newest
 * journal are whole, and all that is needed.
 *
 * <p><b>When the disk fails</b> or is full, nothing is known of the batch that was being written:
 * its proposers are told that, the state stays as it was, and proposals are refused. A disk that
 * failed once is not believed when it says later that all is well: the log goes on in a new file
 * that begins with a snapshot of what was applied, as soon as that can be written. It replaces the
 * old journal, and with it the batch that failed.
 *
 * <p>Threads: {@link #propose} any. {@link #doWork} does everything else, called by one thread at a
 * time, over and over: {@link #run} is a thread's life that does so.
 */
public final class JournalLog implements CoordinatorLog, Runnable {
    private static final Logger LOG = System.getLogger(JournalLog.class.getName());
    private static final String UNFINISHED = "unfinished";
    private static final int BATCH_COMMANDS_MAX = 256;
    private static final int BATCH_BYTES_MAX = 1 << 20;
    private static final long JOURNAL_BYTES_MAX = 64 << 20;
    private static final long PARK_NANOS_MAX = 1_000_000_000;

    private record Proposal(byte[] command, Outcome outcome) {}

    private final Disk disk;
    private final String leader;
    private final JournalOptions options;
    private final NanoClock clock;
    private final RandomGenerator random;
    private final Counter commands;
    private final Counter syncs;
    private final Counter bytes;
    private final Counter snapshots;
    private final Counter failures;

    /** One at a time does the work. */
    private final ReentrantLock duty = new ReentrantLock();

    /** Guards itself and {@code takesProposals}. */
    private final Queue<Proposal> proposals = new ArrayDeque<>();

    private boolean takesProposals;
    private volatile Thread worker;
    private volatile boolean closed;

    private Replica replica;
    private Disk.Writer journal;
    private String journalName;
    private long salt;
    private long end;
    private long lastIndex;
    private long snapshotIndex;
    private boolean isBroken;
    private long repairAt;

    /**
     * In the directory {@code disk}, which stays the caller's to close, after this.
     *
     * @param leader where this coordinator is reached, for {@link CoordinatorLog.Replica#leads}
     * @param random for numbers that tell one file from another
     */
    public JournalLog(
            Disk disk,
            String leader,
            JournalOptions options,
            NanoClock clock,
            RandomGenerator random,
            MetricRegistry metrics) {
        this.disk = disk;
        this.leader = leader;
        this.options = options;
        this.clock = clock;
        this.random = random;
        commands = metrics.counter(JournalMetrics.COMMANDS);
        syncs = metrics.counter(JournalMetrics.SYNCS);
        bytes = metrics.counter(JournalMetrics.BYTES);
        snapshots = metrics.counter(JournalMetrics.SNAPSHOTS);
        failures = metrics.counter(JournalMetrics.FAILURES);
    }

    @Override
    public boolean isShared() {
        return false;
    }

    @Override
    public void start(Replica replica) {
        duty.lock();
        try {
            this.replica = replica;
            recover();
        } catch (IOException e) {
            throw new IllegalStateException(
                    "the coordinator's journal in " + disk.path() + " cannot be used: " + e, e);
        } finally {
            duty.unlock();
        }
        replica.leads(true, leader);
        takeProposals(true);
    }

    private void takeProposals(boolean takes) {
        synchronized (proposals) {
            takesProposals = takes;
        }
    }

    private void recover() throws IOException {
        // What the process before renamed may be on the disk under its old name still.
        disk.sync();
        List<String> names = disk.names();
        long newestJournal = -1;
        for (String name : names) {
            snapshotIndex = Math.max(snapshotIndex, JournalFile.snapshotIndex(name));
            newestJournal = Math.max(newestJournal, JournalFile.journalIndex(name));
        }
        if (snapshotIndex > 0) {
            String name = JournalFile.snapshotName(snapshotIndex);
            byte[] state = JournalFile.state(JournalFile.of(disk.read(name)), snapshotIndex);
            require(state != null, name, "is damaged");
            replica.restore(state);
        }
        lastIndex = snapshotIndex;
        if (newestJournal >= 0) {
            readJournal(newestJournal);
        } else {
            require(
                    snapshotIndex == 0,
                    JournalFile.snapshotName(snapshotIndex),
                    "is there, but no journal");
            beginJournal();
        }
        removeOthers();
    }

    private void readJournal(long firstIndex) throws IOException {
        journalName = JournalFile.journalName(firstIndex);
        require(
                firstIndex <= snapshotIndex + 1,
                journalName,
                "begins after the newest snapshot: a file is missing");
        ByteBuffer file = JournalFile.of(disk.read(journalName));
        Long salted = JournalFile.salt(file, firstIndex);
        require(salted != null, journalName, "is damaged at its beginning");
        salt = salted;
        List<JournalFile.Batch> batches = new ArrayList<>();
        int last = JournalFile.HEADER_BYTES;
        int at = JournalFile.HEADER_BYTES;
        long next = firstIndex;
        JournalFile.Batch batch = JournalFile.batchAt(file, at, salt);
        while (batch != null) {
            require(batch.firstIndex() == next, journalName, "has the wrong command at byte " + at);
            batches.add(batch);
            next += batch.commands().size();
            last = at;
            at += batch.bytes();
            batch = JournalFile.batchAt(file, at, salt);
        }
        require(
                next > snapshotIndex,
                journalName,
                "ends before the newest snapshot, at byte " + at + ": it is damaged");
        for (int later = at; later < file.limit(); later += JournalFile.ALIGNMENT) {
            require(
                    JournalFile.batchAt(file, later, salt) == null,
                    journalName,
                    "is damaged at byte "
                            + at
                            + ", and what follows is whole: the disk has lost a decision");
        }
        end = at;
        journal = disk.open(journalName);
        if (file.limit() > at) {
            LOG.log(
                    Level.INFO,
                    "{0}/{1}: the last {2} bytes were being written when the process ended; "
                            + "nobody was told of them, they are cut off",
                    disk.path(),
                    journalName,
                    file.limit() - at);
        }
        makeSafe(file, last);
        next = firstIndex;
        for (JournalFile.Batch whole : batches) {
            for (byte[] command : whole.commands()) {
                if (next > lastIndex) {
                    apply(command);
                }
                next++;
            }
        }
    }

    /**
     * What is seen of the last batch may be nowhere but in the machine's memory, if the process
     * ended between its write and its sync. And if that sync failed, the next one succeeds without
     * it: so the batch is written once more. All before it was safe when it was written. (Zeros
     * that fill the batch up may be missing.)
     */
    private void makeSafe(ByteBuffer file, int lastBatch) throws IOException {
        int lastEnd = Math.min((int) end, file.limit());
        journal.write(lastBatch, file.slice(lastBatch, lastEnd - lastBatch));
        journal.truncate(end);
        journal.sync();
    }

    private void require(boolean holds, String name, String trouble) {
        if (!holds) {
            throw new IllegalStateException(
                    "the coordinator cannot start: "
                            + disk.path()
                            + "/"
                            + name
                            + " "
                            + trouble
                            + "; restore the directory from a copy");
        }
    }

    @Override
    public boolean propose(byte[] command, Outcome outcome) {
        Checks.require(
                command.length <= options.commandBytesMax(),
                "a command has at most %d bytes, not %d",
                options.commandBytesMax(),
                command.length);
        synchronized (proposals) {
            if (!takesProposals || proposals.size() >= options.proposalsMax()) {
                return false;
            }
            proposals.add(new Proposal(command, outcome));
        }
        LockSupport.unpark(worker);
        return true;
    }

    /**
     * Writes what waits, applies it and tells the proposers; or repairs what is broken.
     *
     * @return how much was done; 0 when the caller may wait
     */
    public int doWork() {
        duty.lock();
        try {
            if (closed || replica == null) {
                return 0;
            }
            if (isBroken) {
                return repair();
            }
            List<Proposal> batch = nextBatch();
            if (!batch.isEmpty()) {
                commit(batch);
            }
            return batch.size();
        } finally {
            duty.unlock();
        }
    }

    private List<Proposal> nextBatch() {
        List<Proposal> batch = new ArrayList<>();
        int size = 0;
        synchronized (proposals) {
            while (!proposals.isEmpty()
                    && batch.size() < BATCH_COMMANDS_MAX
                    && size < BATCH_BYTES_MAX) {
                Proposal next = proposals.remove();
                size += next.command.length;
                batch.add(next);
            }
        }
        return batch;
    }

    private void commit(List<Proposal> batch) {
        ByteBuffer written =
                JournalFile.batch(
                        salt, lastIndex + 1, batch.stream().map(Proposal::command).toList());
        int length = written.remaining();
        try {
            journal.write(end, written);
            journal.sync();
        } catch (IOException e) {
            breakDown(e);
            batch.forEach(proposal -> proposal.outcome.ended(null));
            endProposals();
            return;
        }
        end += length;
        bytes.add(length);
        syncs.increment();
        commands.add(batch.size());
        for (Proposal proposal : batch) {
            proposal.outcome.ended(apply(proposal.command));
        }
        boolean isLong =
                lastIndex - snapshotIndex >= options.commandsPerSnapshot()
                        || end >= JOURNAL_BYTES_MAX;
        if (isLong) {
            try {
                rollOver();
            } catch (IOException e) {
                // Perhaps a new journal is there and would be read instead of the one that is used.
                breakDown(e);
                endProposals();
            }
        }
    }

    /** What a state machine throws is a bug in it, which the next start would meet again. */
    private byte[] apply(byte[] command) {
        try {
            byte[] result = replica.apply(lastIndex + 1, MemorySegment.ofArray(command));
            lastIndex++;
            return result;
        } catch (RuntimeException e) {
            closed = true;
            takeProposals(false);
            throw e;
        }
    }

    private void breakDown(IOException e) {
        failures.increment();
        if (!isBroken) {
            LOG.log(
                    Level.ERROR,
                    "the coordinator cannot write to "
                            + disk.path()
                            + " and decides nothing until it can: "
                            + e);
        }
        isBroken = true;
        repairAt = clock.nanoTime() + options.repairNanos();
        takeProposals(false);
    }

    private void endProposals() {
        List<Proposal> left = nextBatch();
        while (!left.isEmpty()) {
            left.forEach(proposal -> proposal.outcome.ended(null));
            left = nextBatch();
        }
    }

    private int repair() {
        if (clock.nanoTime() - repairAt < 0) {
            return 0;
        }
        try {
            rollOver();
        } catch (IOException e) {
            breakDown(e);
            return 0;
        }
        isBroken = false;
        takeProposals(true);
        LOG.log(Level.INFO, "the coordinator can write to {0} again", disk.path());
        return 1;
    }

    /** Writes a snapshot and begins a journal after it. */
    private void rollOver() throws IOException {
        ByteBuffer snapshot = JournalFile.snapshot(lastIndex, replica.snapshot());
        bytes.add(snapshot.remaining());
        try (Disk.Writer file = disk.open(UNFINISHED)) {
            file.truncate(0);
            file.write(0, snapshot);
            file.sync();
        }
        disk.rename(UNFINISHED, JournalFile.snapshotName(lastIndex));
        disk.sync();
        snapshots.increment();
        snapshotIndex = lastIndex;
        beginJournal();
        removeOthers();
    }

    private void beginJournal() throws IOException {
        String name = JournalFile.journalName(lastIndex + 1);
        long nextSalt = random.nextLong();
        Disk.Writer next = disk.open(UNFINISHED);
        try {
            next.truncate(0);
            next.write(0, JournalFile.header(lastIndex + 1, nextSalt));
            next.sync();
            disk.rename(UNFINISHED, name);
            disk.sync();
        } catch (IOException e) {
            closeQuietly(next);
            throw e;
        }
        if (journal != null) {
            closeQuietly(journal);
        }
        journal = next;
        journalName = name;
        salt = nextSalt;
        end = JournalFile.HEADER_BYTES;
    }

    /** Removes what is not needed (any more). That it stays after a crash does no harm. */
    private void removeOthers() {
        try {
            for (String name : disk.names()) {
                boolean isOurs =
                        JournalFile.journalIndex(name) >= 0
                                || JournalFile.snapshotIndex(name) >= 0
                                || name.equals(UNFINISHED);
                boolean isNeeded =
                        name.equals(journalName)
                                || name.equals(JournalFile.snapshotName(snapshotIndex));
                if (isOurs && !isNeeded) {
                    disk.delete(name);
                }
            }
        } catch (IOException e) {
            failures.increment();
            LOG.log(Level.WARNING, "old files stay in " + disk.path() + ": " + e);
        }
    }

    private static void closeQuietly(Disk.Writer file) {
        try {
            file.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a file that is not needed any more could not be closed", e);
        }
    }

    /** Does the work until the log is closed; waits in between. */
    @Override
    public void run() {
        worker = Thread.currentThread();
        while (!closed) {
            if (doWork() == 0) {
                LockSupport.parkNanos(
                        this, Math.clamp(options.repairNanos(), 1_000_000, PARK_NANOS_MAX));
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(worker);
        takeProposals(false);
        duty.lock();
        try {
            endProposals();
            if (journal != null) {
                closeQuietly(journal);
            }
        } finally {
            duty.unlock();
        }
    }
}
