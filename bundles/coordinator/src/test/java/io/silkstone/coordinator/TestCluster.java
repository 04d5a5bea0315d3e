package io.silkstone.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.CoordinatorLog;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.base.Metrics;
import io.silkstone.base.disk.simulation.SimulatedDisk;
import io.silkstone.coordinator.journal.JournalLog;
import io.silkstone.coordinator.journal.JournalOptions;
import io.silkstone.coordinator.simulation.SharedLog;
import io.silkstone.rpc.Call;
import io.silkstone.rpc.Completion;
import io.silkstone.rpc.MapCodec;
import io.silkstone.rpc.Patience;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.RpcOptions;
import io.silkstone.rpc.messages.AcceptLossEncoder;
import io.silkstone.rpc.messages.AssignTabletEncoder;
import io.silkstone.rpc.messages.CheckLeaseEncoder;
import io.silkstone.rpc.messages.CloseLeaseEncoder;
import io.silkstone.rpc.messages.ClusterMapDecoder;
import io.silkstone.rpc.messages.CreateTableEncoder;
import io.silkstone.rpc.messages.DoneDecoder;
import io.silkstone.rpc.messages.DropTableEncoder;
import io.silkstone.rpc.messages.EnlistEncoder;
import io.silkstone.rpc.messages.EnlistedDecoder;
import io.silkstone.rpc.messages.GetClusterMapEncoder;
import io.silkstone.rpc.messages.LeaseDecoder;
import io.silkstone.rpc.messages.LeaveEncoder;
import io.silkstone.rpc.messages.MapNewsDecoder;
import io.silkstone.rpc.messages.MessageHeaderDecoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.MigrationEndedEncoder;
import io.silkstone.rpc.messages.OpenLeaseEncoder;
import io.silkstone.rpc.messages.RaiseLogEpochEncoder;
import io.silkstone.rpc.messages.RecallTabletEncoder;
import io.silkstone.rpc.messages.RenewClientLeaseEncoder;
import io.silkstone.rpc.messages.RenewLeaseEncoder;
import io.silkstone.rpc.messages.SplitTabletEncoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.rpc.messages.TabletReleasedEncoder;
import io.silkstone.rpc.messages.TakeTabletEncoder;
import io.silkstone.transport.memory.MemoryNetwork;
import io.silkstone.transport.memory.MemoryOptions;
import io.silkstone.transport.memory.MemoryTransport;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.ToIntFunction;
import org.agrona.MutableDirectBuffer;

/** Coordinators and somebody who asks them, in one thread and in time that a test moves. */
final class TestCluster implements AutoCloseable {
    private static final AtomicLong REQUESTS = new AtomicLong();

    static final long MILLI = 1_000_000;
    static final long STEP = MILLI;
    static final String FIRST = "memory:c1";

    /** A leader that begins has no more patience than it must. */
    static final CoordinatorOptions OPTIONS =
            new CoordinatorOptions(
                    3_000 * MILLI, 50 * MILLI, 0, 1_800_000, 1, 0, 0, RecoveryParts.NEVER);

    long now = 1;
    final SplittableRandom random;
    final Metrics metrics = new Metrics();
    final MemoryNetwork network;
    final SimulatedDisk disk;
    final SharedLog shared;
    final List<Seat> seats = new ArrayList<>();
    private final List<Rpc> servers = new ArrayList<>();
    private final MemoryTransport transport;
    final Rpc rpc;
    private final Call call;

    /** A place for a coordinator. */
    final class Seat implements AutoCloseable {
        final String address;
        final CoordinatorLog log;
        final Coordinator coordinator;
        final MemoryTransport transport;
        final Rpc rpc;
        boolean isStopped;

        Seat(String address, CoordinatorLog log, CoordinatorOptions options) {
            this.address = address;
            this.log = log;
            transport = network.transport(address);
            rpc = newRpc(transport);
            coordinator =
                    new Coordinator(
                            rpc,
                            log,
                            options,
                            () -> now,
                            () -> 1_000_000 + now / MILLI,
                            random,
                            metrics);
            coordinator.start();
            seats.add(this);
        }

        void work() {
            if (isStopped) {
                return;
            }
            rpc.poll();
            coordinator.doWork();
            if (log instanceof JournalLog journal) {
                journal.doWork();
            }
        }

        /** As a process that is killed. */
        void crash() {
            seats.remove(this);
            transport.crash();
            if (!(log instanceof JournalLog)) {
                log.close();
            }
        }

        @Override
        public void close() {
            seats.remove(this);
            coordinator.close();
            rpc.close();
            transport.close();
        }
    }

    /** An answer. */
    record Answer(Status status, long number, long time, String text) {}

    TestCluster(long seed) {
        this(seed, 50 * MILLI);
    }

    TestCluster(long seed, long noticeNanosMax) {
        random = new SplittableRandom(seed);
        network = new MemoryNetwork(() -> now, random, MemoryOptions.DEFAULTS, metrics);
        disk = new SimulatedDisk(random);
        shared = new SharedLog(() -> now, random, 5 * MILLI, noticeNanosMax);
        transport = network.transport("");
        rpc = newRpc(transport);
        call = rpc.newCall();
    }

    private Rpc newRpc(MemoryTransport over) {
        return new Rpc(
                over,
                RpcOptions.DEFAULT,
                () -> now,
                null,
                Patience.polling(),
                random,
                new Metrics());
    }

    /** A coordinator that is alone. */
    Seat alone(CoordinatorOptions options) {
        JournalLog log =
                new JournalLog(
                        disk, FIRST, JournalOptions.DEFAULT, () -> now, random, new Metrics());
        return new Seat(FIRST, log, options);
    }

    Seat alone() {
        return alone(OPTIONS);
    }

    /** One of several. */
    Seat replica(String address) {
        return new Seat(address, shared.replica(address), OPTIONS);
    }

    /** Of which maps {@code server} at {@code address} is told from now on, and by whom. */
    List<String> newsAt(String address, Seat coordinator, ServerId id) {
        Rpc server = newRpc(network.transport(address));
        server.identity(coordinator.rpc.cluster(), id.packed());
        List<String> heard = new ArrayList<>();
        MapNewsDecoder news = new MapNewsDecoder();
        server.serve(
                MapNewsDecoder.TEMPLATE_ID,
                request -> {
                    news.wrap(
                            request.buffer(),
                            request.offset(),
                            request.blockLength(),
                            request.version());
                    heard.add(news.mapVersion() + " " + news.leader());
                    request.done(0);
                });
        servers.add(server);
        return heard;
    }

    void step() {
        now += STEP;
        servers.forEach(Rpc::poll);
        shared.doWork();
        List.copyOf(seats).forEach(Seat::work);
        rpc.poll();
    }

    void run(long nanos) {
        long end = now + nanos;
        while (now < end) {
            step();
        }
    }

    void until(BooleanSupplier condition) {
        for (int steps = 0; !condition.getAsBoolean(); steps++) {
            assertThat(steps).as("steps until something happens").isLessThan(30_000);
            step();
        }
    }

    /** Asks whoever is at {@code address} once, and waits for the answer. */
    Answer ask(String address, ToIntFunction<MutableDirectBuffer> request) {
        start(call, address, request, 20_000 * MILLI);
        until(call::isDone);
        return answer(call);
    }

    void start(
            Call with, String address, ToIntFunction<MutableDirectBuffer> request, long timeout) {
        int length = request.applyAsInt(with.request(4_096));
        int whole = MessageHeaderEncoder.ENCODED_LENGTH + length;
        with.start(rpc.peer(address), 0, whole, timeout, Completion.NONE);
    }

    /** Asks until there is an answer that is not to be asked again. */
    Answer insist(String address, ToIntFunction<MutableDirectBuffer> request) {
        for (int attempt = 0; attempt < 500; attempt++) {
            Answer answer = ask(address, request);
            if (answer.status != Status.RETRY_LATER && answer.status != Status.NOT_LEADER) {
                return answer;
            }
            run(10 * MILLI);
        }
        throw new AssertionError("never answered");
    }

    static Answer answer(Call call) {
        if (call.status() != Status.OK) {
            return new Answer(call.status(), 0, 0, call.text());
        }
        MessageHeaderDecoder header = new MessageHeaderDecoder().wrap(call.reply(), 0);
        return switch (header.templateId()) {
            case EnlistedDecoder.TEMPLATE_ID -> {
                EnlistedDecoder it =
                        new EnlistedDecoder().wrapAndApplyHeader(call.reply(), 0, header);
                yield new Answer(Status.OK, it.server(), it.leaseMicros(), "");
            }
            case LeaseDecoder.TEMPLATE_ID -> {
                LeaseDecoder it = new LeaseDecoder().wrapAndApplyHeader(call.reply(), 0, header);
                yield new Answer(Status.OK, it.lease(), it.expiry(), "" + it.clusterMillis());
            }
            case DoneDecoder.TEMPLATE_ID -> {
                DoneDecoder it = new DoneDecoder().wrapAndApplyHeader(call.reply(), 0, header);
                yield new Answer(Status.OK, it.number(), 0, "");
            }
            default -> new Answer(Status.OK, 0, 0, "");
        };
    }

    static ToIntFunction<MutableDirectBuffer> enlist(int node, long boot) {
        return buffer ->
                new EnlistEncoder()
                        .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                        .boot(boot)
                        .former(0)
                        .node("%040x".formatted(node))
                        .address("memory:" + node)
                        .redisEndpoint("127.0.0.1:" + node)
                        .encodedLength();
    }

    /** With what the server says of its tablets. */
    static ToIntFunction<MutableDirectBuffer> renew(ServerId server, TabletSize... sizes) {
        return buffer -> {
            RenewLeaseEncoder message =
                    new RenewLeaseEncoder()
                            .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                            .server(server.packed())
                            .mapVersion(0);
            RenewLeaseEncoder.TabletsEncoder tablets = message.tabletsCount(sizes.length);
            for (TabletSize each : sizes) {
                tablets.next()
                        .firstHash(each.firstHash())
                        .lastHash(each.lastHash())
                        .bytes(each.bytes())
                        .table(each.table());
            }
            return message.encodedLength();
        };
    }

    /** As a server of the version before says it. */
    static ToIntFunction<MutableDirectBuffer> renewAsBefore(ServerId server) {
        return buffer -> {
            RenewLeaseEncoder message = new RenewLeaseEncoder();
            MessageHeaderEncoder header = new MessageHeaderEncoder();
            message.wrapAndApplyHeader(buffer, 0, header).server(server.packed()).mapVersion(0);
            header.version(6);
            return message.encodedLength();
        };
    }

    static ToIntFunction<MutableDirectBuffer> leave(ServerId server) {
        return buffer ->
                new LeaveEncoder()
                        .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                        .server(server.packed())
                        .encodedLength();
    }

    static ToIntFunction<MutableDirectBuffer> createTable(String name, int tablets) {
        long number = REQUESTS.incrementAndGet();
        return buffer ->
                new CreateTableEncoder()
                        .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                        .request(number)
                        .tablets(tablets)
                        .replicas(CreateTableEncoder.replicasNullValue())
                        .name(name)
                        .encodedLength();
    }

    static ToIntFunction<MutableDirectBuffer> raiseLogEpoch(ServerId server, long epoch) {
        return buffer ->
                new RaiseLogEpochEncoder()
                        .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                        .server(server.packed())
                        .epoch(epoch)
                        .encodedLength();
    }

    static ToIntFunction<MutableDirectBuffer> acceptLoss(ServerId server) {
        long number = REQUESTS.incrementAndGet();
        return buffer ->
                new AcceptLossEncoder()
                        .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                        .server(server.packed())
                        .request(number)
                        .encodedLength();
    }

    static ToIntFunction<MutableDirectBuffer> dropTable(String name) {
        long number = REQUESTS.incrementAndGet();
        return buffer ->
                new DropTableEncoder()
                        .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                        .request(number)
                        .name(name)
                        .encodedLength();
    }

    static ToIntFunction<MutableDirectBuffer> splitTablet(String table, long hash) {
        long number = REQUESTS.incrementAndGet();
        return buffer ->
                new SplitTabletEncoder()
                        .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                        .request(number)
                        .hash(hash)
                        .tableName(table)
                        .encodedLength();
    }

    static ToIntFunction<MutableDirectBuffer> assign(String table, long hash, ServerId server) {
        long number = REQUESTS.incrementAndGet();
        return buffer ->
                new AssignTabletEncoder()
                        .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                        .request(number)
                        .hash(hash)
                        .server(server.packed())
                        .tableName(table)
                        .encodedLength();
    }

    static ToIntFunction<MutableDirectBuffer> released(ClusterMap.Tablet tablet, boolean yes) {
        return buffer ->
                new TabletReleasedEncoder()
                        .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                        .server(tablet.owner().packed())
                        .firstHash(tablet.firstHash())
                        .epoch(tablet.epoch())
                        .table(tablet.table())
                        .released((short) (yes ? 1 : 0))
                        .encodedLength();
    }

    static ToIntFunction<MutableDirectBuffer> takeTablet(ServerId server, ClusterMap.Tablet known) {
        return buffer ->
                new TakeTabletEncoder()
                        .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                        .server(server.packed())
                        .source(known.owner().packed())
                        .firstHash(known.firstHash())
                        .lastHash(known.lastHash())
                        .epoch(known.epoch())
                        .table(known.table())
                        .encodedLength();
    }

    static ToIntFunction<MutableDirectBuffer> migrationEnded(ClusterMap.Tablet tablet) {
        return buffer ->
                new MigrationEndedEncoder()
                        .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                        .server(tablet.owner().packed())
                        .firstHash(tablet.firstHash())
                        .epoch(tablet.epoch())
                        .table(tablet.table())
                        .encodedLength();
    }

    static ToIntFunction<MutableDirectBuffer> recallTablet(ClusterMap.Tablet tablet) {
        return buffer ->
                new RecallTabletEncoder()
                        .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                        .server(tablet.owner().packed())
                        .firstHash(tablet.firstHash())
                        .epoch(tablet.epoch())
                        .table(tablet.table())
                        .encodedLength();
    }

    static ToIntFunction<MutableDirectBuffer> openLease(long boot) {
        return buffer ->
                new OpenLeaseEncoder()
                        .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                        .boot(boot)
                        .encodedLength();
    }

    static ToIntFunction<MutableDirectBuffer> renewClientLease(long lease) {
        return buffer ->
                new RenewClientLeaseEncoder()
                        .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                        .lease(lease)
                        .encodedLength();
    }

    static ToIntFunction<MutableDirectBuffer> checkLease(long lease) {
        return buffer ->
                new CheckLeaseEncoder()
                        .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                        .lease(lease)
                        .encodedLength();
    }

    static ToIntFunction<MutableDirectBuffer> closeLease(long lease) {
        return buffer ->
                new CloseLeaseEncoder()
                        .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                        .lease(lease)
                        .encodedLength();
    }

    static ToIntFunction<MutableDirectBuffer> getClusterMap(boolean leaderOnly) {
        return buffer ->
                new GetClusterMapEncoder()
                        .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                        .leaderOnly((short) (leaderOnly ? 1 : 0))
                        .encodedLength();
    }

    ServerId enlisted(String address, int node, long boot) {
        Answer answer = insist(address, enlist(node, boot));
        assertThat(answer.status).as(answer.text).isEqualTo(Status.OK);
        return ServerId.of(answer.number);
    }

    ClusterMap map(String address) {
        Answer answer = insist(address, getClusterMap(false));
        assertThat(answer.status).isEqualTo(Status.OK);
        ClusterMapDecoder message =
                new ClusterMapDecoder()
                        .wrapAndApplyHeader(call.reply(), 0, new MessageHeaderDecoder());
        return MapCodec.decode(message);
    }

    @Override
    public void close() {
        call.close();
        rpc.close();
        servers.forEach(Rpc::close);
        network.close();
    }
}
