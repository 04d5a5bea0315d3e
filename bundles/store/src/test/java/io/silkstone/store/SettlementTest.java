package io.silkstone.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.base.Metrics;
import io.silkstone.base.disk.simulation.SimulatedDisk;
import io.silkstone.store.backup.SegmentFiles;
import io.silkstone.store.durable.Flush;
import io.silkstone.store.durable.KeptLog;
import io.silkstone.store.durable.LogKeeper;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who has to wait for the disk, and who has not. The keeper goes round when a test says so. */
class SettlementTest {
    private static final WriteOptions ANY = new WriteOptions();

    private final SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
    private long nowNanos;
    private long nowMillis = 1;

    /** Whether the keeper goes round whenever somebody waits. */
    private boolean isDriven;

    private SegmentFiles files;
    private LogKeeper keeper;
    private Store store;
    private KvStore.Table table;
    private KvSession writer;
    private KvSession reader;

    @BeforeEach
    void open() throws IOException {
        files = SegmentFiles.open(disk, new SplittableRandom(2));
        KeptLog kept = KeptLog.of(files);
        Metrics metrics = new Metrics();
        keeper = new LogKeeper(files, Flush.ALWAYS, 1, kept, () -> nowNanos, metrics);
        store =
                Store.open(
                        StoreFixture.SMALL.withTombstones(true),
                        () -> nowNanos,
                        () -> nowMillis,
                        new SplittableRandom(3),
                        metrics,
                        attempt -> idle(),
                        kept,
                        keeper);
        table = store.table(KvStore.DEFAULT_TABLE);
        writer = store.openSession();
        reader = store.openSession();
        settleAll();
    }

    @AfterEach
    void close() {
        disk.syncFailures(0);
        writer.close();
        reader.close();
        store.close();
    }

    private void idle() {
        if (isDriven) {
            nowNanos += 1_000_000;
            keeper.doWork();
        }
    }

    private void settleAll() {
        while (keeper.doWork() > 0) {
            nowNanos += 1_000_000;
        }
    }

    /** Ends the process while the writer has locked a tablet. */
    private void endInTheMidst() {
        disk.crashAfter(0);
        writer.unlockTablet();
        writer.exit();
        writer.close();
        reader.close();
        assertThatThrownBy(store::close).isInstanceOf(SimulatedDisk.Crash.class);
        disk.restartProcess();
    }

    private static Key key(String name) {
        return new Key().wrap(name.getBytes(UTF_8));
    }

    private void write(String name) {
        writer.enter();
        byte[] value = name.getBytes(UTF_8);
        MemorySegment memory = MemorySegment.ofArray(value);
        assertThat(writer.write(table, key(name), memory, 0, value.length, ANY))
                .isEqualTo(Status.OK);
        writer.exit();
    }

    private void remove(String name) {
        writer.enter();
        writer.remove(table, key(name), ANY);
        writer.exit();
    }

    private Status read(String name) {
        reader.enter();
        Status status = reader.read(table, key(name));
        reader.exit();
        return status;
    }

    @Test
    void unsettled_ofAWriter_untilTheDiskHasIt() {
        write("a");
        long mark = writer.unsettled();
        assertThat(mark).isPositive();
        assertThat(writer.isSettled(mark)).isFalse();
        assertThat(writer.unsettled()).isZero();
        keeper.doWork();
        assertThat(writer.isSettled(mark)).isTrue();
    }

    @Test
    void unsettled_ofAReader_onlyWhereItSawWhatIsNot() {
        write("old");
        settleAll();
        write("new");
        assertThat(read("old")).isEqualTo(Status.OK);
        assertThat(reader.unsettled()).isZero();
        assertThat(read("new")).isEqualTo(Status.OK);
        assertThat(reader.unsettled()).isPositive();
    }

    @Test
    void unsettled_ofAReaderThatFindsNothing_onlyAfterARemoval() {
        write("a");
        settleAll();
        write("b");
        assertThat(read("never")).isEqualTo(Status.NOT_FOUND);
        assertThat(reader.unsettled()).isZero();
        remove("a");
        assertThat(read("a")).isEqualTo(Status.NOT_FOUND);
        assertThat(reader.unsettled()).isPositive();
        settleAll();
        assertThat(read("a")).isEqualTo(Status.NOT_FOUND);
        assertThat(reader.unsettled()).isZero();
    }

    @Test
    void unsettled_ofWhoIsRefused_asItToldWhatIsThere() {
        write("a");
        reader.enter();
        byte[] value = {1};
        WriteOptions rejects = new WriteOptions().rejectIfExists();
        assertThat(reader.write(table, key("a"), MemorySegment.ofArray(value), 0, 1, rejects))
                .isEqualTo(Status.EXISTS);
        reader.exit();
        assertThat(reader.unsettled()).isPositive();
    }

    @Test
    void unsettled_afterAClear_ofEverybodyWhoFindsNothing() {
        write("a");
        settleAll();
        assertThat(writer.clear(table)).isEqualTo(Status.OK);
        long mark = writer.unsettled();
        assertThat(mark).isPositive();
        assertThat(read("whatever")).isEqualTo(Status.NOT_FOUND);
        assertThat(reader.unsettled()).isPositive();
        settleAll();
        assertThat(writer.isSettled(mark)).isTrue();
        assertThat(read("whatever")).isEqualTo(Status.NOT_FOUND);
        assertThat(reader.unsettled()).isZero();
    }

    @Test
    void unsettled_ofAStepUnderALock_untilTheLockIsGone() {
        byte[] value = {1};
        Key key = key("a");
        writer.enter();
        assertThat(writer.lockTablet(table, key.hash())).isEqualTo(Status.OK);
        writer.write(table, key, MemorySegment.ofArray(value), 0, 1, ANY);
        settleAll();
        writer.write(table, key("b"), MemorySegment.ofArray(value), 0, 1, ANY);
        long mark = writer.unsettled();
        settleAll();
        assertThat(writer.isSettled(mark)).isFalse();
        writer.unlockTablet();
        writer.exit();
        settleAll();
        assertThat(writer.isSettled(mark)).isTrue();
    }

    @Test
    void step_underALockThatNobodyOpened_isNotThereAfterwards() throws IOException {
        write("before");
        settleAll();
        byte[] value = {1};
        Key key = key("a");
        writer.enter();
        assertThat(writer.lockTablet(table, key.hash())).isEqualTo(Status.OK);
        writer.write(table, key, MemorySegment.ofArray(value), 0, 1, ANY);
        settleAll();
        writer.write(table, key("b"), MemorySegment.ofArray(value), 0, 1, ANY);
        settleAll();
        endInTheMidst();
        open();
        assertThat(read("before")).isEqualTo(Status.OK);
        assertThat(read("a")).isEqualTo(Status.NOT_FOUND);
        assertThat(read("b")).isEqualTo(Status.NOT_FOUND);
    }

    /** That it expires was not settled when it did. */
    @Test
    void unsettled_ofAReaderThatFindsNothing_whereSomethingExpired() {
        write("a");
        settleAll();
        writer.enter();
        WriteOptions soon = new WriteOptions().expireAt(5);
        assertThat(writer.expire(table, key("a"), soon)).isEqualTo(Status.OK);
        writer.exit();
        nowMillis = 10;
        while (table.objects() > 0) {
            nowNanos += 100_000_000;
            store.agents().forEach(Agent::doWork);
        }
        assertThat(read("a")).isEqualTo(Status.NOT_FOUND);
        assertThat(reader.unsettled()).isPositive();
    }

    /** Each note is half a megabyte, and nobody appends anything else. */
    @Test
    void settled_afterManyNotes_inAFileThatStaysSmall() throws StoreRefused {
        isDriven = true;
        for (int turn = 0; turn < 40; turn++) {
            store.createTable("cut", 16_384);
            store.dropTable("cut");
            while (store.agents().stream().mapToInt(Agent::doWork).sum() > 0) {
                nowNanos += 1_000_000;
            }
        }
        assertThat(keeper.isFailing()).isFalse();
        assertThat(files.bytes()).isLessThan(16 << 20);
        isDriven = false;
        settleAll();
    }

    @Test
    void unsettled_ofAScan_untilAllThatWasAppendedIs() {
        write("a");
        reader.enter();
        reader.scan(table, 0, 10, object -> {});
        reader.exit();
        assertThat(reader.unsettled()).isPositive();
    }

    @Test
    void settled_whileTheDiskFails_isNothingMore() {
        write("a");
        settleAll();
        disk.syncFailures(1);
        write("b");
        long mark = writer.unsettled();
        keeper.doWork();
        assertThat(keeper.isFailing()).isTrue();
        assertThat(read("a")).isEqualTo(Status.OK);
        assertThat(reader.unsettled()).isZero();
        assertThat(writer.isSettled(mark)).isFalse();
        writer.enter();
        assertThat(writer.remove(table, key("a"), ANY)).isEqualTo(Status.DISK_FAILED);
        writer.exit();
        assertThat(writer.clear(table)).isEqualTo(Status.DISK_FAILED);
        assertThat(read("a")).isEqualTo(Status.OK);
        disk.syncFailures(0);
        nowNanos += 2_000_000_000;
        settleAll();
        assertThat(keeper.isFailing()).isFalse();
        assertThat(writer.isSettled(mark)).isTrue();
    }
}
