package io.silkstone.simulation.cluster;

import io.silkstone.base.disk.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * Shows journals as a recovery sees them that takes the beginning of a batch for a batch: whatever
 * was begun is whole, with zeros where bytes are missing, and all checksums are right. ({@code
 * JournalFile} has the layout.)
 */
final class BelievingDisk extends OtherDisk {
    private static final int HEADER_BYTES = 32;
    private static final int SALT_OFFSET = 16;
    private static final int BATCH_MAGIC = 0x4843_5442;
    private static final int BATCH_HEADER_BYTES = 24;
    private static final int BATCH_CRC_OFFSET = 20;

    BelievingDisk(Disk disk) {
        super(disk);
    }

    @Override
    public byte[] read(String name) throws IOException {
        byte[] bytes = super.read(name);
        return name.startsWith("journal-") ? believed(bytes) : bytes;
    }

    private static byte[] believed(byte[] bytes) {
        ByteBuffer file = littleEndian(bytes.length + 4_096).put(bytes);
        long salt = file.getLong(SALT_OFFSET);
        int at = HEADER_BYTES;
        while (at + BATCH_HEADER_BYTES <= bytes.length && file.getInt(at) == BATCH_MAGIC) {
            int body = file.getInt(at + Integer.BYTES);
            file.putInt(at + BATCH_CRC_OFFSET, crc(salt, file, at, body));
            at += (BATCH_HEADER_BYTES + body + Long.BYTES - 1) & -Long.BYTES;
        }
        byte[] whole = new byte[Math.max(at, bytes.length)];
        file.get(0, whole);
        return whole;
    }

    private static int crc(long salt, ByteBuffer file, int at, int body) {
        CRC32C crc = new CRC32C();
        crc.update(littleEndian(Long.BYTES).putLong(salt).flip());
        crc.update(file.slice(at, BATCH_CRC_OFFSET));
        crc.update(file.slice(at + BATCH_HEADER_BYTES, body));
        return (int) crc.getValue();
    }

    private static ByteBuffer littleEndian(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
