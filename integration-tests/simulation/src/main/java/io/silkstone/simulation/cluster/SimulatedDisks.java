package io.silkstone.simulation.cluster;

import io.silkstone.base.disk.Disk;
import io.silkstone.base.disk.simulation.SimulatedDisk;
import io.silkstone.store.backup.Disks;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** The disk of a machine, on which a server keeps what it keeps for others. */
final class SimulatedDisks implements Disks {
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
