package io.silkstone.store.master;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.base.Metrics;
import io.silkstone.base.disk.simulation.SimulatedDisk;
import io.silkstone.rpc.Call;
import io.silkstone.rpc.Completion;
import io.silkstone.rpc.Patience;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.RpcOptions;
import io.silkstone.rpc.messages.DropReplicasEncoder;
import io.silkstone.rpc.messages.ListReplicasEncoder;
import io.silkstone.rpc.messages.MessageHeaderDecoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.PulledDecoder;
import io.silkstone.rpc.messages.ReadReplicaEncoder;
import io.silkstone.rpc.messages.ReplicaListDecoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.rpc.messages.WriteReplicaEncoder;
import io.silkstone.store.backup.BackupMetrics;
import io.silkstone.store.backup.Backups;
import io.silkstone.store.backup.SimulatedDisks;
import io.silkstone.store.backup.TestEntries;
import io.silkstone.store.durable.Flush;
import io.silkstone.store.log.Entry;
import io.silkstone.transport.memory.MemoryNetwork;
import io.silkstone.transport.memory.MemoryOptions;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.ToIntFunction;
import org.agrona.MutableDirectBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BackupServiceTest {
    private static final long CLUSTER = 0xc1;
    private static final ServerId MASTER = new ServerId(3, 2);
    private static final String ADDRESS = "memory:backup";
    private static final long MILLI = 1_000_000;
    private static final byte[] NOTHING = {};

    private final SplittableRandom random = new SplittableRandom(1);
    private final SimulatedDisks disks = new SimulatedDisks(2);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private long now = 1;
    private Metrics metrics;
    private MemoryNetwork network;
    private Rpc server;
    private Rpc client;
    private BackupService service;

    @BeforeEach
    void open() {
        network =
                new MemoryNetwork(
                        () -> now,
                        random,
                        MemoryOptions.DEFAULTS.withMessageBytesMax(9 << 20),
                        new Metrics());
        server = rpc(ADDRESS);
        client = rpc("");
        server.identity(CLUSTER, new ServerId(1, 1).packed());
        begin(Flush.INTERVAL);
    }

    @AfterEach
    void close() {
        service.close();
        client.close();
        server.close();
    }

    private Rpc rpc(String address) {
        return new Rpc(
                network.transport(address),
                RpcOptions.DEFAULT,
                () -> now,
                null,
                Patience.polling(),
                random,
                new Metrics());
    }

    /** As a process that begins on these disks. */
    private void begin(Flush flush) {
        metrics = new Metrics();
        Backups backups = new Backups(disks, () -> now, random, metrics);
        service = new BackupService(server, backups, flush, 100 * MILLI);
        service.register();
    }

    private void beginAgain(Flush flush) {
        service.close();
        begin(flush);
    }

    private long count(BackupMetrics metric) {
        return metrics.counter(metric).get();
    }

    private void step() {
        now += MILLI / 10;
        server.poll();
        client.poll();
    }

    private Call start(int bytes, ToIntFunction<MutableDirectBuffer> request) {
        Call call = client.newCall();
        int length = request.applyAsInt(call.request(bytes));
        int whole = MessageHeaderEncoder.ENCODED_LENGTH + length;
        call.start(client.peer(ADDRESS), 0, whole, 10_000 * MILLI, Completion.NONE);
        return call;
    }

    private Call await(Call call) {
        for (int steps = 0; !call.isDone(); steps++) {
            assertThat(steps).isLessThan(10_000);
            step();
            service.doWork();
        }
        return call;
    }

    private Status ask(ToIntFunction<MutableDirectBuffer> request) {
        Call call = await(start(1_000, request));
        Status status = call.status();
        call.close();
        return status;
    }

    private ToIntFunction<MutableDirectBuffer> write(long segment, int sequence, byte[] entries) {
        return write(segment, sequence, entries.length * sequence, entries, false);
    }

    private ToIntFunction<MutableDirectBuffer> write(
            long segment, int sequence, int position, byte[] entries, boolean ends) {
        byte[] note = ("note " + segment).getBytes();
        return buffer ->
                new WriteReplicaEncoder()
                        .wrapAndApplyHeader(buffer, 0, header)
                        .master(MASTER.packed())
                        .segment(segment)
                        .incarnation(4)
                        .noteNumber(segment + 1)
                        .sequence(sequence)
                        .position(position)
                        .ended((short) (ends ? 1 : 0))
                        .putNote(note, 0, note.length)
                        .putEntries(entries, 0, entries.length)
                        .encodedLength();
    }

    private static byte[] bytes(TestEntries entries) {
        return entries.memory().toArray(ValueLayout.JAVA_BYTE);
    }

    private static byte[] object(long hash) {
        return bytes(new TestEntries().object(1, hash));
    }

    private ToIntFunction<MutableDirectBuffer> list(long epoch) {
        return buffer ->
                new ListReplicasEncoder()
                        .wrapAndApplyHeader(buffer, 0, header)
                        .master(MASTER.packed())
                        .epoch(epoch)
                        .encodedLength();
    }

    /** In a line: number of the newest note, the note, and each replica. */
    private String listed(long epoch) {
        Call call = await(start(1_000, list(epoch)));
        assertThat(call.status()).isEqualTo(Status.OK);
        ReplicaListDecoder reply =
                new ReplicaListDecoder()
                        .wrapAndApplyHeader(call.reply(), 0, new MessageHeaderDecoder());
        StringBuilder replicas = new StringBuilder();
        for (ReplicaListDecoder.ReplicasDecoder each : reply.replicas()) {
            replicas.append(
                    " %d.%d/%d:%d%s"
                            .formatted(
                                    each.segment(),
                                    each.incarnation(),
                                    each.noteNumber(),
                                    each.bytes(),
                                    each.ended() == 1 ? "." : ""));
        }
        byte[] note = new byte[reply.noteLength()];
        reply.getNote(note, 0, note.length);
        String line = reply.noteNumber() + " " + new String(note) + replicas;
        call.close();
        return line;
    }

    private ToIntFunction<MutableDirectBuffer> read(long segment, long cursor, int bytes) {
        return buffer -> {
            ReadReplicaEncoder read =
                    new ReadReplicaEncoder()
                            .wrapAndApplyHeader(buffer, 0, header)
                            .master(MASTER.packed())
                            .segment(segment)
                            .incarnation(4)
                            .cursor(cursor)
                            .bytes(bytes);
            read.rangesCount(2)
                    .next()
                    .firstHash(10)
                    .lastHash(19)
                    .table(1)
                    .next()
                    .firstHash(0)
                    .lastHash(-1)
                    .table(2);
            return read.encodedLength();
        };
    }

    /** Tables and hashes of what comes, a semicolon after each message. */
    private String readAll(long segment, int bytes) {
        StringBuilder all = new StringBuilder();
        long cursor = 0;
        do {
            Call call = await(start(1_000, read(segment, cursor, bytes)));
            assertThat(call.status()).isEqualTo(Status.OK);
            PulledDecoder reply =
                    new PulledDecoder()
                            .wrapAndApplyHeader(call.reply(), 0, new MessageHeaderDecoder());
            cursor = reply.cursor();
            byte[] entries = new byte[reply.entriesLength()];
            reply.getEntries(entries, 0, entries.length);
            assertThat(reply.leftOutLength()).isZero();
            ByteBuffer buffer = ByteBuffer.wrap(entries).order(ByteOrder.LITTLE_ENDIAN);
            for (int at = 0; at < entries.length; at += Entry.strideOf(buffer.getInt(at))) {
                assertThat(Entry.isDead(buffer.getInt(at))).isFalse();
                int table = buffer.getInt(at + Entry.TABLE_OFFSET) & Entry.TABLE_ID_MAX;
                long hash = buffer.getLong(at + Entry.KEY_HASH_OFFSET);
                all.append(table).append('/').append(hash).append(' ');
            }
            all.append("; ");
            call.close();
        } while (cursor != 0);
        return all.toString();
    }

    @Test
    void write_inOrderAndAgain_isDone() {
        assertThat(ask(write(7, 0, object(1)))).isEqualTo(Status.OK);
        assertThat(ask(write(7, 1, object(2)))).isEqualTo(Status.OK);
        assertThat(ask(write(7, 0, object(1)))).isEqualTo(Status.OK);
        assertThat(listed(1)).isEqualTo("8 note 7 7.4/8:112");
    }

    @Test
    void write_withAGapOrToAProcessBefore_isNotFound() {
        assertThat(ask(write(7, 1, object(2)))).isEqualTo(Status.NOT_FOUND);
        assertThat(ask(write(7, 0, object(1)))).isEqualTo(Status.OK);
        assertThat(ask(write(7, 2, object(2)))).isEqualTo(Status.NOT_FOUND);
        beginAgain(Flush.INTERVAL);
        assertThat(ask(write(7, 1, object(2)))).isEqualTo(Status.NOT_FOUND);
        assertThat(listed(4)).isEqualTo("8 note 7 7.4/8:56");
        assertThat(listed(5)).isEqualTo("0 ");
    }

    @Test
    void write_beforeThereIsACluster_isRefused() {
        server.identity(0, 0);
        assertThat(ask(write(7, 0, object(1)))).isEqualTo(Status.NOT_A_MEMBER);
        assertThat(disks.names()).isEmpty();
    }

    @Test
    void write_whatCannotBeRead_isMalformed() {
        assertThat(ask(write(7, 0, -8, object(1), false))).isEqualTo(Status.MALFORMED);
        assertThat(ask(write(-7, 0, object(1)))).isEqualTo(Status.MALFORMED);
        ToIntFunction<MutableDirectBuffer> cut =
                buffer -> write(7, 0, object(1)).applyAsInt(buffer) - 1;
        assertThat(ask(cut)).isEqualTo(Status.MALFORMED);
        ToIntFunction<MutableDirectBuffer> cutRead = buffer -> read(7, 0, 1).applyAsInt(buffer) - 4;
        assertThat(ask(cutRead)).isEqualTo(Status.MALFORMED);
        assertThat(disks.names()).isEmpty();
    }

    @Test
    void write_always_isSafeWhenItIsAnswered() {
        beginAgain(Flush.ALWAYS);
        List<Call> calls = new ArrayList<>();
        for (int segment = 0; segment < 5; segment++) {
            calls.add(start(1_000, write(segment, 0, object(1))));
        }
        for (int steps = 0; steps < 20; steps++) {
            step();
        }
        assertThat(calls).noneMatch(Call::isDone);
        service.doWork();
        assertThat(count(BackupMetrics.SYNCS)).isEqualTo(1);
        calls.forEach(call -> assertThat(await(call).status()).isEqualTo(Status.OK));
        disks.set(SimulatedDisk::restart);
        disks.set(disk -> {});

        begin(Flush.ALWAYS);
        assertThat(listed(1)).isEqualTo("5 note 4 0.4/1:56 1.4/2:56 2.4/3:56 3.4/4:56 4.4/5:56");
    }

    @Test
    void write_interval_isSafeAfterAWhile() {
        assertThat(ask(write(7, 0, object(1)))).isEqualTo(Status.OK);
        assertThat(count(BackupMetrics.SYNCS)).isZero();
        now += 100 * MILLI;
        service.doWork();
        assertThat(count(BackupMetrics.SYNCS)).isEqualTo(1);
        disks.set(SimulatedDisk::restart);
        disks.set(disk -> {});

        begin(Flush.INTERVAL);
        assertThat(listed(1)).isEqualTo("8 note 7 7.4/8:56");
    }

    @Test
    void write_never_leavesItToTheSystem() {
        beginAgain(Flush.NEVER);
        assertThat(ask(write(7, 0, object(1)))).isEqualTo(Status.OK);
        now += 60_000 * MILLI;
        service.doWork();
        assertThat(count(BackupMetrics.SYNCS)).isZero();
    }

    @Test
    void write_theDiskFails_isRefusedInASentence() {
        assertThat(ask(write(7, 0, object(1)))).isEqualTo(Status.OK);
        disks.set(disk -> disk.capacity(0));
        Call call = await(start(1_000, write(7, 1, object(1))));
        assertThat(call.status()).isEqualTo(Status.REFUSED);
        assertThat(call.text()).isEqualTo("the backup's disk failed: No space left on device");
        disks.set(disk -> disk.capacity(Long.MAX_VALUE));
        assertThat(ask(write(7, 1, object(1)))).isEqualTo(Status.NOT_FOUND);
        assertThat(count(BackupMetrics.FAILURES)).isEqualTo(1);
    }

    @Test
    void write_theSyncFails_isRefused() {
        beginAgain(Flush.ALWAYS);
        assertThat(ask(write(7, 0, object(1)))).isEqualTo(Status.OK);
        disks.set(disk -> disk.syncFailures(1));
        assertThat(ask(write(7, 1, object(1)))).isEqualTo(Status.REFUSED);
        disks.set(disk -> disk.syncFailures(0));
        assertThat(ask(write(7, 2, object(1)))).isEqualTo(Status.NOT_FOUND);
        assertThat(ask(write(8, 0, object(1)))).isEqualTo(Status.OK);
    }

    @Test
    void write_moreThanMayWait_isRefusedUntilSomeIsDone() {
        byte[] large = new byte[8 << 20];
        List<Call> calls = new ArrayList<>();
        for (int segment = 0; segment < 10; segment++) {
            calls.add(start(9 << 20, write(segment, 0, large)));
            for (int steps = 0; steps < 20; steps++) {
                step();
            }
        }
        assertThat(calls.stream().filter(Call::isDone).map(Call::status))
                .containsExactly(Status.BUSY, Status.BUSY, Status.BUSY);
        service.doWork();
        List<Status> answers = calls.stream().map(this::await).map(Call::status).toList();
        assertThat(answers.subList(0, 7)).containsOnly(Status.OK);
        assertThat(answers.subList(7, 10)).containsOnly(Status.BUSY);
        assertThat(ask(write(10, 0, object(1)))).isEqualTo(Status.OK);
    }

    @Test
    void drop_someSegments_areGone() {
        ask(write(1, 0, object(1)));
        ask(write(2, 0, 0, object(1), true));
        ask(write(3, 0, object(1)));
        ToIntFunction<MutableDirectBuffer> drop =
                buffer -> {
                    DropReplicasEncoder encoder =
                            new DropReplicasEncoder()
                                    .wrapAndApplyHeader(buffer, 0, header)
                                    .master(MASTER.packed());
                    DropReplicasEncoder.SegmentsEncoder group = encoder.segmentsCount(4);
                    group.next().segment(1).incarnation(4);
                    group.next().segment(2).incarnation(3);
                    group.next().segment(3).incarnation(5);
                    group.next().segment(5).incarnation(4);
                    return encoder.encodedLength();
                };
        assertThat(ask(drop)).isEqualTo(Status.OK);
        assertThat(ask(drop)).isEqualTo(Status.OK);
        assertThat(listed(9)).isEqualTo("3 note 2 2.4/3:56.");
    }

    @Test
    void list_readsOneFileInARoundWhileOthersWrite() {
        for (int segment = 1; segment <= 6; segment++) {
            ask(write(segment, 0, object(1)));
        }
        beginAgain(Flush.INTERVAL);
        Call listing = start(1_000, list(1));
        for (int steps = 0; steps < 20; steps++) {
            step();
        }
        service.doWork();
        assertThat(ask(write(9, 0, object(1)))).isEqualTo(Status.OK);
        assertThat(listing.isDone()).isFalse();
        assertThat(await(listing).status()).isEqualTo(Status.OK);
    }

    @Test
    void read_showsTheRangesInPieces() {
        TestEntries entries = new TestEntries().add(Entry.SEGMENT_HEADER, 0, 0, 0);
        entries.object(1, 9).object(1, 10).object(1, 19).object(1, 20);
        entries.object(2, -1).object(3, 10).add(Entry.TOMBSTONE, 1, 12, 20);
        ask(write(7, 0, bytes(entries)));

        assertThat(readAll(7, 1_000_000)).isEqualTo("1/10 1/19 2/-1 1/12 ; ");
        assertThat(readAll(7, 100)).isEqualTo("1/10 1/19 ; 2/-1 1/12 ; ");
        assertThat(readAll(7, 0)).isEqualTo("1/10 ; 1/19 ; 2/-1 ; 1/12 ; ");
        assertThat(ask(read(7, 8, 100))).isEqualTo(Status.NOT_FOUND);
        assertThat(ask(read(7, 0xffff_ffffL, 100))).isEqualTo(Status.MALFORMED);
        assertThat(ask(read(8, 0, 100))).isEqualTo(Status.NOT_FOUND);
    }

    @Test
    void read_anEntryLongerThanWhatWasAskedFor_comesByItself() {
        byte[] large =
                bytes(
                        new TestEntries()
                                .object(1, 11)
                                .add(Entry.OBJECT, 1, 12, 8_000_000)
                                .object(1, 13));
        Call call = await(start(9 << 20, write(7, 0, large)));
        assertThat(call.status()).isEqualTo(Status.OK);
        call.close();

        assertThat(readAll(7, 100)).isEqualTo("1/11 1/12 ; 1/13 ; ");
        assertThat(readAll(7, 1_000)).isEqualTo("1/11 1/12 ; 1/13 ; ");
    }

    @Test
    void forget_serversThatAreGone_removesTheirLogs() {
        ask(write(7, 0, object(1)));
        Server up = new Server(MASTER, true, "", "", "");
        Server down = new Server(MASTER, false, "", "", "");
        forget(CLUSTER, up, Set.of());
        forget(CLUSTER, down, Set.of(MASTER));
        forget(CLUSTER + 1, down, Set.of());
        assertThat(disks.names()).hasSize(1);

        forget(CLUSTER, down, Set.of());

        assertThat(disks.names()).isEmpty();
        assertThat(listed(1)).isEqualTo("0 ");
    }

    private void forget(long cluster, Server server, Set<ServerId> logs) {
        List<ClusterMap.Log> needed = logs.stream().map(log -> new ClusterMap.Log(log, 1)).toList();
        service.forget(new ClusterMap(cluster, 1, List.of(server), List.of(), List.of(), needed));
        for (int round = 0; service.doWork() > 0; round++) {
            assertThat(round).isLessThan(10);
        }
    }

    @Test
    void isNeeded_unlessTheMapKnowsThatItIsGone() {
        Server server = new Server(new ServerId(3, 5), true, "", "", "");
        ClusterMap map = new ClusterMap(1, 1, List.of(server), List.of(), List.of());
        assertThat(BackupService.isNeeded(new ServerId(3, 5), map, Set.of())).isTrue();
        assertThat(BackupService.isNeeded(new ServerId(3, 6), map, Set.of())).isTrue();
        assertThat(BackupService.isNeeded(new ServerId(4, 1), map, Set.of())).isTrue();
        ServerId before = new ServerId(3, 4);
        assertThat(BackupService.isNeeded(before, map, Set.of())).isFalse();
        assertThat(BackupService.isNeeded(before, map, Set.of(before))).isTrue();
    }

    @Test
    void close_makesSafeWhatWasWritten() {
        beginAgain(Flush.NEVER);
        ask(write(7, 0, object(1)));
        service.close();
        disks.set(SimulatedDisk::restart);
        disks.set(disk -> {});
        begin(Flush.NEVER);
        assertThat(listed(1)).isEqualTo("8 note 7 7.4/8:56");
    }

    @Test
    void onDemand_isCalledForEachRequest() {
        int[] calls = new int[1];
        service.onDemand(() -> calls[0]++);
        ask(write(7, 0, object(1)));
        listed(1);
        assertThat(calls[0]).isEqualTo(2);
    }
}
