package io.silkstone.store;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What has to be known of a store's tables to read its log again: which there are, what of them is
 * served, and below which versions everything is void since it was cleared. Big-endian, behind a
 * number of the layout: the highest number of a table, then of each table number, name and ranges.
 *
 * @param lastTableId no table had a higher number, so none is given twice
 */
record StoreNote(int lastTableId, List<Table> tables) {
    private static final int LAYOUT = 2;

    /** Without {@link TabletRange#since}, and without what is kept. */
    private static final int LAYOUT_OF_ONE_NODE = 1;

    private static final int OWNED = 1;

    /**
     * Not served, but what is there counts: it is frozen, or comes ahead of the tablet, and may
     * have come altogether by the time when the log is read.
     */
    private static final int KEPT = 2;

    /** A table; its ranges cover all hashes, in their order. */
    record Table(int id, String name, List<TabletRange> ranges) {}

    /** Of all {@code tables} that are not dropped. */
    static StoreNote of(int lastTableId, List<TableData> tables) {
        List<Table> noted = new ArrayList<>();
        for (TableData table : tables) {
            noted.add(new Table(table.id(), table.name(), List.of(table.tablets())));
        }
        return new StoreNote(lastTableId, noted);
    }

    byte[] encode() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeShort(LAYOUT);
            out.writeInt(lastTableId);
            out.writeInt(tables.size());
            for (Table table : tables) {
                out.writeInt(table.id);
                out.writeUTF(table.name);
                out.writeInt(table.ranges.size());
                for (TabletRange range : table.ranges) {
                    out.writeLong(range.firstHash);
                    out.writeLong(range.lastHash);
                    out.writeByte(range.owned ? OWNED : range.isHeld() ? KEPT : 0);
                    out.writeLong(range.epoch);
                    out.writeLong(range.floor);
                    out.writeLong(range.since);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /**
     * Reads what {@link #encode} wrote.
     *
     * @throws IOException when it is something else; the message is for operators
     */
    static StoreNote decode(byte[] note) throws IOException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(note))) {
            int layout = in.readShort();
            if (layout != LAYOUT && layout != LAYOUT_OF_ONE_NODE) {
                throw new IOException(
                        "its tables are noted in layout "
                                + layout
                                + ", and this version reads layouts up to "
                                + LAYOUT);
            }
            int lastTableId = in.readInt();
            List<Table> tables = new ArrayList<>();
            int count = in.readInt();
            for (int number = 0; number < count; number++) {
                int id = in.readInt();
                tables.add(new Table(id, in.readUTF(), ranges(in, layout)));
            }
            return new StoreNote(lastTableId, tables);
        } catch (EOFException e) {
            throw new IOException("what is noted of its tables ends too early", e);
        }
    }

    private static List<TabletRange> ranges(DataInputStream in, int layout) throws IOException {
        List<TabletRange> ranges = new ArrayList<>();
        int count = in.readInt();
        for (int number = 0; number < count; number++) {
            long first = in.readLong();
            long last = in.readLong();
            int state = in.readByte();
            long epoch = in.readLong();
            long floor = in.readLong();
            long since = layout == LAYOUT ? in.readLong() : 0;
            ranges.add(
                    TabletRange.noted(
                            first, last, state == OWNED, state == KEPT, epoch, floor, since));
        }
        return ranges;
    }
}
