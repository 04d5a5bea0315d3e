package io.silkstone.store.backup;

import io.silkstone.base.disk.Disk;
import io.silkstone.base.disk.simulation.SimulatedDisk;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Simulated disks by name, all of one machine. */
public final class SimulatedDisks implements Disks {
    private final SplittableRandom random;
    private final TreeMap<String, SimulatedDisk> disks = new TreeMap<>();
    private Consumer<SimulatedDisk> faults = disk -> {};

    public SimulatedDisks(long seed) {
        random = new SplittableRandom(seed);
    }

    /** Has {@code faults} done to all disks, also to those that come. */
    public void set(Consumer<SimulatedDisk> faults) {
        this.faults = faults;
        disks.values().forEach(faults);
    }

    /** The only disk that there is. */
    public SimulatedDisk only() {
        return disks.firstEntry().getValue();
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
        SimulatedDisk disk = disks.computeIfAbsent(name, key -> new SimulatedDisk(random.split()));
        faults.accept(disk);
        return disk;
    }

    @Override
    public void remove(String name) {
        disks.remove(name);
    }
}
