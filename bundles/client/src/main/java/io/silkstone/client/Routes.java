package io.silkstone.client;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.metrics.Counter;
import io.silkstone.rpc.Call;
import io.silkstone.rpc.MapCodec;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.ClusterMapDecoder;
import io.silkstone.rpc.messages.GetClusterMapEncoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;

/**
 * Which server has which keys, as far as this client knows. Any server and any coordinator can
 * tell; they are asked when an answer shows that what is known is old, one at a time, whoever is
 * near at hand first. Threads: any.
 */
final class Routes {
    private static final long FETCH_NANOS = 300_000_000;
    private static final long PAUSE_NANOS = 5_000_000;
    private static final int SEED_ONE_IN = 4;

    private final Rpc rpc;
    private final List<String> seeds;
    private final LongUnaryOperator random;
    private final Counter refreshes;
    private final Call call;
    private final GetClusterMapEncoder request = new GetClusterMapEncoder();
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final ClusterMapDecoder reply = new ClusterMapDecoder();
    private volatile ClusterMap map = ClusterMap.NONE;

    /** How many answers there were, whether they brought anything new or not. */
    private volatile long answers;

    private boolean fetching;
    private boolean closed;
    private List<Runnable> waiting = new ArrayList<>();

    /** With {@code random} giving numbers from 0 to below what it is given, to any thread. */
    Routes(Rpc rpc, List<String> seeds, LongUnaryOperator random, Counter refreshes) {
        this.rpc = rpc;
        this.seeds = List.copyOf(seeds);
        this.random = random;
        this.refreshes = refreshes;
        call = rpc.newCall();
    }

    ClusterMap map() {
        return map;
    }

    /** Grows with each answer to {@link #refresh}. */
    long answers() {
        return answers;
    }

    /**
     * Fetches the map anew, and then runs {@code then} on the thread that polls; also after a
     * failure, for whoever waits tries again by himself. When closed nothing is fetched, and {@code
     * then} runs all the same: whoever waits gives up when his time is over.
     */
    void refresh(Runnable then) {
        if (isFetchToBegin(then)) {
            fetch();
        }
    }

    private synchronized boolean isFetchToBegin(Runnable then) {
        if (closed || rpc.isClosed()) {
            rpc.after(PAUSE_NANOS, then);
            return false;
        }
        waiting.add(then);
        boolean begin = !fetching;
        fetching = true;
        return begin;
    }

    private void fetch() {
        List<String> candidates = candidates();
        String address = candidates.get((int) random.applyAsLong(candidates.size()));
        request.wrapAndApplyHeader(call.request(1_024), 0, header).leaderOnly((short) 0);
        int length = MessageHeaderEncoder.ENCODED_LENGTH + request.encodedLength();
        call.start(rpc.peer(address), 0, length, FETCH_NANOS, each -> fetched());
    }

    /** Servers that are up, and the seeds where there are none. */
    private List<String> candidates() {
        List<String> candidates = new ArrayList<>();
        for (ClusterMap.Server server : map.servers()) {
            if (server.up()) {
                candidates.add(server.address());
            }
        }
        // Now and then a seed too: all servers that are known may have gone.
        if (candidates.isEmpty() || random.applyAsLong(SEED_ONE_IN) == 0) {
            return seeds;
        }
        return candidates;
    }

    private void fetched() {
        refreshes.increment();
        if (isTold()) {
            answers++;
            List<Runnable> told = endFetch();
            told.forEach(Runnable::run);
        } else {
            rpc.after(
                    PAUSE_NANOS,
                    () -> {
                        List<Runnable> told = endFetch();
                        told.forEach(Runnable::run);
                    });
        }
    }

    /**
     * Whether {@code told} says anything: a server that has just begun, or begins anew, knows of no
     * table, which does not mean that there is none.
     */
    static boolean isMap(ClusterMap told) {
        return told.version() != ClusterMap.NONE.version();
    }

    private boolean isTold() {
        if (call.status() != Status.OK || !call.hasReply()) {
            return false;
        }
        reply.wrap(call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
        ClusterMap news = MapCodec.decode(reply);
        learn(news);
        return isMap(news);
    }

    private synchronized List<Runnable> endFetch() {
        List<Runnable> told = waiting;
        waiting = new ArrayList<>();
        fetching = false;
        return told;
    }

    /** Somebody has told this map. */
    synchronized void learn(ClusterMap news) {
        boolean other = map.cluster() != 0 && map.cluster() != news.cluster();
        if (!other && news.version() > map.version()) {
            map = news;
        }
    }

    /** Fetches no more; who waits for what is being fetched is told. */
    synchronized void close() {
        closed = true;
    }
}
