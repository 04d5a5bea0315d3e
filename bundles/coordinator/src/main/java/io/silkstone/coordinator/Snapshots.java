package io.silkstone.coordinator;

import io.silkstone.api.cluster.ClusterMap.Log;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.coordinator.ClientLeases.ClientLease;
import io.silkstone.coordinator.Membership.Member;
import io.silkstone.coordinator.Result.Move;
import io.silkstone.coordinator.Tablets.Held;
import io.silkstone.coordinator.Tablets.Stayed;
import io.silkstone.coordinator.Tablets.Table;
import io.silkstone.coordinator.commands.MessageHeaderDecoder;
import io.silkstone.coordinator.commands.MessageHeaderEncoder;
import io.silkstone.coordinator.commands.SnapshotDecoder;
import io.silkstone.coordinator.commands.SnapshotDecoder.CallsDecoder;
import io.silkstone.coordinator.commands.SnapshotDecoder.LeasesDecoder;
import io.silkstone.coordinator.commands.SnapshotDecoder.LogsDecoder;
import io.silkstone.coordinator.commands.SnapshotDecoder.ServersDecoder;
import io.silkstone.coordinator.commands.SnapshotDecoder.TablesDecoder;
import io.silkstone.coordinator.commands.SnapshotDecoder.TabletsDecoder;
import io.silkstone.coordinator.commands.SnapshotEncoder;
import io.silkstone.rpc.messages.Status;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** A {@link CoordinatorState} as bytes; equal states have equal bytes. */
final class Snapshots {
    private Snapshots() {}

    static byte[] encode(CoordinatorState state) {
        ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(4_096);
        SnapshotEncoder message = new SnapshotEncoder();
        message.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .cluster(state.cluster())
                .mapVersion(state.mapVersion())
                .term(state.term())
                .millis(state.millis())
                .leaseNext(state.leases().leaseNext())
                .tableNext(state.tablets().tableNext())
                .serverNext(state.servers().serverNext())
                .turn(state.tablets().turn())
                .serversFirst(state.serversFirst())
                .tabletsFirst(state.tabletsFirst())
                .epochMax(state.tablets().epochMax())
                .replicas((short) state.replicas());
        encodeServers(state, message);
        Map<List<ServerId>, Integer> lineages = encodeTablets(state, message);
        encodeLeases(state, message);
        encodeCalls(state, message);
        encodeLogs(state, lineages.keySet(), message);
        int length = MessageHeaderEncoder.ENCODED_LENGTH + message.encodedLength();
        return Arrays.copyOf(buffer.byteArray(), length);
    }

    private static void encodeServers(CoordinatorState state, SnapshotEncoder message) {
        SnapshotEncoder.ServersEncoder servers = message.serversCount(state.servers().all().size());
        for (Member member : state.servers().all()) {
            servers.next()
                    .server(member.id().packed())
                    .boot(member.boot)
                    .leaseMicros(member.leaseMicros)
                    .up((short) (member.up ? 1 : 0))
                    .logEpoch(member.logEpoch);
            SnapshotEncoder.ServersEncoder.FormerBootsEncoder boots =
                    servers.formerBootsCount(member.formerBoots.size());
            member.formerBoots.forEach(boot -> boots.next().boot(boot));
            servers.node(member.node).address(member.address).redisEndpoint(member.redisEndpoint);
        }
    }

    /** Returns what lineages there are, and their numbers from 1. */
    private static Map<List<ServerId>, Integer> encodeTablets(
            CoordinatorState state, SnapshotEncoder message) {
        SnapshotEncoder.TablesEncoder tables = message.tablesCount(state.tablets().tables().size());
        for (Table table : state.tablets().tables()) {
            tables.next()
                    .table(table.id())
                    .tabletsWanted(table.wanted())
                    .replicas((short) table.replicas())
                    .name(table.name());
        }
        Map<List<ServerId>, Integer> lineages = new LinkedHashMap<>();
        lineages.put(List.of(), 0);
        List<Held> all = state.tablets().all();
        SnapshotEncoder.TabletsEncoder tablets = message.tabletsCount(all.size());
        for (Held held : all) {
            Tablet tablet = held.tablet();
            tablets.next()
                    .table(tablet.table())
                    .firstHash(tablet.firstHash())
                    .lastHash(tablet.lastHash())
                    .owner(tablet.owner().packed())
                    .peer(tablet.peer().packed())
                    .epoch(tablet.epoch())
                    .state((short) tablet.state().ordinal())
                    .stayed((short) held.stayed().ordinal())
                    .lineage(lineages.computeIfAbsent(tablet.logs(), logs -> lineages.size()))
                    .since(tablet.since());
        }
        lineages.remove(List.<ServerId>of());
        return lineages;
    }

    private static void encodeLeases(CoordinatorState state, SnapshotEncoder message) {
        SnapshotEncoder.LeasesEncoder leases = message.leasesCount(state.leases().size());
        for (ClientLease lease : state.leases().all()) {
            leases.next().lease(lease.id()).boot(lease.boot()).expiry(lease.expiry());
        }
    }

    private static void encodeCalls(CoordinatorState state, SnapshotEncoder message) {
        SnapshotEncoder.CallsEncoder calls = message.callsCount(state.calls().size());
        for (Map.Entry<Long, Result> entry : state.calls().entrySet()) {
            Result result = entry.getValue();
            Move move = result.move() == null ? new Move(0, 0, 0, ServerId.NONE) : result.move();
            calls.next()
                    .call(entry.getKey())
                    .status(result.status().value())
                    .number(result.number())
                    .heir(move.heir().packed())
                    .firstHash(move.firstHash())
                    .epoch(move.epoch())
                    .table(move.table())
                    .text(result.text());
        }
    }

    private static void encodeLogs(
            CoordinatorState state, Set<List<ServerId>> lineages, SnapshotEncoder message) {
        SnapshotEncoder.LineagesEncoder named = message.lineagesCount(lineages.size());
        for (List<ServerId> lineage : lineages) {
            SnapshotEncoder.LineagesEncoder.HoldersEncoder holders =
                    named.next().holdersCount(lineage.size());
            lineage.forEach(server -> holders.next().server(server.packed()));
        }
        Collection<Log> all = state.tablets().logs().values();
        SnapshotEncoder.LogsEncoder logs = message.logsCount(all.size());
        for (Log each : all) {
            logs.next()
                    .server(each.server().packed())
                    .epoch(each.epoch())
                    .lossAccepted((short) (each.lossAccepted() ? 1 : 0));
        }
    }

    /**
     * Has {@code state} be what {@link #encode} once wrote.
     *
     * @throws IllegalArgumentException when that cannot be read
     */
    static void decode(byte[] bytes, CoordinatorState state) {
        try {
            MessageHeaderDecoder header = new MessageHeaderDecoder();
            UnsafeBuffer buffer = new UnsafeBuffer(bytes);
            header.wrap(buffer, 0);
            if (header.schemaId() != SnapshotDecoder.SCHEMA_ID
                    || header.templateId() != SnapshotDecoder.TEMPLATE_ID) {
                throw new IllegalArgumentException("this is no snapshot of a coordinator");
            }
            state.clear();
            SnapshotDecoder message = new SnapshotDecoder().wrapAndApplyHeader(buffer, 0, header);
            decodeHeader(message, state);
            decodeServers(message, state);
            List<Integer> lineages = decodeTablets(message, state);
            decodeLeases(message, state);
            decodeCalls(message, state);
            decodeLogs(message, lineages, state);
        } catch (IndexOutOfBoundsException e) {
            throw new IllegalArgumentException("a snapshot of a coordinator is cut off", e);
        }
    }

    /** What an older version did not say is 0. */
    private static int orNone(int value, int nullValue) {
        return value == nullValue ? 0 : value;
    }

    private static void decodeHeader(SnapshotDecoder message, CoordinatorState state) {
        state.header(
                message.cluster(),
                message.mapVersion(),
                message.term(),
                message.millis(),
                message.serversFirst(),
                message.tabletsFirst(),
                orNone(message.replicas(), SnapshotDecoder.replicasNullValue()));
        state.leases().leaseNext(message.leaseNext());
        state.tablets()
                .counters((int) message.tableNext(), (int) message.turn(), message.epochMax());
        state.servers().serverNext((int) message.serverNext());
    }

    private static void decodeServers(SnapshotDecoder message, CoordinatorState state) {
        for (ServersDecoder each : message.servers()) {
            ServerId id = ServerId.of(each.server());
            long boot = each.boot();
            long leaseMicros = each.leaseMicros();
            boolean up = each.up() != 0;
            boolean hasLogEpoch = each.logEpoch() != ServersDecoder.logEpochNullValue();
            long logEpoch = hasLogEpoch ? each.logEpoch() : 0;
            List<Long> formerBoots = new ArrayList<>();
            each.formerBoots().forEach(former -> formerBoots.add(former.boot()));
            Member member = new Member(id.index(), each.node());
            member.generation = id.generation();
            member.boot = boot;
            member.leaseMicros = leaseMicros;
            member.up = up;
            member.logEpoch = logEpoch;
            member.formerBoots.addAll(formerBoots);
            member.address = each.address();
            member.redisEndpoint = each.redisEndpoint();
            state.servers().add(member);
        }
    }

    /** Returns which lineage each tablet has, from 1; 0 for none. */
    private static List<Integer> decodeTablets(SnapshotDecoder message, CoordinatorState state) {
        for (TablesDecoder each : message.tables()) {
            int id = (int) each.table();
            int wanted = each.tabletsWanted();
            int replicas = orNone(each.replicas(), TablesDecoder.replicasNullValue());
            state.tablets().addTable(new Table(id, each.name(), wanted, replicas));
        }
        List<Integer> lineages = new ArrayList<>();
        for (TabletsDecoder each : message.tablets()) {
            boolean saysSince = each.since() != TabletsDecoder.sinceNullValue();
            long since = saysSince ? each.since() : each.epoch();
            state.tablets()
                    .put(
                            new Tablet(
                                            (int) each.table(),
                                            each.firstHash(),
                                            each.lastHash(),
                                            ServerId.of(each.owner()),
                                            each.epoch(),
                                            TabletState.values()[each.state()],
                                            ServerId.of(each.peer()))
                                    .withSince(since),
                            Stayed.values()[each.stayed()]);
            lineages.add(orNone(each.lineage(), TabletsDecoder.lineageNullValue()));
        }
        return lineages;
    }

    private static void decodeLeases(SnapshotDecoder message, CoordinatorState state) {
        for (LeasesDecoder each : message.leases()) {
            state.leases().put(new ClientLease(each.lease(), each.boot(), each.expiry()));
        }
    }

    private static void decodeCalls(SnapshotDecoder message, CoordinatorState state) {
        for (CallsDecoder each : message.calls()) {
            Move move = null;
            if (each.heir() != 0) {
                ServerId heir = ServerId.of(each.heir());
                move = new Move((int) each.table(), each.firstHash(), each.epoch(), heir);
            }
            Status status = Status.get(each.status());
            state.remember(each.call(), new Result(status, each.number(), 0, move, each.text()));
        }
    }

    /**
     * What tablets depend on.
     *
     * @param wanted which lineage each of them has
     */
    private static void decodeLogs(
            SnapshotDecoder message, List<Integer> wanted, CoordinatorState state) {
        List<List<ServerId>> lineages = new ArrayList<>();
        lineages.add(List.of());
        for (SnapshotDecoder.LineagesDecoder each : message.lineages()) {
            List<ServerId> holders = new ArrayList<>();
            each.holders().forEach(holder -> holders.add(ServerId.of(holder.server())));
            lineages.add(holders);
        }
        List<Held> all = state.tablets().all();
        for (int tablet = 0; tablet < all.size(); tablet++) {
            Held held = all.get(tablet);
            List<ServerId> logs = lineages.get(wanted.get(tablet));
            state.tablets().put(held.tablet().withLogs(logs), held.stayed());
        }
        for (LogsDecoder each : message.logs()) {
            ServerId server = ServerId.of(each.server());
            boolean isAccepted = each.lossAccepted() == 1;
            state.tablets().logs().put(server, new Log(server, each.epoch(), isAccepted));
        }
    }
}
