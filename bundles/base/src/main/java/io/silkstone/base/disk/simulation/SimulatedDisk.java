package io.silkstone.base.disk.simulation;

import io.silkstone.base.disk.Disk;
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
 * writes that were not synchronised when the machine went down, each is there, or missing, or there
 * up to some byte, or in some sectors; of the names that were not synchronised, those of a while
 * ago. It can be full, and whatever it is asked can fail: after a sync that failed part of what was
 * written is lost, and the next sync succeeds as if nothing had been, as Linux does it.
 *
 * <p>A process that crashes in the middle of something is one that gets a {@link Crash} out of the
 * disk, at the operation that {@link #crashAfter} counts to; whatever it does afterwards fails in
 * the same way until the next process begins, by {@link #restart} or {@link #restartProcess}.
 * Threads: one at a time.
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

    /** What is done to the content of a file: bytes at an offset, or, without bytes, an end. */
    private record Change(long offset, byte[] bytes) {}

    /** Bytes that grow; what lies in {@code bytes} beyond {@code length} is zero. */
    private static final class Content {
        private byte[] bytes = new byte[0];
        private int length;

        private byte[] all() {
            return Arrays.copyOf(bytes, length);
        }

        private Content copy() {
            Content copy = new Content();
            copy.bytes = all();
            copy.length = length;
            return copy;
        }

        private void apply(Change change) {
            if (change.bytes == null) {
                resize((int) Math.min(change.offset, length));
                return;
            }
            int end = (int) change.offset + change.bytes.length;
            if (end > length) {
                resize(end);
            }
            System.arraycopy(change.bytes, 0, bytes, (int) change.offset, change.bytes.length);
        }

        private void resize(int newLength) {
            if (newLength > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(newLength, 2 * length));
            } else if (newLength < length) {
                Arrays.fill(bytes, newLength, length, (byte) 0);
            }
            length = newLength;
        }

        private void flip(long bit) {
            if (bit < (long) length * Byte.SIZE) {
                bytes[(int) (bit / Byte.SIZE)] ^= (byte) (1 << bit % Byte.SIZE);
            }
        }
    }

    private static final class Inode {
        private Content seen = new Content();
        private Content safe = new Content();
        private final List<Change> unsafe = new ArrayList<>();

        private void makeSafe() {
            unsafe.forEach(safe::apply);
            unsafe.clear();
        }
    }

    private final RandomGenerator random;
    private TreeMap<String, Inode> seenNames = new TreeMap<>();

    /** The names after each change that was not synchronised; first those that are safe. */
    private final List<TreeMap<String, Inode>> namesSince = new ArrayList<>();

    private long capacity = Long.MAX_VALUE;
    private double writeFailures;
    private double syncFailures;
    private double namesFailures;
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

    /** Which share of writes to files fails, 0 to 1: a part of each may have been written. */
    public void writeFailures(double share) {
        writeFailures = share;
    }

    /** Which share of syncs of files fails, 0 to 1. */
    public void syncFailures(double share) {
        syncFailures = share;
    }

    /**
     * Which share fails of what changes or synchronises names, 0 to 1. A change that failed may
     * have been made all the same; after a sync that failed, all changes are as unsafe as before.
     */
    public void namesFailures(double share) {
        namesFailures = share;
    }

    /**
     * The machine has gone down, and a new process begins: decides what of the unsynchronised is
     * there. Writers that were open before are dead.
     */
    public void restart() {
        restartProcess();
        seenNames = new TreeMap<>(namesSince.get(random.nextInt(namesSince.size())));
        namesSince.clear();
        namesSince.add(new TreeMap<>(seenNames));
        for (Inode inode : seenNames.values()) {
            resolve(inode);
            inode.seen = inode.safe.copy();
        }
    }

    /**
     * The process alone has ended, and a new one begins: it sees all that was written, since the
     * machine has it in memory, and it is as unsafe as before. Writers that were open before are
     * dead.
     */
    public void restartProcess() {
        process++;
        crashAt = Long.MAX_VALUE;
    }

    /** Decides for each change that is not safe what the platter has of it. */
    private void resolve(Inode inode) {
        for (Change change : inode.unsafe) {
            int fate = random.nextInt(4);
            if (fate == 0) {
                continue;
            }
            if (fate == 1 || change.bytes == null) {
                inode.safe.apply(change);
            } else if (fate == 2) {
                int length = random.nextInt(change.bytes.length + 1);
                byte[] part = Arrays.copyOf(change.bytes, length);
                inode.safe.apply(new Change(change.offset, part));
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
                inode.safe.apply(new Change(change.offset + at, sector));
            }
            at = end;
        }
    }

    /** Turns over one bit of what a file has, as a bad disk does. */
    public void flip(String name, long bit) {
        Inode inode = seenNames.get(name);
        inode.seen.flip(bit);
        inode.safe.flip(bit);
    }

    /** Cuts a file off. */
    public void cut(String name, long length) {
        Inode inode = seenNames.get(name);
        inode.seen.resize((int) length);
        inode.safe = inode.seen.copy();
        inode.unsafe.clear();
    }

    /** A disk on which everything is safe that is seen on this one. */
    public SimulatedDisk copy(RandomGenerator random) {
        SimulatedDisk copy = new SimulatedDisk(random);
        seenNames.forEach(
                (name, inode) -> {
                    Inode same = new Inode();
                    same.seen = inode.seen.copy();
                    same.safe = inode.seen.copy();
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
    public long length(String name) throws IOException {
        step();
        return inode(name).seen.length;
    }

    @Override
    public byte[] read(String name) throws IOException {
        step();
        return inode(name).seen.all();
    }

    @Override
    public byte[] read(String name, long offset, int length) throws IOException {
        step();
        Content content = inode(name).seen;
        int from = (int) Math.min(offset, content.length);
        int end = (int) Math.min(offset + length, content.length);
        return Arrays.copyOfRange(content.bytes, from, end);
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

    /** Draws nothing while nothing fails: runs that were recorded before go the same way. */
    private boolean fails(double share) {
        return share > 0 && random.nextDouble() < share;
    }

    private static IOException failure() {
        return new IOException("Input/output error");
    }

    private void changeNames(Runnable change) throws IOException {
        boolean fails = fails(namesFailures);
        if (!fails || random.nextBoolean()) {
            change.run();
            namesSince.add(new TreeMap<>(seenNames));
        }
        if (crashesNow()) {
            throw new Crash();
        }
        if (fails) {
            throw failure();
        }
    }

    @Override
    public Writer open(String name) throws IOException {
        step();
        if (!seenNames.containsKey(name)) {
            changeNames(() -> seenNames.put(name, new Inode()));
        }
        return new SimulatedWriter(inode(name));
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
            inode.seen.apply(change);
            if (crashesNow()) {
                throw new Crash();
            }
        }

        @Override
        public void write(long offset, ByteBuffer bytes) throws IOException {
            stepOfMine();
            byte[] all = new byte[bytes.remaining()];
            bytes.get(all);
            if (fails(writeFailures)) {
                int written = random.nextInt(all.length + 1);
                if (written > 0) {
                    change(new Change(offset, Arrays.copyOf(all, written)));
                }
                throw failure();
            }
            long growth = offset + all.length - inode.seen.length;
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
                throw failure();
            }
            inode.makeSafe();
        }

        @Override
        public void close() {
            // What is not safe stays so.
        }
    }

    private long used() {
        return seenNames.values().stream().mapToLong(inode -> inode.seen.length).sum();
    }

    @Override
    public void rename(String from, String to) throws IOException {
        step();
        Inode inode = inode(from);
        changeNames(
                () -> {
                    seenNames.remove(from);
                    seenNames.put(to, inode);
                });
    }

    @Override
    public void delete(String name) throws IOException {
        step();
        inode(name);
        changeNames(() -> seenNames.remove(name));
    }

    @Override
    public void sync() throws IOException {
        step();
        if (crashesNow()) {
            throw new Crash();
        }
        if (fails(namesFailures)) {
            throw failure();
        }
        namesSince.clear();
        namesSince.add(new TreeMap<>(seenNames));
    }

    @Override
    public void close() {
        // There is nothing to release.
    }
}
