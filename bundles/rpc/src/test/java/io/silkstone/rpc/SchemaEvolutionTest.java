package io.silkstone.rpc;

import static io.silkstone.rpc.Process.MILLIS;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.rpc.messages.ChangeDecoder;
import io.silkstone.rpc.messages.ChangeEncoder;
import io.silkstone.rpc.messages.ChangeKind;
import io.silkstone.rpc.messages.ClusterMapDecoder;
import io.silkstone.rpc.messages.ClusterMapEncoder;
import io.silkstone.rpc.messages.EnlistDecoder;
import io.silkstone.rpc.messages.EnlistEncoder;
import io.silkstone.rpc.messages.MessageHeaderDecoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.PingDecoder;
import io.silkstone.rpc.messages.Priority;
import io.silkstone.rpc.messages.PriorityPullDecoder;
import io.silkstone.rpc.messages.PulledDecoder;
import io.silkstone.rpc.messages.RenewLeaseDecoder;
import io.silkstone.rpc.messages.RenewLeaseEncoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.rpc.next.DoneEncoder;
import io.silkstone.rpc.next.FreezeEncoder;
import io.silkstone.rpc.next.ServerState;
import io.silkstone.rpc.next.TabletState;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** This version and the next one, which has an addition of every kind, understand each other. */
class SchemaEvolutionTest {
    private static final int BODY = Call.BODY;
    private static final ServerId LOST = new ServerId(6, 1);

    private final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final MessageHeaderEncoder oldHeader = new MessageHeaderEncoder();
    private final io.silkstone.rpc.next.MessageHeaderEncoder newHeader =
            new io.silkstone.rpc.next.MessageHeaderEncoder();

    private final AtomicLong clock = new AtomicLong();
    private final Wire wire = new Wire();
    private final Process client = new Process(wire.open("wire:client"), clock);
    private final Process server = new Process(wire.open("wire:server"), clock);
    private final Peer peer = client.rpc.peer("wire:server");
    private final Call call = client.rpc.newCall();

    @Test
    void replies_ofRpc_areThoseWithAReplyHeader() throws Exception {
        BitSet expected = new BitSet();
        for (Schema.Message message : Schema.read().messages()) {
            String begin = message.parts().getFirst().type();
            assertThat(begin).as(message.name()).isIn("requestHeader", "replyHeader");
            if (message.isReply()) {
                expected.set(message.id());
            }
        }
        assertThat(Rpc.REPLIES).isEqualTo(expected);
    }

    @Test
    void block_thatHasGrown_isReadByTheOldVersion() {
        new io.silkstone.rpc.next.ChangeEncoder()
                .wrapAndApplyHeader(buffer, 0, newHeader)
                .delta(-5)
                .table(3)
                .kind(io.silkstone.rpc.next.ChangeKind.INCREMENT)
                .later(99)
                .putKey(new byte[] {1, 2, 3}, 0, 3)
                .putValue(new byte[] {4}, 0, 1);
        ChangeDecoder change = new ChangeDecoder();
        header.wrap(buffer, 0);
        assertThat(header.version()).isEqualTo(MessageHeaderDecoder.SCHEMA_VERSION + 1);
        change.wrap(buffer, BODY, header.blockLength(), header.version());
        assertThat(change.delta()).isEqualTo(-5);
        assertThat(change.kind()).isEqualTo(ChangeKind.INCREMENT);
        byte[] key = new byte[3];
        assertThat(change.getKey(key, 0, 3)).isEqualTo(3);
        assertThat(key).containsExactly(1, 2, 3);
        assertThat(change.valueLength()).isEqualTo(1);
    }

    @Test
    void block_thatIsShorter_isReadByTheNewVersion() {
        new ChangeEncoder()
                .wrapAndApplyHeader(buffer, 0, oldHeader)
                .table(3)
                .putKey(new byte[] {1, 2, 3}, 0, 3)
                .putValue(new byte[0], 0, 0);
        var change = new io.silkstone.rpc.next.ChangeDecoder();
        change.wrapAndApplyHeader(buffer, 0, new io.silkstone.rpc.next.MessageHeaderDecoder());
        assertThat(change.table()).isEqualTo(3);
        assertThat(change.later()).isEqualTo(io.silkstone.rpc.next.ChangeDecoder.laterNullValue());
        assertThat(change.keyLength()).isEqualTo(3);
    }

    @Test
    void groups_whoseBlocksHaveGrown_areReadByTheOldVersion() {
        ServerId server = new ServerId(1, 2);
        var map = new io.silkstone.rpc.next.ClusterMapEncoder();
        map.wrapAndApplyHeader(buffer, 0, newHeader).cluster(7).version(8);
        map.serversCount(1)
                .next()
                .server(server.packed())
                .state(ServerState.UP)
                .later(1)
                .node("n")
                .address("a")
                .redisEndpoint("r");
        map.tablesCount(1).next().table(5).name("t");
        var tablets = map.tabletsCount(2);
        for (int half = 0; half < 2; half++) {
            tablets.next()
                    .table(5)
                    .state(TabletState.NORMAL)
                    .firstHash(half == 0 ? 0 : Long.MIN_VALUE)
                    .lastHash(half == 0 ? Long.MAX_VALUE : -1)
                    .owner(server.packed())
                    .peer(0)
                    .epoch(9)
                    .lineage(half)
                    .since(4)
                    .later(half);
        }
        map.lineagesCount(1).next().holdersCount(1).next().server(LOST.packed());
        map.logsCount(1).next().server(LOST.packed()).epoch(3);
        map.latersCount(1).next().later(1);
        header.wrap(buffer, 0);
        ClusterMapDecoder old = new ClusterMapDecoder();
        old.wrap(buffer, BODY, header.blockLength(), header.version());
        assertThat(MapCodec.decode(old)).isEqualTo(map());
    }

    @Test
    void renewLease_ofTheVersionBefore_hasNoTablets() {
        RenewLeaseEncoder renew = new RenewLeaseEncoder();
        renew.wrapAndApplyHeader(buffer, 0, oldHeader).server(5).mapVersion(6);
        oldHeader.version(6);
        int length = BODY + renew.encodedLength();
        buffer.setMemory(length, 64, (byte) -1);
        RenewLeaseDecoder read = new RenewLeaseDecoder();
        read.wrapAndApplyHeader(buffer, 0, header);
        assertThat(read.mapVersion()).isEqualTo(6);
        assertThat(read.tablets().count()).isZero();
    }

    private static ClusterMap map() {
        ServerId server = new ServerId(1, 2);
        return new ClusterMap(
                7,
                8,
                List.of(new ClusterMap.Server(server, true, "n", "a", "r")),
                List.of(new ClusterMap.Table(5, "t")),
                List.of(
                        tablet(0, Long.MAX_VALUE),
                        tablet(Long.MIN_VALUE, -1).withLogs(List.of(LOST))),
                List.of(new ClusterMap.Log(LOST, 3)));
    }

    private static ClusterMap.Tablet tablet(long first, long last) {
        return new ClusterMap.Tablet(
                        5,
                        first,
                        last,
                        new ServerId(1, 2),
                        9,
                        ClusterMap.TabletState.NORMAL,
                        ServerId.NONE)
                .withSince(4);
    }

    @Test
    void groups_whoseBlocksAreShorter_areReadByTheNewVersion() {
        ClusterMapEncoder encoder = new ClusterMapEncoder();
        MapCodec.encode(map(), encoder.wrapAndApplyHeader(buffer, 0, oldHeader));
        assertThat(BODY + encoder.encodedLength()).isLessThan(MapCodec.bytesMax(map()));
        var map = new io.silkstone.rpc.next.ClusterMapDecoder();
        map.wrapAndApplyHeader(buffer, 0, new io.silkstone.rpc.next.MessageHeaderDecoder());
        var servers = map.servers().next();
        assertThat(servers.later())
                .isEqualTo(io.silkstone.rpc.next.ClusterMapDecoder.ServersDecoder.laterNullValue());
        assertThat(List.of(servers.node(), servers.address(), servers.redisEndpoint()))
                .containsExactly("n", "a", "r");
        assertThat(map.tables().next().name()).isEqualTo("t");
        assertThat(map.tablets().next().next().firstHash()).isEqualTo(Long.MIN_VALUE);
    }

    @Test
    void map_withATabletInEveryState_isReadAsItWas() {
        ServerId owner = new ServerId(1, 2);
        List<ClusterMap.Tablet> tablets = new ArrayList<>();
        for (ClusterMap.TabletState state : ClusterMap.TabletState.values()) {
            ServerId peer = new ServerId(state.ordinal(), 1);
            int table = state.ordinal() + 1;
            tablets.add(new ClusterMap.Tablet(table, 0, -1, owner, 9, state, peer));
        }
        ClusterMap map = new ClusterMap(7, 8, List.of(), List.of(), tablets);
        assertThat(readAgain(map)).isEqualTo(map);
    }

    @Test
    void map_withLineages_isReadAsItWas() {
        ServerId one = new ServerId(1, 2);
        ServerId two = new ServerId(2, 3);
        List<ClusterMap.Tablet> tablets = new ArrayList<>();
        for (List<ServerId> logs :
                List.of(List.of(two), List.<ServerId>of(), List.of(one, two), List.of(two))) {
            int first = tablets.size();
            tablets.add(tablet(first, first).withLogs(logs));
        }
        ClusterMap map =
                new ClusterMap(
                        7,
                        8,
                        List.of(),
                        List.of(new ClusterMap.Table(5, "t", 2)),
                        tablets,
                        List.of(new ClusterMap.Log(one, 4), new ClusterMap.Log(two, -1, true)));
        assertThat(readAgain(map)).isEqualTo(map);
    }

    private ClusterMap readAgain(ClusterMap map) {
        ClusterMapEncoder encoder = new ClusterMapEncoder();
        MapCodec.encode(map, encoder.wrapAndApplyHeader(buffer, 0, oldHeader));
        assertThat(BODY + encoder.encodedLength()).isLessThan(MapCodec.bytesMax(map));
        header.wrap(buffer, 0);
        ClusterMapDecoder decoder = new ClusterMapDecoder();
        decoder.wrap(buffer, BODY, header.blockLength(), header.version());
        return MapCodec.decode(decoder);
    }

    @Test
    void map_ofTheVersionBeforeLineages_hasNone() {
        ClusterMapEncoder encoder = new ClusterMapEncoder();
        encoder.wrapAndApplyHeader(buffer, 0, oldHeader).cluster(7).version(8);
        encoder.serversCount(0);
        encoder.tablesCount(1).next().table(5).replicas((short) 0).name("t");
        encoder.tabletsCount(0);
        header.wrap(buffer, 0);
        ClusterMapDecoder decoder = new ClusterMapDecoder();
        decoder.wrap(buffer, BODY, header.blockLength(), 3);
        ClusterMap map = MapCodec.decode(decoder);
        assertThat(map.tables()).containsExactly(new ClusterMap.Table(5, "t"));
        assertThat(map.logs()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"MIGRATING, MIGRATING", "RESTING, LOST"})
    void tabletState_ofTheNewVersion_isLostToTheOldOne(
            TabletState sent, ClusterMap.TabletState seen) {
        var map = new io.silkstone.rpc.next.ClusterMapEncoder();
        map.wrapAndApplyHeader(buffer, 0, newHeader).cluster(7).version(8);
        map.serversCount(0);
        map.tablesCount(0);
        map.tabletsCount(1)
                .next()
                .table(5)
                .state(sent)
                .firstHash(0)
                .lastHash(-1)
                .owner(new ServerId(1, 2).packed())
                .peer(new ServerId(3, 4).packed())
                .epoch(9);
        map.lineagesCount(0);
        map.logsCount(0);
        header.wrap(buffer, 0);
        ClusterMapDecoder old = new ClusterMapDecoder();
        old.wrap(buffer, BODY, header.blockLength(), header.version());
        ClusterMap.Tablet tablet = MapCodec.decode(old).tablets().getFirst();
        assertThat(tablet.state()).isEqualTo(seen);
        assertThat(tablet.peer()).isEqualTo(new ServerId(3, 4));
    }

    @Test
    void pulls_thatHaveGrown_areReadByTheOldVersion() {
        var next = new io.silkstone.rpc.next.PriorityPullEncoder();
        next.wrapAndApplyHeader(buffer, 0, newHeader).firstHash(1).lastHash(-1).epoch(3).later(4);
        var hashes = next.hashesCount(2);
        hashes.next().hash(5).later(6);
        hashes.next().hash(-7).later(8);
        header.wrap(buffer, 0);
        PriorityPullDecoder pull = new PriorityPullDecoder();
        pull.wrap(buffer, BODY, header.blockLength(), header.version());
        assertThat(pull.epoch()).isEqualTo(3);
        PriorityPullDecoder.HashesDecoder wanted = pull.hashes();
        assertThat(List.of(wanted.next().hash(), wanted.next().hash())).containsExactly(5L, -7L);

        new io.silkstone.rpc.next.PulledEncoder()
                .wrapAndApplyHeader(buffer, 0, newHeader)
                .cursor(9)
                .later(10)
                .putEntries(new byte[] {1, 2, 3}, 0, 3);
        header.wrap(buffer, 0);
        PulledDecoder pulled = new PulledDecoder();
        pulled.wrap(buffer, BODY, header.blockLength(), header.version());
        assertThat(pulled.cursor()).isEqualTo(9);
        byte[] entries = new byte[3];
        assertThat(pulled.getEntries(entries, 0, 3)).isEqualTo(3);
        assertThat(entries).containsExactly(1, 2, 3);
    }

    @Test
    void data_atTheEnd_isOptionalForBoth() {
        new io.silkstone.rpc.next.EnlistEncoder()
                .wrapAndApplyHeader(buffer, 0, newHeader)
                .boot(4)
                .node("node")
                .address("address")
                .redisEndpoint("redis")
                .zone("zone");
        header.wrap(buffer, 0);
        EnlistDecoder old = new EnlistDecoder();
        old.wrap(buffer, BODY, header.blockLength(), header.version());
        assertThat(old.boot()).isEqualTo(4);
        assertThat(List.of(old.node(), old.address(), old.redisEndpoint()))
                .containsExactly("node", "address", "redis");

        new EnlistEncoder()
                .wrapAndApplyHeader(buffer, 0, oldHeader)
                .node("node")
                .address("address")
                .redisEndpoint("redis");
        var next = new io.silkstone.rpc.next.EnlistDecoder();
        next.wrapAndApplyHeader(buffer, 0, new io.silkstone.rpc.next.MessageHeaderDecoder());
        assertThat(List.of(next.node(), next.address(), next.redisEndpoint(), next.zone()))
                .containsExactly("node", "address", "redis", "");
    }

    @Test
    void message_ofTheNewVersion_isRefusedByTheOldOne() {
        FreezeEncoder freeze = new FreezeEncoder();
        freeze.wrapAndApplyHeader(call.request(200), 0, newHeader).why("because");
        int length = BODY + freeze.encodedLength();
        call.start(peer, 0, length, 1_000 * MILLIS, Completion.NONE);
        server.rpc.poll();
        client.rpc.poll();
        assertThat(call.status()).isEqualTo(Status.UNKNOWN_REQUEST);
    }

    @ParameterizedTest
    @CsvSource({"FROZEN, SBE_UNKNOWN", "DRAINING, RETRY_LATER", "NULL_VAL, SBE_UNKNOWN"})
    void status_ofTheNewVersion_meansWhatItsNumberSays(
            io.silkstone.rpc.next.Status sent, Status seen) {
        server.rpc.serve(
                PingDecoder.TEMPLATE_ID,
                request -> {
                    DoneEncoder done = new DoneEncoder();
                    done.wrapAndApplyHeader(request.reply(100), 0, newHeader).number(5);
                    done.header().status(sent).retryMicros(7);
                    request.send(BODY + done.encodedLength());
                });
        client.ping(call, peer, 1_000);
        server.rpc.poll();
        client.rpc.poll();
        assertThat(call.status()).isEqualTo(seen);
        assertThat(call.retryNanos()).isEqualTo(7_000);
    }

    @Test
    void priority_ofTheNewVersion_isNormalToTheOldOne() {
        List<Priority> seen = new ArrayList<>();
        server.rpc.serve(
                PingDecoder.TEMPLATE_ID,
                request -> {
                    seen.add(request.priority());
                    request.done(0);
                });
        MemorySegment message = Arena.ofAuto().allocate(100, 8);
        var ping = new io.silkstone.rpc.next.PingEncoder();
        ping.wrapAndApplyHeader(new UnsafeBuffer(message.asByteBuffer()), 0, newHeader);
        ping.header().cluster(0).target(0).timeoutMicros(1_000);
        for (var priority : io.silkstone.rpc.next.Priority.values()) {
            ping.header().call(seen.size()).attempt((short) 0).priority(priority);
            peer.send(message, BODY + ping.encodedLength());
            server.rpc.poll();
        }
        assertThat(seen)
                .containsExactly(
                        Priority.HIGH,
                        Priority.NORMAL,
                        Priority.LOW,
                        Priority.NORMAL,
                        Priority.NORMAL,
                        Priority.NORMAL);
    }
}
