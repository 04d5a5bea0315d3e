package io.silkstone.simulation.cluster;

import io.silkstone.base.disk.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Says that what is written to a file after its beginning is safe at once. */
final class UnsyncedDisk extends OtherDisk {
    UnsyncedDisk(Disk disk) {
        super(disk);
    }

    @Override
    public Writer open(String name) throws IOException {
        Writer writer = super.open(name);
        return new Writer() {
            private boolean believes;

            @Override
            public void write(long offset, ByteBuffer bytes) throws IOException {
                believes |= offset > 0;
                writer.write(offset, bytes);
            }

            @Override
            public void truncate(long length) throws IOException {
                writer.truncate(length);
            }

            @Override
            public void sync() throws IOException {
                if (!believes) {
                    writer.sync();
                }
            }

            @Override
            public void close() throws IOException {
                writer.close();
            }
        };
    }
}
