package io.silkstone.simulation.cluster;

import io.silkstone.base.disk.Disk;
import java.io.IOException;
import java.util.List;

/** Does what another disk does, but for what subclasses do otherwise. */
abstract class OtherDisk implements Disk {
    private final Disk disk;

    OtherDisk(Disk disk) {
        this.disk = disk;
    }

    @Override
    public Writer open(String name) throws IOException {
        return disk.open(name);
    }

    @Override
    public String path() {
        return disk.path();
    }

    @Override
    public List<String> names() throws IOException {
        return disk.names();
    }

    @Override
    public long length(String name) throws IOException {
        return disk.length(name);
    }

    @Override
    public byte[] read(String name) throws IOException {
        return disk.read(name);
    }

    @Override
    public byte[] read(String name, long offset, int length) throws IOException {
        return disk.read(name, offset, length);
    }

    @Override
    public void rename(String from, String to) throws IOException {
        disk.rename(from, to);
    }

    @Override
    public void delete(String name) throws IOException {
        disk.delete(name);
    }

    @Override
    public void sync() throws IOException {
        disk.sync();
    }

    @Override
    public void close() throws IOException {
        disk.close();
    }
}
