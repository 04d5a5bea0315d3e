package io.silkstone.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ServerId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A tablet goes to and fro between three nodes that each have a coordinator, under load, and in
 * each round one of those that take part is killed: {@code -Drecovery.rounds} of them.
 */
class MigrationKillsTest {
    private static final long SEED =
            Long.getLong("recovery.seed", System.nanoTime() & 0xffff_ffffL);
    private static final int ROUNDS = Integer.getInteger("recovery.rounds", 3);

    /** For a machine on which others build; alone it is 2,000. */
    private static final long BACK_MILLIS_MAX = Long.getLong("recovery.back.ms", 30_000);

    private static final String TABLE = "moved";
    private static final int KEYS = 8_000;
    private static final long BEFORE = 2_000;
    private static final long AFTER = 500;

    /** Longer than a move takes, for some are to be over. */
    private static final int KILL_MILLIS_MAX = 60;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final List<Long> gaps = new ArrayList<>();
    private KilledNodes nodes;
    private List<Promises> all;

    /** Who is killed. */
    private enum Victim {
        SOURCE,
        TARGET,
        LEADER
    }

    @BeforeEach
    void start() throws Exception {
        nodes = new KilledNodes(3);
        nodes.said("table:create " + TABLE + " --tablets 1 --replicas 2");
        Promises promises = new Promises(nodes.client().table(TABLE), KEYS, random.split());
        promises.fill();
        all = List.of(promises);
    }

    @AfterEach
    void close() throws Exception {
        nodes.close();
    }

    @Test
    @Timeout(3_000)
    void kill9_ofWhoTakesPart_losesNothingAndServesSoon() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            round(Victim.values()[round % Victim.values().length]);
        }
        assertThat(Collections.max(gaps)).as("seed %d: %s", SEED, gaps).isLessThan(BACK_MILLIS_MAX);
    }

    private void round(Victim victim) throws Exception {
        Promises promises = all.getFirst();
        promises.start();
        KilledNodes.awaitChanges(all, BEFORE);
        Tablet tablet = nodes.tablet(TABLE);
        ServerId target = another(tablet.owner());
        int struck =
                switch (victim) {
                    case SOURCE -> nodes.node(tablet.owner());
                    case TARGET -> nodes.node(target);
                    case LEADER -> nodes.cluster.leader(1);
                };
        nodes.client().store().migrateTablet(TABLE, 0, target);
        Thread.sleep(random.nextInt(KILL_MILLIS_MAX));
        nodes.kill(struck);
        KilledNodes.awaitChanges(all, AFTER);
        long gap = promises.longestGapMillis();
        gaps.add(gap);
        nodes.up();
        nodes.awaitServed();
        promises.stop();
        System.out.printf(
                "recovery: %s killed, %s; nobody was answered for %d ms%n",
                victim, wasMoved(target) ? "the tablet moved" : "it stayed", gap);
        assertThat(promises.failures()).as("seed %d", SEED).isEmpty();
        assertThat(promises.unknown()).as("seed %d", SEED).isZero();
        assertThat(promises.broken()).as("seed %d", SEED).isEmpty();
    }

    private boolean wasMoved(ServerId target) {
        return nodes.tablet(TABLE).owner().equals(target);
    }

    private ServerId another(ServerId owner) {
        List<ServerId> others =
                nodes.map().servers().stream()
                        .filter(ClusterMap.Server::up)
                        .map(ClusterMap.Server::id)
                        .filter(each -> !each.equals(owner))
                        .toList();
        return others.get(random.nextInt(others.size()));
    }
}
