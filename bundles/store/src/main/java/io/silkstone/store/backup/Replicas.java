package io.silkstone.store.backup;

import io.silkstone.base.disk.Disk;
import io.silkstone.store.backup.Backups.Outcome;
import io.silkstone.store.backup.Backups.Step;
import io.silkstone.store.backup.SegmentFiles.Kept;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/** The replicas of one log; see {@link Backups}. Threads: one. */
final class Replicas implements AutoCloseable {
    /** Files that wait for a sync to be closed. */
    private static final int ENDED_MAX = 32;

    /** Files of replicas that have not ended; more are closed between two syncs. */
    private static final int OPEN_MAX = 8;

    private static final Logger LOG = System.getLogger(Replicas.class.getName());

    private final SegmentFiles files;
    private final TreeMap<Long, Replica> replicas = new TreeMap<>();

    /** Segments to whose replicas something was written since the last sync. */
    private final Set<Long> unsafe = new HashSet<>();

    private boolean replaces;
    private int ended;

    private Replicas(SegmentFiles files) {
        this.files = files;
        for (long segment : files.segments()) {
            replicas.put(segment, new Replica(segment));
        }
    }

    /**
     * Opens what is on {@code disk}, which is closed with this, and at once if this fails.
     *
     * @throws IOException when the disk fails
     */
    static Replicas open(Disk disk, RandomGenerator random) throws IOException {
        try {
            return new Replicas(SegmentFiles.open(disk, random));
        } catch (IOException | RuntimeException e) {
            disk.close();
            throw e;
        }
    }

    String path() {
        return files.path();
    }

    /** Bytes on disk. */
    long bytes() {
        return files.bytes();
    }

    Collection<Replica> all() {
        return replicas.values();
    }

    Replica get(long segment) {
        return replicas.get(segment);
    }

    /**
     * Does a step, if it is the next one.
     *
     * @throws IOException when the disk fails; then no more steps of this replica are done
     */
    Outcome write(Step step) throws IOException {
        Replica present = replicas.get(step.segment());
        boolean grows = present != null && present.grows(step.incarnation());
        if (grows && step.sequence() <= present.sequence) {
            return Outcome.DONE;
        }
        if (step.sequence() == 0) {
            return begin(step, present);
        }
        boolean isNext =
                grows
                        && step.sequence() == present.sequence + 1
                        && step.position() == present.bytes;
        if (!isNext) {
            return Outcome.MISSING;
        }
        try {
            append(step, present);
        } catch (IOException e) {
            leave(step.segment());
            throw e;
        }
        return Outcome.DONE;
    }

    private Outcome begin(Step step, Replica present) throws IOException {
        boolean isLate =
                present != null && know(present) && present.incarnation >= step.incarnation();
        if (isLate || step.position() != 0) {
            // One of the same incarnation has more, perhaps, than the process that wrote it said.
            return Outcome.MISSING;
        }
        Replica replica = new Replica(step.segment());
        replica.isKnown = true;
        replica.incarnation = step.incarnation();
        try {
            files.begin(step.segment(), step.incarnation());
            append(step, replica);
        } catch (IOException e) {
            leave(step.segment());
            throw e;
        }
        replicas.put(step.segment(), replica);
        replaces |= present != null;
        return Outcome.DONE;
    }

    private void append(Step step, Replica replica) throws IOException {
        files.step(
                step.segment(),
                step.position(),
                step.entries(),
                step.noteNumber(),
                step.note(),
                step.ends());
        replica.sequence = step.sequence();
        replica.bytes += (int) step.entries().byteSize();
        replica.noteNumber = Math.max(replica.noteNumber, step.noteNumber());
        replica.hasEnded = step.ends();
        replica.loaded = null;
        unsafe.add(step.segment());
        ended += step.ends() ? 1 : 0;
    }

    /** The disk has failed it: it is what can be read of it, and takes no more steps. */
    private void leave(long segment) {
        unsafe.remove(segment);
        try {
            files.leave(segment);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "it is tried again when it is read", e);
        }
        if (files.has(segment)) {
            replicas.put(segment, new Replica(segment));
        } else {
            replicas.remove(segment);
        }
    }

    /** Whether a sync has to come now, whatever else is said of syncs. */
    boolean needsSync() {
        return replaces || ended > ENDED_MAX;
    }

    /** Whether a sync has something to do that somebody may wait for. */
    boolean isUnsafe() {
        return !unsafe.isEmpty() || replaces || ended > 0;
    }

    /**
     * Makes safe whatever was written.
     *
     * @throws IOException when the disk fails; then no more steps are done of replicas that were
     *     not safe
     */
    void sync() throws IOException {
        replaces = false;
        ended = 0;
        try {
            files.sync();
            unsafe.clear();
            rest();
        } catch (IOException e) {
            List.copyOf(unsafe).forEach(this::leave);
            throw e;
        }
    }

    /** Closes files to which nothing may ever come: their masters have gone to other backups. */
    private void rest() {
        long open = replicas.values().stream().filter(Replica::isOpen).count();
        if (open > OPEN_MAX) {
            replicas.keySet().forEach(files::rest);
        }
    }

    /** Whether all steps up to this one were written, and the disk has not failed since. */
    boolean has(Step step) {
        Replica present = replicas.get(step.segment());
        return present != null
                && present.grows(step.incarnation())
                && step.sequence() <= present.sequence;
    }

    /**
     * Finds out what is in the file of a replica; as long as reading that takes, if it is not
     * known.
     *
     * @return whether it can be believed
     */
    boolean know(Replica replica) {
        if (!replica.isKnown) {
            replica.isKnown = true;
            try {
                read(replica);
            } catch (IOException e) {
                damaged(replica, e instanceof DamagedReplica found ? found.what() : e.getMessage());
            }
        }
        return !replica.isDamaged;
    }

    private void read(Replica replica) throws IOException {
        long segment = replica.segment;
        for (long failed : files.failed()) {
            if (failed == segment) {
                files.leave(segment);
            }
        }
        if (!files.has(segment)) {
            return;
        }
        Kept kept = files.read(segment);
        confirm(segment);
        replica.incarnation = kept.incarnation();
        replica.bytes = (int) kept.contents().byteSize();
        replica.noteNumber = kept.noteNumber();
        replica.hasEnded = kept.hasEnded();
        if (!new Entries(kept.contents()).areSound()) {
            damaged(replica, "what " + path() + " has of segment " + segment + " makes no sense");
        }
    }

    /** Who needs the replica is served better by what may get lost than by nothing. */
    private void confirm(long segment) throws DamagedReplica {
        try {
            files.confirm(segment);
        } catch (DamagedReplica e) {
            throw e;
        } catch (IOException e) {
            LOG.log(
                    Level.WARNING,
                    "what {0} has of segment {1} may not survive the machine: {2}",
                    path(),
                    segment,
                    e);
        }
    }

    private static void damaged(Replica replica, String trouble) {
        replica.isDamaged = true;
        replica.sequence = Replica.NO_STEPS;
        replica.loaded = null;
        LOG.log(Level.ERROR, "a replica cannot be used: {0}", trouble);
    }

    /** What is in the file of a replica that is known; null, and it is damaged, if that differs. */
    Kept keptOf(Replica replica) {
        try {
            Kept kept = files.read(replica.segment);
            boolean isSame =
                    kept.incarnation() == replica.incarnation
                            && kept.contents().byteSize() == replica.bytes
                            && kept.noteNumber() == replica.noteNumber
                            && kept.hasEnded() == replica.hasEnded
                            && new Entries(kept.contents()).areSound();
            if (isSame) {
                return kept;
            }
            damaged(
                    replica,
                    path() + " has not all that was written to it of segment " + replica.segment);
        } catch (IOException e) {
            damaged(replica, e instanceof DamagedReplica found ? found.what() : e.getMessage());
        }
        return null;
    }

    /**
     * Removes the replica of a segment, if there is one, unless it is of a later incarnation.
     *
     * @throws IOException when the disk fails; then it is still there
     */
    void drop(long segment, long incarnation) throws IOException {
        Replica present = replicas.get(segment);
        boolean isLater = present != null && know(present) && present.incarnation > incarnation;
        if (!files.has(segment) || isLater) {
            return;
        }
        try {
            files.drop(segment);
            replicas.remove(segment);
            unsafe.remove(segment);
        } catch (IOException e) {
            leave(segment);
            throw e;
        }
    }

    /**
     * Removes some of all replicas.
     *
     * @return whether there are more
     * @throws IOException when the disk fails
     */
    boolean dropSome(int most) throws IOException {
        for (int count = 0; count < most && !replicas.isEmpty(); count++) {
            drop(replicas.firstKey(), Long.MAX_VALUE);
        }
        return !replicas.isEmpty();
    }

    /** Leaves the files as they are. */
    @Override
    public void close() {
        try {
            files.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "{0} was not closed: {1}", path(), e);
        }
    }
}
