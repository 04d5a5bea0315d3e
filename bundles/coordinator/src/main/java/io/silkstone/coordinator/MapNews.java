package io.silkstone.coordinator;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.rpc.Call;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.MapNewsEncoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;

/**
 * Has servers know at once of each map and of who leads, so that whoever is to recover a tablet
 * begins, and nobody waits for who is down. They are told once and may not hear it: they also hear
 * of it when they renew their leases.
 *
 * <p>Threads: one at a time, but {@link #beginAnew} is any's.
 */
final class MapNews {
    private static final int BODY = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int BYTES_MAX = 2_048;
    private static final long TELL_NANOS = 500_000_000;

    private final Rpc rpc;
    private final MapNewsEncoder news = new MapNewsEncoder();
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private volatile long told;

    MapNews(Rpc rpc) {
        this.rpc = rpc;
    }

    /** Somebody else has led: the next map is told, whether it is another one or not. */
    void beginAnew() {
        told = 0;
    }

    /**
     * Tells the servers of {@code map} that are up, if it is another one than the last time.
     *
     * @return how many
     */
    int tell(ClusterMap map) {
        if (map.version() == told) {
            return 0;
        }
        told = map.version();
        int servers = 0;
        for (Server server : map.servers()) {
            if (server.up()) {
                tell(map.version(), server);
                servers++;
            }
        }
        return servers;
    }

    private void tell(long version, Server server) {
        Call call;
        try {
            call = rpc.newCall();
        } catch (IllegalStateException allCallsAreInUse) {
            return;
        }
        try {
            news.wrapAndApplyHeader(call.request(BYTES_MAX), 0, header)
                    .mapVersion(version)
                    .leader(rpc.address());
            int length = BODY + news.encodedLength();
            call.start(
                    rpc.peer(server.address()),
                    server.id().packed(),
                    length,
                    TELL_NANOS,
                    Call::close);
        } catch (IllegalArgumentException noAddressOfThisTransport) {
            call.close();
        }
    }
}
