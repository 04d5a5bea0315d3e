package io.silkstone.client;

import static io.silkstone.client.ScriptedCluster.HIGH;
import static io.silkstone.client.ScriptedCluster.LOW;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.Status;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class MultiReadTest {
    private final ScriptedCluster cluster = new ScriptedCluster();

    private Map<Integer, Status> readAll(String... names) {
        Key[] keys =
                Arrays.stream(names)
                        .map(each -> new Key().wrap(each.getBytes(UTF_8)))
                        .toArray(Key[]::new);
        Map<Integer, Status> seen = new TreeMap<>();
        cluster.session.readAll(
                cluster.table,
                keys,
                keys.length,
                (index, status, object) ->
                        assertThat(seen.put(index, status)).as("seen before").isNull());
        return seen;
    }

    @Test
    void keys_travelInOneMessageToEachServer() {
        cluster.first.objects.put(LOW, "low");
        cluster.second.objects.put(HIGH, "high");
        assertThat(readAll(LOW, HIGH, LOW))
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of(0, Status.OK, 1, Status.OK, 2, Status.OK));
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
        assertThat(readAll(LOW, HIGH))
                .containsExactlyInAnyOrderEntriesOf(Map.of(0, Status.OK, 1, Status.NOT_FOUND));
    }
}
