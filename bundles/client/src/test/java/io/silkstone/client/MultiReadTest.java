package io.silkstone.client;

import static io.silkstone.client.ScriptedCluster.HIGH;
import static io.silkstone.client.ScriptedCluster.LOW;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.Status;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class MultiReadTest {
    private final ScriptedCluster cluster = new ScriptedCluster();

    /** What is shown of each, which is in their order. */
    private List<String> readAll(String... names) {
        Key[] keys =
                Arrays.stream(names)
                        .map(each -> new Key().wrap(each.getBytes(UTF_8)))
                        .toArray(Key[]::new);
        List<String> seen = new ArrayList<>();
        cluster.session.readAll(
                cluster.table,
                keys,
                keys.length,
                (index, status, object) -> {
                    assertThat(index).as("whose turn it is").isEqualTo(seen.size());
                    seen.add(status == Status.OK ? shown(names[index], object) : status.name());
                });
        return seen;
    }

    private static String shown(String name, ObjectView object) {
        assertThat(text(object, object.keyOffset(), object.keyLength())).isEqualTo(name);
        return text(object, object.valueOffset(), object.valueLength());
    }

    private static String text(ObjectView object, long offset, int length) {
        return new String(
                object.memory().asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE), UTF_8);
    }

    /** So many keys of the lower half and of the upper, by turns, with their names as values. */
    private String[] mixed(int count) {
        String[] names = new String[count];
        int made = 0;
        for (int number = 0; made < count; number++) {
            String name = "mixed-" + number;
            boolean isHigh = new Key().wrap(name.getBytes(UTF_8)).hash() < 0;
            if (isHigh == (made % 2 == 1)) {
                (isHigh ? cluster.second : cluster.first).objects.put(name, name);
                names[made++] = name;
            }
        }
        return names;
    }

    @Test
    void keys_travelInOneMessageToEachServer() {
        cluster.first.objects.put(LOW, "low");
        cluster.second.objects.put(HIGH, "high");
        assertThat(readAll(LOW, HIGH, LOW)).containsExactly("low", "high", "low");
        assertThat(cluster.first.reads).containsExactly(List.of(LOW, LOW));
        assertThat(cluster.second.reads).containsExactly(List.of(HIGH));
    }

    @Test
    void keys_thatHadNoRoomInTheReply_areAskedForAgain() {
        cluster.first.keysPerReply = 2;
        assertThat(readAll(LOW, LOW, LOW, LOW, LOW)).hasSize(5);
        assertThat(cluster.first.reads).extracting(List::size).containsExactly(5, 3, 1);
    }

    @Test
    void keys_ofAServerThatHasThemNoMore_areReadWhereTheyAre() {
        cluster.second.objects.put(LOW, "moved");
        cluster.first.script.add(
                request -> {
                    cluster.publish(cluster.second.id, 2, cluster.second.id, 1);
                    request.moved(cluster.second.id.packed(), 2);
                });
        assertThat(readAll(LOW, HIGH)).containsExactly("moved", "NOT_FOUND");
    }

    @Test
    void keys_ofSeveralServers_askedForAgain_areShownInTheirOrder() {
        cluster.first.keysPerReply = 2;
        cluster.second.keysPerReply = 5;
        String[] names = mixed(40);
        assertThat(readAll(names)).containsExactly(names);
    }

    @Test
    void keys_beyondWhatTravelsTogether_areShownInTheirOrder() {
        cluster.first.keysPerReply = 20;
        cluster.second.keysPerReply = 90;
        String[] names = mixed(3_000);
        assertThat(readAll(names)).containsExactly(names);
    }

    @Test
    void readAll_afterAVisitorThatThrew_isAsBefore() {
        String[] names = mixed(40);
        assertThatThrownBy(
                        () ->
                                cluster.session.readAll(
                                        cluster.table,
                                        new Key[] {new Key().wrap(names[0].getBytes(UTF_8))},
                                        1,
                                        (index, status, object) -> {
                                            throw new IllegalStateException("enough");
                                        }))
                .hasMessage("enough");
        assertThat(readAll(names)).containsExactly(names);
    }
}
