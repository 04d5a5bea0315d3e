package io.silkstone.store.master;

import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.rpc.Call;
import io.silkstone.rpc.Completion;
import io.silkstone.rpc.Peer;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.DropReplicasEncoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.Priority;
import io.silkstone.rpc.messages.Status;
import java.util.ArrayList;
import java.util.List;

/** Another server that keeps replicas of this one's log. Threads: the keeper's. */
final class Backup {
    private static final int BODY = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int OVERHEAD = 64;
    private static final long DROP_NANOS = 1_000_000_000;
    private static final int DROPPED_AT_ONCE = 256;

    /** For so long no replica goes to a server that has lost one. */
    private static final long SHUN_NANOS = 5_000_000_000L;

    private final Rpc rpc;
    private final ServerId id;
    private final Peer peer;

    /** What is needed no more, in the order in which it came to that; the first are being asked. */
    private final List<Dropped> dropped = new ArrayList<>();

    private int asked;

    /** Null before anything was dropped. */
    private Call dropping;

    private long sentBytes;
    private boolean isShunned;
    private long shunnedUntil;

    /** A replica, and those of the same segment before it. */
    private record Dropped(long segment, long incarnation) {}

    Backup(Rpc rpc, Server server) {
        this.rpc = rpc;
        id = server.id();
        peer = rpc.peer(server.address());
    }

    ServerId id() {
        return id;
    }

    /** Sends {@code call}, whose request has {@code length} bytes with its header. */
    void send(Call call, int length, long nanos) {
        call.start(peer, id.packed(), length, nanos, Completion.NONE);
    }

    /** How much was sent to it; what came to be lost counts too. */
    long sentBytes() {
        return sentBytes;
    }

    void sent(int bytes) {
        sentBytes += bytes;
    }

    /** It has lost a replica: better ones get the next ones for a while. */
    void shun() {
        isShunned = true;
        shunnedUntil = rpc.now() + SHUN_NANOS;
    }

    boolean isShunned() {
        isShunned &= rpc.now() - shunnedUntil < 0;
        return isShunned;
    }

    /** The replica of that incarnation, and of lower ones, is needed no more. */
    void drop(long segment, long incarnation) {
        dropped.add(new Dropped(segment, incarnation));
    }

    /** Asks it to drop what is to be dropped, if it is not being asked already. */
    void sendDrops(ServerId master) {
        if (asked > 0 && dropping.isDone()) {
            int heard = dropping.status() == Status.OK ? asked : 0;
            dropped.subList(0, heard).clear();
            asked = 0;
        }
        if (asked > 0 || dropped.isEmpty()) {
            return;
        }
        if (dropping == null) {
            dropping = rpc.newCall().priority(Priority.LOW);
        }
        asked = Math.min(dropped.size(), DROPPED_AT_ONCE);
        int room = OVERHEAD + asked * DropReplicasEncoder.SegmentsEncoder.sbeBlockLength();
        DropReplicasEncoder drop = new DropReplicasEncoder();
        drop.wrapAndApplyHeader(
                        dropping.request(BODY + DropReplicasEncoder.BLOCK_LENGTH + room),
                        0,
                        new MessageHeaderEncoder())
                .master(master.packed());
        DropReplicasEncoder.SegmentsEncoder segments = drop.segmentsCount(asked);
        for (Dropped each : dropped.subList(0, asked)) {
            segments.next().segment(each.segment).incarnation(each.incarnation);
        }
        send(dropping, BODY + drop.encodedLength(), DROP_NANOS);
    }

    /** It is down, and asked nothing any more. */
    void close() {
        if (dropping != null) {
            rpc.await(dropping);
            dropping.close();
        }
    }
}
