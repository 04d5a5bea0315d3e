package io.silkstone.coordinator;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.CoordinatorLog;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.base.EpochClock;
import io.silkstone.base.NanoClock;
import io.silkstone.coordinator.CoordinatorReplica.View;
import io.silkstone.rpc.Request;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.Status;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;

/**
 * A coordinator: a replica of the state machine, and, while it leads, the service that servers,
 * clients and operators ask. Everything that it decides goes through the log, and is answered when
 * it is committed; what it keeps to itself ({@link Leadership}) is when it last heard of whom.
 *
 * <p><b>Why no two servers serve one tablet.</b> A server serves while it has a lease, which lasts
 * for L by its own clock from the moment at which it <em>sent</em> the request that was granted.
 * The coordinator counts from when that request came, which is later, and says that a server is
 * down only after L, what two clocks may drift apart, and a margin. Until then the server's tablets
 * are nobody else's. Once it has begun to say so it grants that server nothing more ({@link
 * Leadership#condemn}); and a server that starts again waits until its predecessor counts as down.
 * Renewals are not logged: they would cost a sync each, and nobody needs them afterwards.
 *
 * <p><b>A new leader</b> has not heard of anybody. It begins a term with its first command, and
 * counts every server as heard at that moment: it waits for a whole lease before it says that one
 * is down, and as much longer as servers may need to find it ({@link
 * CoordinatorOptions#returnNanos}). What an earlier leader decided about leases and is committed
 * later carries the earlier term, and has no effect.
 *
 * <p><b>A leader that does not know that it leads no more</b> could grant leases behind the back of
 * the next one. So where the log is shared, a leader grants only within a time G of having proposed
 * something that was committed in its own term; and the next leader waits G longer. Say the proof
 * was proposed at p: the lease that it allowed ends before p + G + L, and the next leader, whose
 * term began after p, waits from then for G + L and a margin. A refusal is final for who hears it,
 * so it is not believed to a leader that may be none either: before NOT_A_MEMBER and LEASE_EXPIRED
 * the leader makes sure, by way of the log.
 *
 * <p><b>A leader that was stopped for a while</b> and goes on (SIGSTOP, a long pause) does no harm.
 * With a log that is its own, nobody else has led meanwhile. The leases that it granted before end
 * by the servers' own clocks and depend on nothing that it does. Requests that wait for it since
 * are answered late, with leases that count from when they were sent. And since servers could not
 * reach it while it stood still, it holds no silence against them that it slept through: after a
 * pause of half a lease everybody counts as heard. With a shared log its proofs are old when it
 * wakes, so it grants nothing until it knows whether it still leads; what it decides is proposed
 * with its term.
 *
 * <p><b>Clients' leases</b> last for half an hour and more, so each change of one is logged: the
 * expiry that a client is told is the one in the log, whoever leads. A renewal is logged only when
 * less than a whole term is left, and then for half a term more than that: every second or third.
 * The cluster's time of day goes on steadily under one leader, whatever happens to the machine's
 * clock, and never back behind a time that is in the log.
 *
 * <p><b>Where it differs from RAMCloud</b> (specification B.3): there servers ping each other, a
 * suspect is asked once more by the coordinator, and one that is wrongly declared dead finds out
 * from its backups or peers. Without backups nothing would keep it from serving reads meanwhile;
 * leases do, at the price of a message from each server to the coordinator every 750 ms, or four
 * times per lease when leases are short. Where the transport knows that a server's process has
 * ended, as on one machine, nobody waits for its lease.
 *
 * <p>Threads: requests come from the thread that polls the {@link Rpc}, outcomes from the log's;
 * {@link #doWork} is called by one thread at a time, over and over.
 */
public final class Coordinator implements AutoCloseable {
    /** How often servers and leases are looked at: small against a lease, large against a poll. */
    private static final long LOOK_NANOS = 10_000_000;

    private static final long EXPIRY_LOOK_NANOS = 1_000_000_000;

    /** How often processes are looked for that have ended; each time may read a file a server. */
    private static final long ENDS_LOOK_NANOS = 200_000_000;

    private static final long RETRY_NANOS = 20_000_000;

    private final Rpc rpc;
    private final CoordinatorLog log;
    private final CoordinatorOptions options;
    private final NanoClock clock;
    private final EpochClock epochClock;
    private final RandomGenerator random;
    private final CoordinatorReplica replica;
    private final Requests requests;
    private final MapNews news;
    private final Set<ServerId> downProposed = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean takingLead = new AtomicBoolean();
    private final AtomicBoolean proving = new AtomicBoolean();
    private final AtomicBoolean expiring = new AtomicBoolean();
    private volatile Leadership leadership;
    private volatile boolean closed;
    private long lastDutyAt;
    private long lookedAt;
    private long lookedAtLeasesAt;
    private long lookedForEndsAt;

    private final Counter commands;
    private final Counter unknown;
    private final Counter leads;
    private final Counter down;
    private final Counter stalls;
    private final Counter cuts;

    /**
     * Over {@code rpc}, which stays the caller's, and {@code log}, which it starts and closes.
     *
     * @param random for the number of a new cluster
     */
    public Coordinator(
            Rpc rpc,
            CoordinatorLog log,
            CoordinatorOptions options,
            NanoClock clock,
            EpochClock epochClock,
            RandomGenerator random,
            MetricRegistry metrics) {
        this.rpc = rpc;
        this.log = log;
        this.options = options;
        this.clock = clock;
        this.epochClock = epochClock;
        this.random = random;
        commands = metrics.counter(CoordinatorMetrics.COMMANDS);
        unknown = metrics.counter(CoordinatorMetrics.UNKNOWN);
        leads = metrics.counter(CoordinatorMetrics.LEADS);
        down = metrics.counter(CoordinatorMetrics.DOWN);
        stalls = metrics.counter(CoordinatorMetrics.STALLS);
        cuts = metrics.counter(CoordinatorMetrics.CUTS);
        replica = new CoordinatorReplica(new Watcher());
        requests = new Requests(this, replica, options, metrics);
        news = new MapNews(rpc);
    }

    /**
     * Reads the log and begins to serve.
     *
     * @throws IllegalStateException when the log cannot be read; the message is for operators
     */
    public void start() {
        lastDutyAt = clock.nanoTime();
        lookedAt = lastDutyAt;
        lookedAtLeasesAt = lastDutyAt;
        lookedForEndsAt = lastDutyAt;
        log.start(replica);
        tellIdentity();
        requests.serve(rpc);
    }

    /** What is known here; that of a leader is what holds. Threads: any. */
    public ClusterMap map() {
        return replica.view().map();
    }

    /** Whether it leads and answers requests. Threads: any. */
    public boolean isLeading() {
        return leadership != null;
    }

    /** Where the leader is reached, empty if that is not known. Threads: any. */
    public String leader() {
        return replica.leader();
    }

    /** The log's thread tells what happens. */
    private final class Watcher implements CoordinatorReplica.Listener {
        @Override
        public void applied() {
            commands.increment();
            requests.settle();
        }

        @Override
        public void leads(boolean leading) {
            if (!leading) {
                leadership = null;
                requests.abandon();
            }
        }
    }

    /** Servers and clients name the cluster that they mean, also before this process enlists. */
    private void tellIdentity() {
        long cluster = replica.view().map().cluster();
        if (cluster != 0 && rpc.cluster() == 0) {
            rpc.identity(cluster, rpc.server());
        }
    }

    /**
     * Looks at who has been silent for too long, and at leases that are over.
     *
     * @return how much was done; 0 when the caller may wait, for some milliseconds
     */
    public int doWork() {
        long now = clock.nanoTime();
        long pause = now - lastDutyAt;
        lastDutyAt = now;
        if (!replica.isLeading() || closed) {
            return 0;
        }
        Leadership current = leadership;
        if (current == null) {
            return takeLead(now);
        }
        if (pause > options.serverLeaseNanos() / 2) {
            stalls.increment();
            current.forgive(now);
        }
        if (now - lookedAt < LOOK_NANOS) {
            return 0;
        }
        lookedAt = now;
        requests.abandonOverdue(now);
        return prove(current, now)
                + lookAtServers(current, now)
                + lookAtLeases(current, now)
                + news.tell(replica.view().map());
    }

    private int takeLead(long now) {
        if (!takingLead.compareAndSet(false, true)) {
            return 0;
        }
        byte[] command =
                Commands.takeLead(
                        epochClock.millis(),
                        random.nextLong() | 1,
                        options.serversFirst(),
                        options.tabletsFirst(),
                        options.replicasFirst());
        boolean taken =
                log.propose(
                        command,
                        bytes -> {
                            if (bytes == null) {
                                unknown.increment();
                            } else if (replica.isLeading()) {
                                lead(Result.decoded(bytes).number(), now);
                            }
                            takingLead.set(false);
                        });
        if (!taken) {
            takingLead.set(false);
        }
        return taken ? 1 : 0;
    }

    private void lead(long term, long now) {
        leads.increment();
        tellIdentity();
        downProposed.clear();
        news.beginAnew();
        long millis = Math.max(epochClock.millis(), replica.view().millis());
        leadership =
                new Leadership(
                        term,
                        now,
                        millis,
                        !log.isShared(),
                        options.serverLeaseNanos() / 2,
                        options.returnNanos());
    }

    private int prove(Leadership current, long now) {
        if (!current.needsProof(now) || !proving.compareAndSet(false, true)) {
            return 0;
        }
        boolean taken =
                log.propose(
                        Commands.confirm(current.term),
                        bytes -> {
                            if (bytes != null) {
                                proven(current, Result.decoded(bytes), now);
                            }
                            proving.set(false);
                        });
        if (!taken) {
            proving.set(false);
        }
        return taken ? 1 : 0;
    }

    private void proven(Leadership current, Result result, long proposedAt) {
        if (result.isOk()) {
            current.proven(proposedAt);
        } else {
            overtaken(current);
        }
    }

    /** Somebody has begun a later term; if the log says that this replica leads, it begins one. */
    private void overtaken(Leadership current) {
        if (leadership == current) {
            leadership = null;
        }
    }

    private int lookAtServers(Leadership current, long now) {
        int work = 0;
        View view = replica.view();
        current.forget(view);
        if (now - lookedForEndsAt >= ENDS_LOOK_NANOS) {
            lookedForEndsAt = now;
            buryEnded(current, view);
        }
        for (var entry : view.leaseNanos().entrySet()) {
            ServerId server = entry.getKey();
            boolean isDown = current.condemn(server, now, entry.getValue(), options.marginNanos());
            if (isDown && downProposed.add(server)) {
                work++;
                proposeDown(current, server);
            }
        }
        return work;
    }

    /** Nobody waits for the lease of a process that is known to have ended. */
    private void buryEnded(Leadership current, View view) {
        for (ClusterMap.Server server : view.map().servers()) {
            if (server.up() && rpc.hasEnded(server.address())) {
                current.bury(server.id());
            }
        }
    }

    private void proposeDown(Leadership current, ServerId server) {
        boolean taken =
                log.propose(
                        Commands.down(current.term, server, cuts(current, server, false)),
                        bytes -> {
                            if (bytes == null) {
                                unknown.increment();
                            } else if (Result.decoded(bytes).isOk()) {
                                down.increment();
                            } else {
                                overtaken(current);
                            }
                            // If it is up still, it is condemned still, and proposed again.
                            downProposed.remove(server);
                        });
        if (!taken) {
            downProposed.remove(server);
        }
    }

    /**
     * Where tablets of {@code server} are to be cut, as it goes down.
     *
     * @param isBack whether the next process of its node can recover parts of them
     */
    List<Cut> cuts(Leadership current, ServerId server, boolean isBack) {
        ClusterMap map = replica.view().map();
        long others =
                map.servers().stream()
                        .filter(each -> each.up() && !each.id().equals(server))
                        .count();
        int heirs = (int) others + (isBack ? 1 : 0);
        List<Cut> decided = options.recoveryParts().cuts(map, server, current.sizes(server), heirs);
        cuts.add(decided.size());
        return decided;
    }

    private int lookAtLeases(Leadership current, long now) {
        if (now - lookedAtLeasesAt < EXPIRY_LOOK_NANOS) {
            return 0;
        }
        lookedAtLeasesAt = now;
        long millis = current.millis(now);
        if (!replica.hasExpiredLeases(millis) || !expiring.compareAndSet(false, true)) {
            return 0;
        }
        boolean taken =
                log.propose(
                        Commands.endExpiredLeases(current.term, millis),
                        bytes -> expiring.set(false));
        if (!taken) {
            expiring.set(false);
        }
        return taken ? 1 : 0;
    }

    long now() {
        return clock.nanoTime();
    }

    /** What the leader knows; null while this one does not lead. */
    Leadership leadership() {
        return leadership;
    }

    /** Answers that somebody else leads, or that this one is about to. */
    void refuseNotLeading(Request request) {
        if (replica.isLeading()) {
            request.refuse(Status.RETRY_LATER, RETRY_NANOS, "");
        } else {
            request.refuse(Status.NOT_LEADER, 0, replica.leader());
        }
    }

    /**
     * Proposes {@code command}, and answers {@code request} when it is committed: with {@code ok},
     * or with why not.
     */
    void propose(Request request, byte[] command, BiConsumer<Request, Result> ok) {
        if (leadership == null) {
            refuseNotLeading(request);
            return;
        }
        Request kept = request.keep();
        boolean taken = log.propose(command, bytes -> ended(kept, bytes, ok));
        if (!taken) {
            refuseNotLeading(kept);
        }
    }

    private void ended(Request kept, byte[] bytes, BiConsumer<Request, Result> ok) {
        if (bytes == null) {
            unknown.increment();
            refuseNotLeading(kept);
            return;
        }
        Result result = Result.decoded(bytes);
        if (result.isOk()) {
            ok.accept(kept, result);
        } else if (result.status() == Status.NOT_LEADER) {
            refuseNotLeading(kept);
        } else {
            long retryNanos = result.status() == Status.RETRY_LATER ? 2 * RETRY_NANOS : 0;
            kept.refuse(result.status(), retryNanos, result.text());
        }
    }

    /**
     * Does {@code then} while it is sure that this replica leads: at once, or when it has been
     * proved. For what a later leader could know better.
     */
    void whenSure(Request request, BiConsumer<Request, Leadership> then) {
        Leadership current = leadership;
        if (current == null) {
            refuseNotLeading(request);
        } else if (!log.isShared()) {
            then.accept(request, current);
        } else {
            propose(
                    request,
                    Commands.confirm(current.term),
                    (kept, result) -> then.accept(kept, current));
        }
    }

    /** Serves nobody any more, and closes the log. */
    @Override
    public void close() {
        closed = true;
        requests.serveNoMore(rpc);
        leadership = null;
        requests.abandon();
        log.close();
    }
}
