package io.silkstone.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.base.Metrics;
import io.silkstone.base.disk.simulation.SimulatedDisk;
import io.silkstone.store.backup.SegmentFiles;
import io.silkstone.store.durable.Flush;
import io.silkstone.store.durable.KeptLog;
import io.silkstone.store.durable.LogKeeper;
import io.silkstone.store.memory.Backoff;
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
    private LogKeeper keeper;
    private Store store;
    private KvStore.Table table;
    private KvSession writer;
    private KvSession reader;

    @BeforeEach
    void open() throws IOException {
        SegmentFiles files = SegmentFiles.open(disk, new SplittableRandom(2));
        KeptLog kept = KeptLog.of(files);
        Metrics metrics = new Metrics();
        keeper = new LogKeeper(files, Flush.ALWAYS, 1, kept, () -> nowNanos, metrics);
        store =
                Store.open(
                        StoreFixture.SMALL.withTombstones(true),
                        () -> nowNanos,
                        () -> 1,
                        new SplittableRandom(3),
                        metrics,
                        Backoff.YIELDING,
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
