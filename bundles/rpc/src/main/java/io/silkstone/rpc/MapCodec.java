package io.silkstone.rpc;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.rpc.messages.ClusterMapDecoder;
import io.silkstone.rpc.messages.ClusterMapEncoder;
import io.silkstone.rpc.messages.ServerState;
import io.silkstone.rpc.messages.TabletState;
import java.util.ArrayList;
import java.util.List;

/** {@link ClusterMap} as a message. */
public final class MapCodec {
    private static final int NAMES_BYTES_MAX = 3 * 1_024;
    private static final int TABLET_BYTES = ClusterMapEncoder.TabletsEncoder.sbeBlockLength();

    private MapCodec() {}

    /** Room that is certainly enough for {@code map}. */
    public static int bytesMax(ClusterMap map) {
        int names = map.servers().size() + map.tables().size() + 1;
        return 1_024 + names * NAMES_BYTES_MAX + map.tablets().size() * TABLET_BYTES;
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
            tables.next().table(each.id()).name(each.name());
        }
        ClusterMapEncoder.TabletsEncoder tablets = message.tabletsCount(map.tablets().size());
        for (ClusterMap.Tablet each : map.tablets()) {
            tablets.next()
                    .table(each.table())
                    .state(TabletState.valueOf(each.state().name()))
                    .firstHash(each.firstHash())
                    .lastHash(each.lastHash())
                    .owner(each.owner().packed())
                    .peer(each.peer().packed())
                    .epoch(each.epoch());
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
        for (ClusterMapDecoder.TablesDecoder each : message.tables()) {
            tables.add(new ClusterMap.Table((int) each.table(), each.name()));
        }
        List<ClusterMap.Tablet> tablets = new ArrayList<>();
        for (ClusterMapDecoder.TabletsDecoder each : message.tablets()) {
            tablets.add(
                    new ClusterMap.Tablet(
                            (int) each.table(),
                            each.firstHash(),
                            each.lastHash(),
                            ServerId.of(each.owner()),
                            each.epoch(),
                            state(each.state()),
                            ServerId.of(each.peer())));
        }
        return new ClusterMap(cluster, version, servers, tables, tablets);
    }

    /** A state that a newer version knows is for us one in which nobody serves. */
    private static ClusterMap.TabletState state(TabletState state) {
        return switch (state) {
            case NORMAL -> ClusterMap.TabletState.NORMAL;
            case LEAVING -> ClusterMap.TabletState.LEAVING;
            case MIGRATING -> ClusterMap.TabletState.MIGRATING;
            default -> ClusterMap.TabletState.LOST;
        };
    }
}
