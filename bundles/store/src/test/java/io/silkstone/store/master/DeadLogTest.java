package io.silkstone.store.master;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.base.Metrics;
import io.silkstone.rpc.Patience;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.RpcOptions;
import io.silkstone.rpc.Waitable;
import io.silkstone.store.backup.Backups;
import io.silkstone.store.backup.Backups.Outcome;
import io.silkstone.store.backup.Backups.Step;
import io.silkstone.store.backup.SimulatedDisks;
import io.silkstone.store.backup.TestEntries;
import io.silkstone.store.durable.Flush;
import io.silkstone.store.durable.TestNotes;
import io.silkstone.store.master.DeadLog.Found;
import io.silkstone.transport.memory.MemoryNetwork;
import io.silkstone.transport.memory.MemoryOptions;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A log of the segments 1 to 3, of which 3 was the head; two backups have what a test says. */
class DeadLogTest {
    private static final long CLUSTER = 0xc1;
    private static final ServerId MASTER = new ServerId(9, 1);
    private static final long EPOCH = 5;
    private static final long STEP_NANOS = 100_000;
    private static final int HEAD = 3;
    private static final MemorySegment ENTRY = new TestEntries().object(1, 1).memory();
    private static final int BYTES = (int) ENTRY.byteSize();

    private final SplittableRandom random = new SplittableRandom(1);
    private final List<Node> nodes = new ArrayList<>();
    private long now = 1;
    private MemoryNetwork network;
    private Rpc rpc;

    /** A server with its backup. */
    private final class Node {
        final ServerId id = new ServerId(nodes.size() + 1, 1);
        final String address = "memory:" + id.index();
        final Rpc rpc = rpc(address, Patience.polling());
        final Backups backups =
                new Backups(
                        new SimulatedDisks(id.index()), () -> now, random.split(), new Metrics());
        final BackupService service = new BackupService(rpc, backups, Flush.NEVER, 1);
        boolean isSilent;
        boolean isDown;

        Node() throws IOException {
            rpc.identity(CLUSTER, id.packed());
            service.register();
            backups.enter(CLUSTER);
        }

        /** A replica of {@code entries} entries; the head has a note. */
        void keeps(long segment, long incarnation, int entries, boolean ended) throws IOException {
            byte[] note = segment == HEAD ? TestNotes.note(HEAD, 2 * BYTES) : new byte[0];
            keeps(segment, incarnation, entries, ended, note);
        }

        void keeps(long segment, long incarnation, int entries, boolean ended, byte[] note)
                throws IOException {
            MemorySegment all = MemorySegment.ofArray(new byte[entries * BYTES]);
            for (int entry = 0; entry < entries; entry++) {
                all.asSlice((long) entry * BYTES).copyFrom(ENTRY);
            }
            Step step =
                    new Step(
                            MASTER.packed(),
                            segment,
                            incarnation,
                            0,
                            0,
                            ended,
                            note.length == 0 ? 0 : segment,
                            MemorySegment.ofArray(note),
                            all);
            assertThat(backups.write(step)).isEqualTo(Outcome.DONE);
        }

        Server server() {
            return new Server(id, !isDown, "%040x".formatted(id.index()), address, "");
        }
    }

    @BeforeEach
    void open() throws IOException {
        network = new MemoryNetwork(() -> now, random, MemoryOptions.DEFAULTS, new Metrics());
        rpc =
                rpc(
                        "",
                        new Patience() {
                            @Override
                            public void await(Rpc rpc, Waitable result) {
                                while (!result.isDone()) {
                                    step(rpc);
                                }
                            }

                            @Override
                            public void wake(Waitable result) {
                                // Whoever waits looks again by itself.
                            }
                        });
        nodes.add(new Node());
        nodes.add(new Node());
    }

    @AfterEach
    void close() {
        for (Node node : nodes) {
            node.service.close();
            node.rpc.close();
        }
        rpc.close();
    }

    private Rpc rpc(String address, Patience patience) {
        return new Rpc(
                network.transport(address),
                RpcOptions.DEFAULT,
                () -> now,
                null,
                patience,
                random,
                new Metrics());
    }

    private void step(Rpc asking) {
        now += STEP_NANOS;
        for (Node node : nodes) {
            if (!node.isSilent) {
                node.rpc.poll();
                node.service.doWork();
            }
        }
        asking.poll();
    }

    private Node one() {
        return nodes.getFirst();
    }

    private Node two() {
        return nodes.getLast();
    }

    /** Of this epoch and with an accepted loss, or not. */
    private DeadLog log(long epoch, boolean lossAccepted) {
        return new DeadLog(rpc, new ClusterMap.Log(MASTER, epoch, lossAccepted));
    }

    private boolean find(DeadLog log) {
        List<Server> servers = nodes.stream().map(Node::server).toList();
        return log.find(new ClusterMap(CLUSTER, 1, servers, List.of(), List.of()));
    }

    private DeadLog accepted() {
        DeadLog log = log(EPOCH, true);
        assertThat(find(log)).as(log.missing()).isTrue();
        assertThat(log.missing()).isEmpty();
        return log;
    }

    private void assertMissing(String what) {
        DeadLog log = log(EPOCH, false);
        assertThat(find(log)).isFalse();
        assertThat(log.missing()).isEqualTo(what);
    }

    /** What is read: segment, backup, bytes in entries; replicas of one segment with bars. */
    private static String read(DeadLog log) {
        StringBuilder all = new StringBuilder();
        for (List<Found> segment : log.segments()) {
            String separator = all.isEmpty() ? "" : " ";
            for (Found each : segment) {
                all.append(separator)
                        .append(each.segment())
                        .append('@')
                        .append(each.backup().id().index())
                        .append(':')
                        .append(each.bytes() / BYTES);
                separator = "|";
            }
        }
        return all.toString();
    }

    @Test
    void find_allOfIt_isRead() throws IOException {
        one().keeps(1, 2, 2, true);
        two().keeps(2, 2, 2, true);
        one().keeps(3, 6, 1, false);
        two().keeps(3, 6, 1, false);
        DeadLog log = log(EPOCH, false);
        assertThat(find(log)).as(log.missing()).isTrue();
        assertThat(read(log)).isEqualTo("3@1:1|3@2:1 2@2:2 1@1:2");
        assertThat(log.storeNote()).containsExactly(HEAD);
        DeadLog whole = accepted();
        assertThat(read(whole)).isEqualTo(read(log));
        assertThat(whole.loss())
                .isEqualTo("0 of 3 segments are missing, 0 are cut off, and its end is there");
    }

    @Test
    void find_aSegmentIsMissing_waitsUntilTheLossIsAccepted() throws IOException {
        one().keeps(1, 2, 2, true);
        one().keeps(3, 6, 1, false);
        assertMissing("no replica of segment 2 of the log of server 9.1");
        DeadLog log = accepted();
        assertThat(read(log)).isEqualTo("3@1:1 1@1:2");
        assertThat(log.loss())
                .isEqualTo("1 of 3 segments are missing, 0 are cut off, and its end is there");
    }

    @Test
    void find_aSegmentIsCutOff_whatIsThereIsReadTheLongestFirst() throws IOException {
        one().keeps(1, 2, 2, true);
        one().keeps(2, 7, 0, false);
        two().keeps(2, 3, 1, false);
        two().keeps(3, 6, 1, false);
        assertMissing("no replica of segment 2 of the log of server 9.1");
        DeadLog log = accepted();
        assertThat(read(log)).isEqualTo("3@2:1 2@2:1|2@1:0 1@1:2");
        assertThat(log.loss())
                .isEqualTo("0 of 3 segments are missing, 1 are cut off, and its end is there");
    }

    @Test
    void find_theEndIsMissing_whatWasBegunBeforeTheEpochIsRead() throws IOException {
        one().keeps(1, 2, 2, true);
        one().keeps(2, 2, 2, true);
        two().keeps(3, 4, 1, false);
        assertMissing("no replica says what of the log of server 9.1 counts");
        DeadLog log = accepted();
        assertThat(read(log)).isEqualTo("3@2:1 2@1:2 1@1:2");
        assertThat(log.loss())
                .isEqualTo("0 of 3 segments are missing, 0 are cut off, and its end is missing");
    }

    @Test
    void find_theHeadIsMissing_theNoteBeforeSaysWhatCounts() throws IOException {
        one().keeps(1, 2, 2, true);
        two().keeps(2, 2, 2, true, TestNotes.note(2, 2 * BYTES));
        assertMissing("no replica of the end of the log of server 9.1");
        DeadLog log = accepted();
        assertThat(read(log)).isEqualTo("2@2:2 1@1:2");
        assertThat(log.storeNote()).containsExactly(2);
        assertThat(log.loss())
                .isEqualTo("0 of 2 segments are missing, 0 are cut off, and its end is missing");
    }

    @Test
    void find_noNoteIsLeft_nothingIsRead() throws IOException {
        one().keeps(1, 2, 2, true);
        two().keeps(2, 2, 2, true);
        assertMissing("no replica says what of the log of server 9.1 counts");
        DeadLog log = accepted();
        assertThat(log.isEmpty()).isTrue();
        assertThat(read(log)).isEmpty();
        assertThat(log.loss())
                .isEqualTo("no replica says what of it counts, and nothing of it is taken");
    }

    @Test
    void find_nothingWasEverSafe_isEmptyEitherWay() {
        for (boolean lossAccepted : new boolean[] {false, true}) {
            DeadLog log = log(0, lossAccepted);
            assertThat(find(log)).isTrue();
            assertThat(log.isEmpty()).isTrue();
        }
    }

    @Test
    void find_aServerIsSilent_isWaitedForUntilItCountsAsDown() throws IOException {
        one().keeps(1, 2, 2, true);
        one().keeps(3, 6, 1, false);
        two().keeps(2, 2, 2, true);
        two().isSilent = true;
        assertMissing(
                "no replica of segment 2 of the log of server 9.1, and 1 servers do not answer");
        DeadLog log = log(EPOCH, true);
        assertThat(find(log)).isFalse();
        assertThat(log.missing())
                .matches("servers \\[[0-9.]+] do not say what they have of the log of 9.1");
        two().isDown = true;
        assertThat(read(accepted())).isEqualTo("3@1:1 1@1:2");
        two().isDown = false;
        two().isSilent = false;
        assertThat(read(accepted())).isEqualTo("3@1:1 2@2:2 1@1:2");
    }
}
