package io.silkstone.store.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.store.memory.Backoff;
import io.silkstone.store.memory.HugePages;
import io.silkstone.store.memory.Memory;
import io.silkstone.store.memory.SegletPool;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EntryTest {
    private final SegletPool pool =
            new SegletPool(
                    SegletPool.BLOCK_BYTES,
                    SegletPool.SEGLET_BYTES,
                    1,
                    HugePages.AUTO,
                    Backoff.YIELDING);
    private final Checksum checksum = new Checksum(pool);
    private final long entry = pool.allocate(0, SegletPool.Claimant.WRITE);

    @AfterEach
    void close() {
        pool.close();
    }

    @Test
    void lengthOf_aThirtyByteKeyAndAHundredByteValue_is160() {
        assertThat(Entry.stride(Entry.lengthOf(30, 100, false))).isEqualTo(160);
    }

    @Test
    void header_packsLengthTypeAndFlags() {
        int header = Entry.headerOf(Entry.TOMBSTONE, 123_456, true);
        assertThat(Entry.length(header)).isEqualTo(123_456);
        assertThat(Entry.type(header)).isEqualTo(Entry.TOMBSTONE);
        assertThat(Entry.expires(header)).isTrue();
        assertThat(Entry.isDead(header)).isFalse();
    }

    @Test
    void fields_areWhereTheLayoutSays() {
        int length = Entry.lengthOf(3, 5, true);
        Entry.putFields(entry, 0x1122_3344_5566_7788L, 99, 7, 12, 3);
        Entry.putExpiry(entry, 1234);
        Entry.commit(entry, Entry.headerOf(Entry.OBJECT, length, true), checksum);
        assertThat(Memory.getInt(entry)).isEqualTo(46 | 1 << 24 | 1 << 28);
        assertThat(Memory.getLong(entry + 8)).isEqualTo(0x1122_3344_5566_7788L);
        assertThat(Memory.getLong(entry + 16)).isEqualTo(99);
        assertThat(Memory.getInt(entry + 24)).isEqualTo(7 | 12 << 28);
        assertThat(Memory.getUnsignedShort(entry + 28)).isEqualTo(3);
        assertThat(Memory.getLong(entry + 30)).isEqualTo(1234);
        assertThat(Entry.tableId(entry)).isEqualTo(7);
        assertThat(Entry.tag(entry)).isEqualTo(12);
        assertThat(Entry.keyAddress(entry)).isEqualTo(entry + 38);
        assertThat(Entry.valueAddress(entry)).isEqualTo(entry + 41);
        assertThat(Entry.valueLength(entry)).isEqualTo(5);
        assertThat(Entry.isExpired(entry, 1233)).isFalse();
        assertThat(Entry.isExpired(entry, 1234)).isTrue();
    }

    @Test
    void commit_checksumsHeaderWordAndAllBytesFromEightOn() {
        Entry.putFields(entry, 5, 6, 7, 0, 0);
        int length = Entry.lengthOf(0, 70, false);
        int header = Entry.headerOf(Entry.OBJECT, length, false);
        Entry.commit(entry, header, checksum);
        CRC32C expected = new CRC32C();
        for (int shift = 0; shift < 32; shift += 8) {
            expected.update(header >>> shift);
        }
        for (int offset = 8; offset < length; offset++) {
            expected.update(Memory.getByte(entry + offset));
        }
        assertThat(Memory.getInt(entry + 4)).isEqualTo((int) expected.getValue());
    }

    @Test
    void markDead_isNotPartOfTheChecksum() {
        Entry.putFields(entry, 5, 6, 7, 0, 0);
        Entry.commit(entry, Entry.headerOf(Entry.OBJECT, 40, false), checksum);
        assertThat(Entry.isDead(Entry.markDead(entry))).isFalse();
        assertThat(Entry.isDead(Entry.header(entry))).isTrue();
        assertThat(Entry.isIntact(entry, checksum)).isTrue();
    }
}
