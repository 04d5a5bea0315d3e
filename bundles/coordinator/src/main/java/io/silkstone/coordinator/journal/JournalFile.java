package io.silkstone.coordinator.journal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * The format of journals and snapshots; all numbers little-endian.
 *
 * <pre>
 *  journal-INDEX (first command in it, 16 hexadecimal digits)
 *    0        8               16       24        28           32
 *    | magic  | first command | salt   | version | CRC32C     | batches ...
 *
 *  a batch, at a multiple of 8: the commands that one sync made safe
 *    0        4               8                16         20       24
 *    | magic  | body's length | first command  | commands | CRC32C | body | zeros up to 8n
 *
 *  body: for each command
 *    0        4
 *    | length | bytes
 *
 *  snapshot-INDEX (last command in it)
 *    0        8               16               24        28       32
 *    | magic  | last command  | body's length  | version | CRC32C | body
 * </pre>
 *
 * A CRC covers everything in front of it and the body; a batch's covers the salt too, a random
 * number of the file's own: so nothing that a command contains can look like a batch.
 */
final class JournalFile {
    static final int HEADER_BYTES = 32;
    static final int BATCH_HEADER_BYTES = 24;
    static final int ALIGNMENT = 8;

    private static final int VERSION = 1;
    private static final long JOURNAL_MAGIC = 0x4c4e_524a_4b4c_4953L;
    private static final long SNAPSHOT_MAGIC = 0x5041_4e53_4b4c_4953L;
    private static final int BATCH_MAGIC = 0x4843_5442;
    private static final String JOURNAL = "journal-";
    private static final String SNAPSHOT = "snapshot-";
    private static final int CRC_OFFSET = 28;
    private static final int BATCH_CRC_OFFSET = 20;

    /** A batch as it was read. */
    record Batch(long firstIndex, List<byte[]> commands, int bytes) {}

    private JournalFile() {}

    static String journalName(long firstIndex) {
        return name(JOURNAL, firstIndex);
    }

    static String snapshotName(long lastIndex) {
        return name(SNAPSHOT, lastIndex);
    }

    private static String name(String kind, long index) {
        return String.format(Locale.ROOT, "%s%016x", kind, index);
    }

    /** The index in the name of a journal; -1 if it is none. */
    static long journalIndex(String name) {
        return index(JOURNAL, name);
    }

    /** The index in the name of a snapshot; -1 if it is none. */
    static long snapshotIndex(String name) {
        return index(SNAPSHOT, name);
    }

    private static long index(String kind, String name) {
        boolean isOne =
                name.startsWith(kind) && name.substring(kind.length()).matches("[0-9a-f]{16}");
        return isOne ? Long.parseUnsignedLong(name, kind.length(), name.length(), 16) : -1;
    }

    static ByteBuffer header(long firstIndex, long salt) {
        ByteBuffer header = allocate(HEADER_BYTES);
        header.putLong(JOURNAL_MAGIC).putLong(firstIndex).putLong(salt).putInt(VERSION);
        header.putInt(crc(0, header, 0, CRC_OFFSET));
        return header.flip();
    }

    /** The salt of the journal {@code file}; null when its header is not as it was written. */
    static Long salt(ByteBuffer file, long firstIndex) {
        boolean isWhole =
                file.limit() >= HEADER_BYTES
                        && file.getLong(0) == JOURNAL_MAGIC
                        && file.getLong(8) == firstIndex
                        && file.getInt(24) == VERSION
                        && file.getInt(CRC_OFFSET) == crc(0, file, 0, CRC_OFFSET);
        return isWhole ? file.getLong(16) : null;
    }

    static ByteBuffer batch(long salt, long firstIndex, List<byte[]> commands) {
        int body = 0;
        for (byte[] command : commands) {
            body += Integer.BYTES + command.length;
        }
        ByteBuffer batch = allocate(aligned(BATCH_HEADER_BYTES + body));
        batch.putInt(BATCH_MAGIC).putInt(body).putLong(firstIndex).putInt(commands.size());
        batch.position(BATCH_HEADER_BYTES);
        commands.forEach(command -> batch.putInt(command.length).put(command));
        batch.putInt(BATCH_CRC_OFFSET, batchCrc(salt, batch, 0, body));
        return batch.clear();
    }

    /** The batch at {@code offset} of a journal; null when there is none that is whole. */
    static Batch batchAt(ByteBuffer file, int offset, long salt) {
        if (offset + BATCH_HEADER_BYTES > file.limit() || file.getInt(offset) != BATCH_MAGIC) {
            return null;
        }
        int body = file.getInt(offset + 4);
        boolean fits = body >= 0 && body <= file.limit() - offset - BATCH_HEADER_BYTES;
        if (!fits || file.getInt(offset + BATCH_CRC_OFFSET) != batchCrc(salt, file, offset, body)) {
            return null;
        }
        int count = file.getInt(offset + 16);
        List<byte[]> commands = new ArrayList<>(count);
        int at = offset + BATCH_HEADER_BYTES;
        for (int number = 0; number < count; number++) {
            byte[] command = new byte[file.getInt(at)];
            file.get(at + Integer.BYTES, command);
            commands.add(command);
            at += Integer.BYTES + command.length;
        }
        int bytes = aligned(BATCH_HEADER_BYTES + body);
        return new Batch(file.getLong(offset + 8), commands, bytes);
    }

    private static int batchCrc(long salt, ByteBuffer file, int offset, int body) {
        CRC32C crc = new CRC32C();
        crc.update(allocate(Long.BYTES).putLong(salt).flip());
        crc.update(file.slice(offset, BATCH_CRC_OFFSET));
        crc.update(file.slice(offset + BATCH_HEADER_BYTES, body));
        return (int) crc.getValue();
    }

    static ByteBuffer snapshot(long lastIndex, byte[] state) {
        ByteBuffer file = allocate(HEADER_BYTES + state.length);
        file.putLong(SNAPSHOT_MAGIC).putLong(lastIndex).putLong(state.length).putInt(VERSION);
        file.position(HEADER_BYTES);
        file.put(state);
        file.putInt(CRC_OFFSET, snapshotCrc(file));
        return file.clear();
    }

    /** The state in the snapshot {@code file}; null when it is not as it was written. */
    static byte[] state(ByteBuffer file, long lastIndex) {
        boolean isWhole =
                file.limit() >= HEADER_BYTES
                        && file.getLong(0) == SNAPSHOT_MAGIC
                        && file.getLong(8) == lastIndex
                        && file.getLong(16) == file.limit() - HEADER_BYTES
                        && file.getInt(24) == VERSION
                        && file.getInt(CRC_OFFSET) == snapshotCrc(file);
        if (!isWhole) {
            return null;
        }
        byte[] state = new byte[file.limit() - HEADER_BYTES];
        file.get(HEADER_BYTES, state);
        return state;
    }

    private static int snapshotCrc(ByteBuffer file) {
        int head = crc(0, file, 0, CRC_OFFSET);
        return crc(head, file, HEADER_BYTES, file.limit() - HEADER_BYTES);
    }

    private static int crc(int before, ByteBuffer bytes, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(allocate(Integer.BYTES).putInt(before).flip());
        crc.update(bytes.slice(offset, length));
        return (int) crc.getValue();
    }

    static ByteBuffer of(byte[] file) {
        return ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer allocate(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int aligned(int bytes) {
        return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
