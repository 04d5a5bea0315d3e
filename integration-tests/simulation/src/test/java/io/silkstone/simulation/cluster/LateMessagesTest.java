package io.silkstone.simulation.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.transport.Transport;
import io.silkstone.coordinator.CoordinatorOptions;
import io.silkstone.coordinator.RecoveryParts;
import io.silkstone.coordinator.journal.JournalOptions;
import io.silkstone.rpc.messages.ChangeDecoder;
import io.silkstone.rpc.messages.ClearTableDecoder;
import io.silkstone.rpc.messages.WriteAllDecoder;
import io.silkstone.simulation.Filling;
import io.silkstone.simulation.Script;
import io.silkstone.simulation.StoreSubject;
import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.Reply;
import io.silkstone.simulation.history.Reply.Outcome;
import io.silkstone.simulation.settings.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Messages that come twice, the second time at the worst moment, when tablets have moved. */
class LateMessagesTest {
    private static final long MILLI = 1_000_000;
    private static final long STEPS_MAX = 1_000_000;
    private static final int VALUE_BYTES = 200;
    private static final String KEY = "text-0";
    private static final List<String> PAIR = List.of("{pair}-0", "{pair}-1");
    private static final Logger SILENT = Logger.getLogger("io.silkstone");

    private final HeldMessages held = new HeldMessages();
    private final World world =
            new World(
                    new SplittableRandom(1),
                    new Parts() {
                        @Override
                        public Transport transport(String name, Transport genuine) {
                            return held.of(genuine);
                        }
                    },
                    Script.whole(),
                    Settings.STANDARD);
    private final Tables tables = new Tables(Settings.STANDARD);
    private final SimulatedCoordinator coordinator =
            new SimulatedCoordinator(
                    world,
                    new CoordinatorOptions(
                            100 * MILLI, 10 * MILLI, 0, 5_000, 2, 0, 0, RecoveryParts.NEVER),
                    JournalOptions.DEFAULT,
                    (before, after) -> {});
    private final List<SimulatedServer> servers = new ArrayList<>();
    private final Customer customer = new Customer("customer");
    private final Customer rival = new Customer("rival");

    @BeforeAll
    static void silence() {
        SILENT.setLevel(Level.OFF);
    }

    @AfterAll
    static void speak() {
        SILENT.setLevel(null);
    }

    /** A client, and what it was told last. */
    private final class Customer {
        private final SimulatedClient client;
        private StoreSubject subject;
        private Object told;

        private Customer(String name) {
            client = new SimulatedClient(world, name, List.of(SimulatedCoordinator.ADDRESS));
        }

        private void open() {
            KvStore.Table table = null;
            while (table == null) {
                client.process().sleep(10 * MILLI);
                table = client.store().table(KvStore.DEFAULT_TABLE);
            }
            Filling filling = new Filling(VALUE_BYTES, VALUE_BYTES);
            subject = new StoreSubject(client.store().openSession(), table, filling, () -> {});
        }

        private void begin(Function<StoreSubject, Object> wish) {
            told = null;
            client.process().create(ThreadRuntime.NORMAL, () -> told = wish.apply(subject));
        }

        private Object hasTold() {
            until(() -> told != null);
            return told;
        }

        private Reply ask(String name, Call call) {
            begin(subject -> subject.ask(name, call));
            return (Reply) hasTold();
        }
    }

    @BeforeEach
    void start() {
        coordinator.start();
        for (int number = 1; number <= 2; number++) {
            servers.add(
                    new SimulatedServer(
                            world, number, List.of(SimulatedCoordinator.ADDRESS), false));
        }
        servers.forEach(SimulatedServer::start);
        for (Customer each : List.of(customer, rival)) {
            each.client.process().create(ThreadRuntime.NORMAL, each::open);
            until(() -> each.subject != null);
        }
    }

    @AfterEach
    void stop() {
        servers.forEach(SimulatedServer::kill);
        world.close();
    }

    private void until(BooleanSupplier end) {
        for (long step = 0; !end.getAsBoolean(); step++) {
            assertThat(step).as("steps").isLessThan(STEPS_MAX);
            world.runtime().step();
        }
    }

    /** Gives the tablet of {@code name}, in which nothing is, to the server that has it not. */
    private void moveTabletOf(String name) {
        rival.begin(
                subject -> {
                    ClusterMap map = rival.client.store().refreshMap();
                    long hash = Named.hashOf(name);
                    ServerId owner = map.tablet(Named.DEFAULT_ID, hash).owner();
                    ServerId heir =
                            map.servers().stream()
                                    .map(ClusterMap.Server::id)
                                    .filter(each -> !each.equals(owner))
                                    .findAny()
                                    .orElseThrow();
                    try {
                        rival.client.store().assignTablet(KvStore.DEFAULT_TABLE, hash, heir);
                    } catch (StoreRefused e) {
                        throw new IllegalStateException(e);
                    }
                    return heir;
                });
        assertThat(rival.hasTold()).isInstanceOf(ServerId.class);
    }

    /** To another server, which hears of it with a renewal, and back. */
    private void moveTabletToAndFro(String name) {
        moveTabletOf(name);
        pass(300);
        moveTabletOf(name);
        pass(300);
    }

    private void pass(long millis) {
        long end = world.runtime().clock().nanoTime() + millis * MILLI;
        until(() -> world.runtime().clock().nanoTime() > end);
    }

    private void letCopyCome(boolean overAnotherSession) {
        held.release(overAnotherSession);
        until(held::isOver);
        pass(50);
    }

    @Test
    void change_whoseReplyIsLostAndWhoseCopyWouldBeRefused_isNotMadeElsewhere() {
        customer.ask(KEY, Call.write("first"));
        held.holdCopyAndLoseReply(ChangeDecoder.TEMPLATE_ID);
        customer.begin(subject -> subject.ask(KEY, Call.remove()));
        until(held::isHeld);
        moveTabletOf(KEY);
        assertThat(rival.ask(KEY, Call.write("second")).outcome()).isEqualTo(Outcome.OK);

        letCopyCome(false);

        assertThat(((Reply) customer.hasTold()).outcome()).isEqualTo(Outcome.LOST);
        assertThat(rival.ask(KEY, Call.read()).value()).isEqualTo("second");
    }

    @Test
    void change_thatIsAnswered_isNotMadeByACopyWhenItsTabletIsBack() {
        held.holdCopy(ChangeDecoder.TEMPLATE_ID);
        assertThat(customer.ask(KEY, Call.increment(5)).number()).isEqualTo(5);
        rival.ask(KEY, Call.remove());
        moveTabletToAndFro(KEY);

        letCopyCome(true);

        assertThat(rival.ask(KEY, Call.read()).outcome()).isEqualTo(Outcome.NOT_FOUND);
        assertThat(customer.ask(KEY, Call.increment(1)).number()).isEqualTo(1);
    }

    @Test
    void batch_thatIsAnswered_isNotMadeByACopyWhenItsTabletIsBack() {
        held.holdCopy(WriteAllDecoder.TEMPLATE_ID);
        customer.begin(
                subject -> subject.writeAll(PAIR, List.of(Call.write("a"), Call.write("b"))));
        customer.hasTold();
        PAIR.forEach(key -> rival.ask(key, Call.remove()));
        moveTabletToAndFro(PAIR.getFirst());

        letCopyCome(true);

        for (String key : PAIR) {
            assertThat(rival.ask(key, Call.read()).outcome()).isEqualTo(Outcome.NOT_FOUND);
        }
    }

    @Test
    void clear_thatIsAnswered_isNotMadeByACopy() {
        customer.ask(KEY, Call.write("first"));
        held.holdCopy(ClearTableDecoder.TEMPLATE_ID);
        customer.begin(StoreSubject::clear);
        assertThat(customer.hasTold()).isEqualTo(Status.OK);
        for (String key : tables.keys()) {
            customer.ask(key, Call.write(key.startsWith("number") ? "7" : "second"));
        }

        letCopyCome(true);

        for (String key : tables.keys()) {
            assertThat(rival.ask(key, Call.read()).outcome()).as(key).isEqualTo(Outcome.OK);
        }
    }

    @Test
    void change_afterASplit_isMadeAtOnce() {
        customer.ask(KEY, Call.write("first"));
        rival.begin(
                subject -> {
                    try {
                        long hash = Named.hashOf(KEY) >>> 50 << 50;
                        rival.client.store().splitTablet(KvStore.DEFAULT_TABLE, hash);
                    } catch (StoreRefused e) {
                        throw new IllegalStateException(e);
                    }
                    return true;
                });
        rival.hasTold();
        for (Customer each : List.of(customer, rival)) {
            assertThat(each.ask(KEY, Call.write("later")).outcome()).isEqualTo(Outcome.OK);
        }
    }
}
