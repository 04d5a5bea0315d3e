package io.silkstone.client;

import static io.silkstone.client.ScriptedCluster.HIGH;
import static io.silkstone.client.ScriptedCluster.LOW;
import static io.silkstone.client.ScriptedCluster.MILLI;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.ObjectView;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScanStepTest {
    private static final int STEPS_MAX = 1_000;

    private final ScriptedCluster cluster = new ScriptedCluster();
    private final List<String> seen = new ArrayList<>();

    private long scan(long cursor) {
        return cluster.session.scan(cluster.table, cursor, 1, each -> seen.add(text(each)));
    }

    private static String text(ObjectView object) {
        byte[] key =
                object.memory()
                        .asSlice(object.keyOffset(), object.keyLength())
                        .toArray(ValueLayout.JAVA_BYTE);
        byte[] value =
                object.memory()
                        .asSlice(object.valueOffset(), object.valueLength())
                        .toArray(ValueLayout.JAVA_BYTE);
        return new String(key, UTF_8) + "=" + new String(value, UTF_8);
    }

    /** From {@code cursor} to the end. */
    private void scanOn(long cursor) {
        long next = cursor;
        int steps = 0;
        do {
            next = scan(next);
            assertThat(++steps).isLessThan(STEPS_MAX);
        } while (next != 0);
    }

    private static List<String> some(int count) {
        List<String> names = new ArrayList<>();
        for (int number = 0; number < count; number++) {
            names.add("object-" + number);
        }
        return names;
    }

    private ScriptedServer ownerOf(String name) {
        return ScriptedCluster.hashOf(name) < 0 ? cluster.second : cluster.first;
    }

    @Test
    void scan_showsEachObjectOnce() {
        List<String> names = some(40);
        names.forEach(name -> ownerOf(name).objects.put(name, "1"));
        scanOn(0);
        assertThat(seen)
                .containsExactlyInAnyOrderElementsOf(
                        names.stream().map(name -> name + "=1").toList());
    }

    /** Who has few lines shows the same one to each of the steps that others need for it. */
    @Test
    void scan_ofServersWithLinesOfDifferentWidth_showsEachObjectOnce() {
        List<String> names = some(60);
        names.forEach(name -> ownerOf(name).objects.put(name, "1"));
        cluster.first.lineBits = 2;
        cluster.second.lineBits = 6;
        scanOn(0);
        assertThat(seen)
                .containsExactlyInAnyOrderElementsOf(
                        names.stream().map(name -> name + "=1").toList());
    }

    @Test
    void scan_doesNotMissATabletThatMovesBetweenTwoQuestions() {
        cluster.second.objects.put(HIGH, "2");
        cluster.first.afterScan =
                () -> {
                    cluster.first.afterScan = () -> {};
                    cluster.second.objects.remove(HIGH);
                    cluster.first.objects.put(HIGH, "2");
                    cluster.publish(cluster.first.id, 1, cluster.first.id, 2);
                };
        scanOn(0);
        assertThat(seen).containsExactly(HIGH + "=2");
    }

    @Test
    void scan_doesNotMissWhatMovesToAServerBehindTheCursor() {
        List<String> names = some(40);
        names.forEach(name -> ownerOf(name).objects.put(name, "1"));
        long cursor = scan(scan(0));
        cluster.first.objects.putAll(cluster.second.objects);
        cluster.second.objects.clear();
        cluster.publish(cluster.first.id, 1, cluster.first.id, 2);
        scanOn(cursor);
        assertThat(seen)
                .containsExactlyInAnyOrderElementsOf(
                        names.stream().map(name -> name + "=1").toList());
    }

    @Test
    void scan_acrossASplit_goesOn() {
        cluster.first.objects.put(LOW, "1");
        cluster.second.objects.put(HIGH, "2");
        cluster.first.afterScan =
                () -> {
                    cluster.first.afterScan = () -> {};
                    cluster.publish(
                            tablet(0, 9, cluster.first.id, ScriptedCluster.normal()),
                            tablet(10, Long.MAX_VALUE, cluster.first.id, ScriptedCluster.normal()),
                            tablet(
                                    Long.MIN_VALUE,
                                    -1,
                                    cluster.second.id,
                                    ScriptedCluster.normal()));
                };
        scanOn(0);
        assertThat(seen).containsExactlyInAnyOrder(LOW + "=1", HIGH + "=2");
    }

    @Test
    void scan_whileAServerIsSilent_staysWhereItIs() {
        cluster.first.objects.put(LOW, "1");
        cluster.second.objects.put(HIGH, "2");
        scan(0);
        seen.clear();
        cluster.network.isolate(cluster.second.address);
        long began = cluster.now;
        long cursor = scan(0);
        assertThat(cluster.now - began).isLessThan(40_000 * MILLI);
        assertThat(seen).isEmpty();
        assertThat(cursor).isNotZero();
        cluster.network.heal();
        scanOn(cursor);
        assertThat(seen).containsExactlyInAnyOrder(LOW + "=1", HIGH + "=2");
    }

    @Test
    void scan_ofWhatIsLost_showsTheRest() {
        cluster.first.objects.put(LOW, "1");
        cluster.publish(
                tablet(0, Long.MAX_VALUE, cluster.first.id, ScriptedCluster.normal()),
                tablet(Long.MIN_VALUE, -1, cluster.second.id, ClusterMap.TabletState.LOST));
        scanOn(0);
        assertThat(seen).containsExactly(LOW + "=1");
    }

    @Test
    void scan_ofWhatIsMigrating_isOnItsOwner() {
        cluster.second.objects.put(LOW, "1");
        cluster.second.objects.put(HIGH, "2");
        cluster.publish(
                new ClusterMap.Tablet(
                        1,
                        0,
                        -1,
                        cluster.second.id,
                        1,
                        ClusterMap.TabletState.MIGRATING,
                        cluster.first.id));
        scanOn(0);
        assertThat(seen).containsExactlyInAnyOrder(LOW + "=1", HIGH + "=2");
    }

    @Test
    void scan_ofATableThatIsGone_isOver() {
        cluster.first.objects.put(LOW, "1");
        cluster.publish();
        assertThat(scan(0)).isZero();
        assertThat(seen).isEmpty();
    }

    private static ClusterMap.Tablet tablet(
            long first, long last, ServerId owner, ClusterMap.TabletState state) {
        return new ClusterMap.Tablet(1, first, last, owner, 1, state, ServerId.NONE);
    }
}
