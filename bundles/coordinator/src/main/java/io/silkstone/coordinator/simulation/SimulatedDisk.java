package io.silkstone.coordinator.simulation;

import io.silkstone.coordinator.journal.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * A disk that keeps what it was told to keep and nothing more, as far as the seed decides: of the
 * writes that were not synchronised when the process crashed, each is there, or missing, or there
 * up to some byte, or in some sectors; of the names that were not synchronised, those of a while
 * ago. It can be full, and its syncs can fail: then part of what was written is lost, and the next
 * sync succeeds as if nothing had been, as Linux does it.
 *
 * <p>A process that crashes in the middle of something is one that gets a {@link Crash} out of the
 * disk, at the operation that {@link #crashAfter} counts to; whatever it does afterwards fails in
 * the same way until {@link #restart}. Threads: one at a time.
 */
public final class SimulatedDisk implements Disk {
    private static final int SECTOR_BYTES = 512;

    /** The process ends here. */
    public static final class Crash extends RuntimeException {
        private static final long serialVersionUID = 1;

        private Crash() {
            super("the simulated process has crashed");
        }
    }

    /** What is done to the content of a file: bytes at an offset, or, without bytes, its length. */
    private record Change(long offset, byte[] bytes) {
        private Content to(Content content) {
            return bytes == null ? content.cut(offset) : content.with(offset, bytes);
        }
    }

    private record Content(byte[] bytes) {
        private Content cut(long length) {
            return new Content(Arrays.copyOf(bytes, (int) length));
        }

        private Content with(long offset, byte[] part) {
            int end = (int) offset + part.length;
            byte[] all = Arrays.copyOf(bytes, Math.max(end, bytes.length));
            System.arraycopy(part, 0, all, (int) offset, part.length);
            return new Content(all);
        }
    }

    private static final class Inode {
        private Content seen = new Content(new byte[0]);
        private Content safe = seen;
        private final List<Change> unsafe = new ArrayList<>();
    }

    private final RandomGenerator random;
    private TreeMap<String, Inode> seenNames = new TreeMap<>();

    /** The names after each change that was not synchronised; first those that are safe. */
    private final List<TreeMap<String, Inode>> namesSince = new ArrayList<>();

    private long capacity = Long.MAX_VALUE;
    private double syncFailures;
    private long operations;
    private long crashAt = Long.MAX_VALUE;
    private int process;

    /** An empty disk. */
    public SimulatedDisk(RandomGenerator random) {
        this.random = random;
        namesSince.add(new TreeMap<>());
    }

    /** Has the process crash at its {@code count}-th operation from now on. */
    public void crashAfter(long count) {
        crashAt = operations + count;
    }

    /** How many operations there were. */
    public long operations() {
        return operations;
    }

    /** How many bytes all files may have together. */
    public void capacity(long bytes) {
        capacity = bytes;
    }

    /** Which share of syncs of files fails, 0 to 1. */
    public void syncFailures(double share) {
        syncFailures = share;
    }

    /**
     * The process has ended, and a new one begins: decides what of the unsynchronised is there.
     * Writers that were open before are dead.
     */
    public void restart() {
        process++;
        crashAt = Long.MAX_VALUE;
        seenNames = new TreeMap<>(namesSince.get(random.nextInt(namesSince.size())));
        namesSince.clear();
        namesSince.add(new TreeMap<>(seenNames));
        for (Inode inode : seenNames.values()) {
            resolve(inode);
            inode.seen = inode.safe;
        }
    }

    /** Decides for each change that is not safe what the platter has of it. */
    private void resolve(Inode inode) {
        for (Change change : inode.unsafe) {
            int fate = random.nextInt(4);
            if (fate == 0) {
                continue;
            }
            if (fate == 1 || change.bytes == null) {
                inode.safe = change.to(inode.safe);
            } else if (fate == 2) {
                int length = random.nextInt(change.bytes.length + 1);
                byte[] part = Arrays.copyOf(change.bytes, length);
                inode.safe = new Change(change.offset, part).to(inode.safe);
            } else {
                scatter(inode, change);
            }
        }
        inode.unsafe.clear();
    }

    private void scatter(Inode inode, Change change) {
        int at = 0;
        while (at < change.bytes.length) {
            int toBorder = (int) (SECTOR_BYTES - (change.offset + at) % SECTOR_BYTES);
            int end = Math.min(change.bytes.length, at + toBorder);
            if (random.nextBoolean()) {
                byte[] sector = Arrays.copyOfRange(change.bytes, at, end);
                inode.safe = new Change(change.offset + at, sector).to(inode.safe);
            }
            at = end;
        }
    }

    /** Turns over one bit of what a file has, as a bad disk does. */
    public void flip(String name, long bit) {
        Inode inode = seenNames.get(name);
        byte[] bytes = inode.seen.bytes.clone();
        bytes[(int) (bit / Byte.SIZE)] ^= (byte) (1 << bit % Byte.SIZE);
        inode.seen = new Content(bytes);
        inode.safe = inode.seen;
    }

    /** Cuts a file off. */
    public void cut(String name, long length) {
        Inode inode = seenNames.get(name);
        inode.seen = inode.seen.cut(length);
        inode.safe = inode.seen;
    }

    /** A disk with the same safe content. */
    public SimulatedDisk copy(RandomGenerator random) {
        SimulatedDisk copy = new SimulatedDisk(random);
        seenNames.forEach(
                (name, inode) -> {
                    Inode same = new Inode();
                    same.seen = inode.seen;
                    same.safe = inode.seen;
                    copy.seenNames.put(name, same);
                });
        copy.namesSince.set(0, new TreeMap<>(copy.seenNames));
        return copy;
    }

    @Override
    public String path() {
        return "simulated";
    }

    @Override
    public List<String> names() throws IOException {
        step();
        return List.copyOf(seenNames.keySet());
    }

    @Override
    public byte[] read(String name) throws IOException {
        step();
        return inode(name).seen.bytes.clone();
    }

    private Inode inode(String name) throws IOException {
        Inode inode = seenNames.get(name);
        if (inode == null) {
            throw new NoSuchFileException(name);
        }
        return inode;
    }

    private void step() {
        if (++operations > crashAt) {
            throw new Crash();
        }
    }

    private boolean crashesNow() {
        return operations == crashAt;
    }

    private void namesChanged() {
        namesSince.add(new TreeMap<>(seenNames));
        if (crashesNow()) {
            throw new Crash();
        }
    }

    @Override
    public Writer open(String name) throws IOException {
        step();
        Inode inode = seenNames.get(name);
        if (inode == null) {
            inode = new Inode();
            seenNames.put(name, inode);
            namesChanged();
        }
        return new SimulatedWriter(inode);
    }

    private final class SimulatedWriter implements Writer {
        private final Inode inode;
        private final int born = process;

        private SimulatedWriter(Inode inode) {
            this.inode = inode;
        }

        private void stepOfMine() {
            if (born != process) {
                throw new Crash();
            }
            step();
        }

        private void change(Change change) {
            inode.unsafe.add(change);
            inode.seen = change.to(inode.seen);
            if (crashesNow()) {
                throw new Crash();
            }
        }

        @Override
        public void write(long offset, ByteBuffer bytes) throws IOException {
            stepOfMine();
            byte[] all = new byte[bytes.remaining()];
            bytes.get(all);
            long growth = offset + all.length - inode.seen.bytes.length;
            long tooMuch = Math.max(0, used() + growth - capacity);
            if (growth <= 0 || tooMuch == 0) {
                change(new Change(offset, all));
                return;
            }
            int fits = (int) Math.max(0, all.length - tooMuch);
            if (fits > 0) {
                change(new Change(offset, Arrays.copyOf(all, fits)));
            }
            throw new IOException("No space left on device");
        }

        @Override
        public void truncate(long length) {
            stepOfMine();
            change(new Change(length, null));
        }

        @Override
        public void sync() throws IOException {
            stepOfMine();
            if (crashesNow()) {
                throw new Crash();
            }
            if (random.nextDouble() < syncFailures) {
                resolve(inode);
                throw new IOException("Input/output error");
            }
            inode.unsafe.forEach(change -> inode.safe = change.to(inode.safe));
            inode.unsafe.clear();
        }

        @Override
        public void close() {
            // What is not safe stays so.
        }
    }

    private long used() {
        return seenNames.values().stream().mapToLong(inode -> inode.seen.bytes.length).sum();
    }

    @Override
    public void rename(String from, String to) throws IOException {
        step();
        Inode inode = inode(from);
        seenNames.remove(from);
        seenNames.put(to, inode);
        namesChanged();
    }

    @Override
    public void delete(String name) throws IOException {
        step();
        inode(name);
        seenNames.remove(name);
        namesChanged();
    }

    @Override
    public void sync() throws IOException {
        step();
        if (crashesNow()) {
            throw new Crash();
        }
        namesSince.clear();
        namesSince.add(new TreeMap<>(seenNames));
    }

    @Override
    public void close() {
        // There is nothing to release.
    }
}
