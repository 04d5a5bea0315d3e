package io.silkstone.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.KvStore.Tablet;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.TabletLoad;
import io.silkstone.rpc.LoadCodec;
import io.silkstone.rpc.Request;
import io.silkstone.rpc.Service;
import io.silkstone.rpc.messages.CountObjectsDecoder;
import io.silkstone.rpc.messages.GetLoadDecoder;
import io.silkstone.rpc.messages.LoadEncoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.MigrateTabletDecoder;
import io.silkstone.rpc.messages.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClusterStoreTest {
    private static final long HASH = 0xc000_0000_0000_0000L;
    private static final long SECOND = 1_000_000_000;

    private final ScriptedCluster cluster = new ScriptedCluster();
    private final ServerId first = cluster.first.id;
    private final ServerId second = cluster.second.id;
    private final List<String> asked = new ArrayList<>();

    private void whenAsked(ScriptedServer server, Service answer) {
        server.rpc.serve(
                MigrateTabletDecoder.TEMPLATE_ID,
                request -> {
                    asked.add(server.id + " " + described(request));
                    answer.serve(request);
                });
    }

    private static String described(Request request) {
        MigrateTabletDecoder it = new MigrateTabletDecoder();
        it.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        return "%d %016x".formatted(it.table(), it.hash());
    }

    private void assertRefused(String sentence, String table, ServerId server) {
        assertThatThrownBy(() -> cluster.store.migrateTablet(table, HASH, server))
                .isInstanceOf(StoreRefused.class)
                .hasMessage(sentence);
    }

    private static ClusterMap.Tablet tablet(
            long hash, ServerId owner, TabletState state, ServerId peer) {
        return new ClusterMap.Tablet(1, hash, hash, owner, 5, state, peer);
    }

    private void saysOfItself(ScriptedServer server, TabletLoad... tablets) {
        server.rpc.serve(
                GetLoadDecoder.TEMPLATE_ID,
                request -> {
                    LoadEncoder reply = new LoadEncoder();
                    int bytes = LoadCodec.bytesFor(tablets.length);
                    reply.wrapAndApplyHeader(
                                    request.reply(MessageHeaderEncoder.ENCODED_LENGTH + bytes),
                                    0,
                                    new MessageHeaderEncoder())
                            .capacity(1)
                            .allocated(1);
                    reply.header().status(Status.OK).retryMicros(0);
                    LoadCodec.encode(List.of(tablets), reply);
                    assertThat(reply.encodedLength()).isEqualTo(bytes);
                    request.send(MessageHeaderEncoder.ENCODED_LENGTH + bytes);
                });
    }

    private static TabletLoad load(long firstHash, long epoch) {
        return new TabletLoad(1, firstHash, -1, epoch, 2, 3, 4, HASH, 5);
    }

    @Test
    void loads_areThoseOfServersThatAnswer() {
        saysOfItself(cluster.second, load(HASH, 7));
        assertThat(cluster.store.loads())
                .as("one does not know the question")
                .containsExactly(load(HASH, 7));
        cluster.first.rpc.serve(GetLoadDecoder.TEMPLATE_ID, ScriptedServer.SILENCE);
        assertThat(cluster.store.loads()).containsExactly(load(HASH, 7));
    }

    @Test
    void loads_ofATabletThatTwoSayTheyHave_areOfTheOneThatHasHadItSince() {
        saysOfItself(cluster.first, load(0, 6), load(HASH, 8));
        saysOfItself(cluster.second, load(HASH, 7));
        assertThat(cluster.store.loads()).containsExactlyInAnyOrder(load(0, 6), load(HASH, 8));
    }

    /** As when a server has just ended, of which the map does not know yet. */
    @Test
    void countObjects_anOwnerDoesNotAnswerAtFirst_isAskedAgain() {
        cluster.first.rpc.serve(CountObjectsDecoder.TEMPLATE_ID, request -> request.done(3));
        cluster.second.rpc.serve(
                CountObjectsDecoder.TEMPLATE_ID,
                request -> {
                    asked.add("second");
                    if (asked.size() < 3) {
                        request.refuse(Status.REFUSED, 0, "not now");
                    } else {
                        request.done(4);
                    }
                });
        assertThat(cluster.store.countObjects(1)).isEqualTo(7);
        assertThat(asked).hasSize(3);
    }

    @Test
    void countObjects_anOwnerNeverAnswers_endsWithWhatOthersHave() {
        cluster.first.rpc.serve(CountObjectsDecoder.TEMPLATE_ID, request -> request.done(3));
        long began = cluster.now;
        assertThat(cluster.store.countObjects(1)).isEqualTo(3);
        assertThat(cluster.now - began).isLessThan(61 * SECOND);
    }

    @Test
    void migrateTablet_asksTheServerThatIsToHaveIt() throws StoreRefused {
        whenAsked(cluster.first, request -> request.done(8));
        assertThat(cluster.store.migrateTablet("default", HASH, first)).isEqualTo(8);
        whenAsked(cluster.second, request -> request.done(9));
        assertThat(cluster.store.migrateTablet("default", 0, second)).isEqualTo(9);
        assertThat(asked)
                .containsExactly(first + " 1 c000000000000000", second + " 1 0000000000000000");
    }

    @Test
    void migrateTablet_refused_saysWhatTheServerSays() {
        whenAsked(
                cluster.first,
                request -> request.refuse(Status.REFUSED, 0, "it is on its way elsewhere"));
        assertRefused("it is on its way elsewhere", "default", first);
        assertRefused("server " + second + " refused with UNKNOWN_REQUEST", "default", second);
    }

    @Test
    void migrateTablet_withoutAnAnswer_mayStillComeAbout() {
        whenAsked(cluster.second, ScriptedServer.SILENCE);
        long began = cluster.now;
        assertRefused(
                "server " + second + " has not answered in time, and may yet have the tablet",
                "default",
                second);
        assertThat(cluster.now - began).isBetween(30 * SECOND, 31 * SECOND);
    }

    @Test
    void migrateTablet_ofWhatIsNotThere_asksNobody() {
        whenAsked(cluster.first, request -> request.done(8));
        assertRefused("there is no table called t", "t", first);
        assertRefused("server 9.1 is not up", "default", new ServerId(9, 1));
        assertThat(asked).isEmpty();
    }

    @Test
    void tablets_sayWhoseTheyAreAndWhatIsDoneToThem() {
        ServerId gone = new ServerId(9, 1);
        cluster.publish(
                tablet(0, first, TabletState.NORMAL, ServerId.NONE),
                tablet(1, first, TabletState.LEAVING, second),
                tablet(2, first, TabletState.LOST, ServerId.NONE),
                tablet(3, first, TabletState.MIGRATING, second),
                tablet(4, first, TabletState.MIGRATING, ServerId.NONE).withLogs(List.of(second)),
                tablet(5, first, TabletState.RECOVERING, ServerId.NONE)
                        .withLogs(List.of(second, gone)));
        assertThat(cluster.store.tablets())
                .extracting(Tablet::state)
                .containsExactly(
                        "normal",
                        "leaving",
                        "lost",
                        "migrating from " + second,
                        "migrating from log " + second,
                        "recovering from logs " + second + ", " + gone);
        assertThat(cluster.store.tablets())
                .extracting(Tablet::owner)
                .containsOnly(first.toString());
    }
}
