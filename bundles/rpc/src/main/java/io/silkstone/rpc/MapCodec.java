package io.silkstone.rpc;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.rpc.messages.ClusterMapDecoder;
import io.silkstone.rpc.messages.ClusterMapDecoder.TablesDecoder;
import io.silkstone.rpc.messages.ClusterMapDecoder.TabletsDecoder;
import io.silkstone.rpc.messages.ClusterMapEncoder;
import io.silkstone.rpc.messages.ServerState;
import io.silkstone.rpc.messages.TabletState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@link ClusterMap} as a message. */
public final class MapCodec {
    private static final int NAMES_BYTES_MAX = 3 * 1_024;
    private static final int TABLET_BYTES = ClusterMapEncoder.TabletsEncoder.sbeBlockLength();
    private static final int LOG_BYTES = ClusterMapEncoder.LogsEncoder.sbeBlockLength();

    private MapCodec() {}

    /** Room that is certainly enough for {@code map}. */
    public static int bytesMax(ClusterMap map) {
        int names = map.servers().size() + map.tables().size() + 1;
        int bytes = 1_024 + names * NAMES_BYTES_MAX + map.logs().size() * LOG_BYTES;
        for (ClusterMap.Tablet each : map.tablets()) {
            bytes += TABLET_BYTES + (each.logs().size() + 1) * LOG_BYTES;
        }
        return bytes;
    }

    /** Writes {@code map} behind the header of {@code message}. */
    public static void encode(ClusterMap map, ClusterMapEncoder message) {
        message.cluster(map.cluster()).version(map.version());
        ClusterMapEncoder.ServersEncoder servers = message.serversCount(map.servers().size());
        for (ClusterMap.Server each : map.servers()) {
            servers.next()
                    .server(each.id().packed())
                    .state(each.up() ? ServerState.UP : ServerState.DOWN)
                    .node(each.node())
                    .address(each.address())
                    .redisEndpoint(each.redisEndpoint());
        }
        ClusterMapEncoder.TablesEncoder tables = message.tablesCount(map.tables().size());
        for (ClusterMap.Table each : map.tables()) {
            tables.next().table(each.id()).replicas((short) each.replicas()).name(each.name());
        }
        Map<List<ServerId>, Integer> lineages = new LinkedHashMap<>();
        lineages.put(List.of(), 0);
        ClusterMapEncoder.TabletsEncoder tablets = message.tabletsCount(map.tablets().size());
        for (ClusterMap.Tablet each : map.tablets()) {
            tablets.next()
                    .table(each.table())
                    .state(TabletState.valueOf(each.state().name()))
                    .firstHash(each.firstHash())
                    .lastHash(each.lastHash())
                    .owner(each.owner().packed())
                    .peer(each.peer().packed())
                    .epoch(each.epoch())
                    .lineage(lineages.computeIfAbsent(each.logs(), logs -> lineages.size()))
                    .since(each.since());
        }
        lineages.remove(List.<ServerId>of());
        ClusterMapEncoder.LineagesEncoder all = message.lineagesCount(lineages.size());
        for (List<ServerId> lineage : lineages.keySet()) {
            ClusterMapEncoder.LineagesEncoder.HoldersEncoder holders =
                    all.next().holdersCount(lineage.size());
            lineage.forEach(server -> holders.next().server(server.packed()));
        }
        ClusterMapEncoder.LogsEncoder logs = message.logsCount(map.logs().size());
        for (ClusterMap.Log each : map.logs()) {
            logs.next()
                    .server(each.server().packed())
                    .epoch(each.epoch())
                    .lossAccepted((short) (each.lossAccepted() ? 1 : 0));
        }
    }

    /** Reads the map that begins at {@code message}. */
    public static ClusterMap decode(ClusterMapDecoder message) {
        long cluster = message.cluster();
        long version = message.version();
        List<ClusterMap.Server> servers = new ArrayList<>();
        for (ClusterMapDecoder.ServersDecoder each : message.servers()) {
            servers.add(
                    new ClusterMap.Server(
                            ServerId.of(each.server()),
                            each.state() == ServerState.UP,
                            each.node(),
                            each.address(),
                            each.redisEndpoint()));
        }
        List<ClusterMap.Table> tables = new ArrayList<>();
        for (TablesDecoder each : message.tables()) {
            int replicas = orNone(each.replicas(), TablesDecoder.replicasNullValue());
            tables.add(new ClusterMap.Table((int) each.table(), each.name(), replicas));
        }
        List<ClusterMap.Tablet> tablets = new ArrayList<>();
        List<Integer> lineages = new ArrayList<>();
        for (TabletsDecoder each : message.tablets()) {
            boolean saysSince = each.since() != TabletsDecoder.sinceNullValue();
            tablets.add(
                    new ClusterMap.Tablet(
                                    (int) each.table(),
                                    each.firstHash(),
                                    each.lastHash(),
                                    ServerId.of(each.owner()),
                                    each.epoch(),
                                    state(each.state()),
                                    ServerId.of(each.peer()))
                            .withSince(saysSince ? each.since() : each.epoch()));
            lineages.add(orNone(each.lineage(), TabletsDecoder.lineageNullValue()));
        }
        decodeLineages(message, lineages, tablets);
        List<ClusterMap.Log> logs = new ArrayList<>();
        for (ClusterMapDecoder.LogsDecoder each : message.logs()) {
            boolean isAccepted = each.lossAccepted() == 1;
            logs.add(new ClusterMap.Log(ServerId.of(each.server()), each.epoch(), isAccepted));
        }
        return new ClusterMap(cluster, version, servers, tables, tablets, logs);
    }

    /** What an older version did not say is 0. */
    private static int orNone(int value, int nullValue) {
        return value == nullValue ? 0 : value;
    }

    /**
     * Tells {@code tablets} what they depend on.
     *
     * @param wanted which lineage each of them has, from 1; 0 for none
     */
    private static void decodeLineages(
            ClusterMapDecoder message, List<Integer> wanted, List<ClusterMap.Tablet> tablets) {
        List<List<ServerId>> lineages = new ArrayList<>();
        lineages.add(List.of());
        for (ClusterMapDecoder.LineagesDecoder each : message.lineages()) {
            List<ServerId> holders = new ArrayList<>();
            each.holders().forEach(holder -> holders.add(ServerId.of(holder.server())));
            lineages.add(holders);
        }
        for (int tablet = 0; tablet < tablets.size(); tablet++) {
            List<ServerId> logs = lineages.get(wanted.get(tablet));
            tablets.set(tablet, tablets.get(tablet).withLogs(logs));
        }
    }

    /** A state that a newer version knows is for us one in which nobody serves. */
    private static ClusterMap.TabletState state(TabletState state) {
        return switch (state) {
            case NORMAL -> ClusterMap.TabletState.NORMAL;
            case LEAVING -> ClusterMap.TabletState.LEAVING;
            case MIGRATING -> ClusterMap.TabletState.MIGRATING;
            case RECOVERING -> ClusterMap.TabletState.RECOVERING;
            default -> ClusterMap.TabletState.LOST;
        };
    }
}
