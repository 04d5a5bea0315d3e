package io.silkstone.rpc;

import io.silkstone.api.balance.ServerLoad;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.TabletLoad;
import io.silkstone.rpc.messages.GetLoadEncoder;
import io.silkstone.rpc.messages.LoadDecoder;
import io.silkstone.rpc.messages.LoadEncoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.Status;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What servers say of their load, to and from the wire. */
public final class LoadCodec {
    private static final Logger LOG = System.getLogger(LoadCodec.class.getName());
    private static final int BODY = MessageHeaderEncoder.ENCODED_LENGTH;

    private LoadCodec() {}

    /** How long a {@link LoadEncoder} with {@code tablets} is, without its message header. */
    public static int bytesFor(int tablets) {
        return LoadEncoder.BLOCK_LENGTH
                + LoadEncoder.TabletsEncoder.sbeHeaderSize()
                + tablets * LoadEncoder.TabletsEncoder.sbeBlockLength();
    }

    /** How many tablets there is room for in {@code bytes}. */
    public static int tabletsMax(int bytes) {
        int room = (bytes - BODY - bytesFor(0)) / LoadEncoder.TabletsEncoder.sbeBlockLength();
        return Math.clamp(room, 0, LoadEncoder.TabletsEncoder.countMaxValue());
    }

    /** Adds {@code tablets} to {@code message}, whose fields are written. */
    public static void encode(List<TabletLoad> tablets, LoadEncoder message) {
        LoadEncoder.TabletsEncoder group = message.tabletsCount(tablets.size());
        for (TabletLoad each : tablets) {
            group.next()
                    .firstHash(each.firstHash())
                    .lastHash(each.lastHash())
                    .epoch(each.epoch())
                    .objects(each.objects())
                    .bytes(each.bytes())
                    .operations(each.operationsPerSecond())
                    .cutHash(each.cutHash())
                    .operationsBelow(each.operationsPerSecondBelowCut())
                    .table(each.table());
        }
    }

    private static ServerLoad decode(ServerId server, Call call) {
        LoadDecoder load = new LoadDecoder();
        load.wrap(call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
        List<TabletLoad> tablets = new ArrayList<>();
        for (LoadDecoder.TabletsDecoder each : load.tablets()) {
            tablets.add(
                    new TabletLoad(
                            (int) each.table(),
                            each.firstHash(),
                            each.lastHash(),
                            each.epoch(),
                            each.objects(),
                            each.bytes(),
                            each.operations(),
                            each.cutHash(),
                            each.operationsBelow()));
        }
        return new ServerLoad(server, load.capacity(), load.allocated(), tablets);
    }

    /**
     * Asks all servers that are up in {@code map} at once, and waits for {@code nanos} at most. Not
     * by the thread that polls.
     *
     * @return those that answered; one of an older schema does not
     */
    public static List<ServerLoad> ask(Rpc rpc, ClusterMap map, long nanos) {
        Map<ServerId, Call> calls = new LinkedHashMap<>();
        List<ServerLoad> loads = new ArrayList<>();
        for (ClusterMap.Server server : map.servers()) {
            if (server.up()) {
                try {
                    calls.put(server.id(), start(rpc, server, nanos));
                } catch (IllegalStateException | IllegalArgumentException notNow) {
                    // All calls are in use, or the address is not of this transport: no answer.
                    continue;
                }
            }
        }
        calls.values().forEach(rpc::await);
        calls.forEach(
                (server, call) -> {
                    try {
                        if (call.status() == Status.OK && call.hasReply()) {
                            loads.add(decode(server, call));
                        }
                    } catch (IndexOutOfBoundsException malformed) {
                        LOG.log(Level.WARNING, "the load of server {0} cannot be read", server);
                    } finally {
                        call.close();
                    }
                });
        return loads;
    }

    private static Call start(Rpc rpc, ClusterMap.Server server, long nanos) {
        Peer peer = rpc.peer(server.address());
        Call call = rpc.newCall();
        GetLoadEncoder get = new GetLoadEncoder();
        get.wrapAndApplyHeader(
                call.request(BODY + GetLoadEncoder.BLOCK_LENGTH), 0, new MessageHeaderEncoder());
        call.start(peer, server.id().packed(), BODY + get.encodedLength(), nanos, Completion.NONE);
        return call;
    }
}
