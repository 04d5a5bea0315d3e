package io.silkstone.simulation.cluster;

import io.silkstone.api.cluster.ServerId;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.base.disk.Disk;
import io.silkstone.base.disk.simulation.SimulatedDisk;
import io.silkstone.store.backup.Backups;
import io.silkstone.store.backup.Disks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The disk of a machine, on which a server keeps what it keeps for others. */
final class SimulatedDisks implements Disks {
    private static final Pattern LOG = Pattern.compile("log-[0-9a-f]{16}-(\\d+)-(\\d+)");
    private static final int FILE_HEADER_BYTES = 32;
    private static final int SALT_OFFSET = 16;
    private static final int FRAME_HEADER_BYTES = 32;
    private static final int FRAME_LENGTH_OFFSET = 12;
    private static final int FRAME_SAFE_OFFSET = 24;

    private final SplittableRandom random;
    private final TreeMap<String, SimulatedDisk> disks = new TreeMap<>();

    SimulatedDisks(SplittableRandom random) {
        this.random = random;
    }

    @Override
    public String path() {
        return "disks";
    }

    @Override
    public List<String> names() {
        return List.copyOf(disks.keySet());
    }

    @Override
    public Disk open(String name) {
        return disks.computeIfAbsent(name, key -> new SimulatedDisk(random.split()));
    }

    @Override
    public void remove(String name) {
        disks.remove(name);
    }

    /**
     * The copy of a segment.
     *
     * @param log whose disk it is on
     */
    record Part(String log, long segment) implements Comparable<Part> {
        private static final Comparator<Part> ORDER =
                Comparator.comparing(Part::log).thenComparing(Part::segment);

        @Override
        public int compareTo(Part other) {
            return ORDER.compare(this, other);
        }
    }

    /** What a process that began now could show of logs of servers of {@code cluster}. */
    Map<Part, Backups.Item> readable(long cluster, NanoClock clock) {
        SimulatedDisks copies = new SimulatedDisks(new SplittableRandom(0));
        disks.forEach((name, disk) -> copies.disks.put(name, disk.copy(copies.random.split())));
        Map<Part, Backups.Item> readable = new HashMap<>();
        try (Backups backups = new Backups(copies, clock, copies.random, new Metrics())) {
            backups.enter(cluster);
            for (String name : names()) {
                Matcher log = LOG.matcher(name);
                if (log.matches()) {
                    int index = Integer.parseInt(log.group(1));
                    int generation = Integer.parseInt(log.group(2));
                    long master = new ServerId(index, generation).packed();
                    while (!backups.prepareList(master)) {
                        // One file at a time.
                    }
                    for (Backups.Item item : backups.list(master, 0).replicas()) {
                        readable.put(new Part(name, item.segment()), item);
                    }
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return readable;
    }

    /**
     * Turns over a bit of some of {@code parts}, each of which the disk had said to be safe: at the
     * end of a file such a bit cannot be told from a write that was not finished.
     *
     * @return how many
     */
    int damage(Collection<Part> parts, RandomGenerator chance) {
        int damaged = 0;
        for (Part part : parts) {
            SimulatedDisk disk = disks.get(part.log);
            String name = String.format(Locale.ROOT, "segment-%016x", part.segment);
            long safe = safeBytes(disk, name);
            if (safe > 0 && chance.nextBoolean()) {
                disk.flip(name, chance.nextLong(safe * Byte.SIZE));
                damaged++;
            }
        }
        return damaged;
    }

    /** As the frames of the file say; {@code Frame} has their layout. */
    private static long safeBytes(SimulatedDisk disk, String name) {
        ByteBuffer file;
        try {
            file = ByteBuffer.wrap(disk.read(name)).order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        long safe = 0;
        int at = FILE_HEADER_BYTES;
        while (at + FRAME_HEADER_BYTES <= file.capacity()
                && file.getLong(at) == file.getLong(SALT_OFFSET)) {
            safe = Math.max(safe, file.getInt(at + FRAME_SAFE_OFFSET));
            int length = file.getInt(at + FRAME_LENGTH_OFFSET);
            at += (FRAME_HEADER_BYTES + length + Long.BYTES - 1) & -Long.BYTES;
        }
        return safe;
    }

    /** The process has ended, and perhaps its machine. */
    void end(boolean withMachine) {
        for (SimulatedDisk disk : disks.values()) {
            if (withMachine) {
                disk.restart();
            } else {
                disk.restartProcess();
            }
        }
    }
}
