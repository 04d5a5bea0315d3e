package io.silkstone.shell.scopes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.MigrationStatus;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandRefused;
import io.silkstone.shell.command.Progress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A tablet on its way from server 2.1 to this node, 1.1; each look finds a tenth more of it. */
class MigrationWatchTest {
    private static final ServerId SELF = new ServerId(1, 1);
    private static final ServerId SOURCE = new ServerId(2, 1);
    private static final long MEGABYTE = 1_000_000;
    private static final String USUAL = "default 0x0000000000000000";

    private final Target node = new Target();
    private final List<String> shown = new ArrayList<>();
    private final Command watch =
            new MigrationCommands(FakeStore::new, () -> node, millis -> node.next())
                    .commands().stream()
                            .filter(each -> each.function().equals("watch"))
                            .findFirst()
                            .orElseThrow();

    private static final class Target implements Cluster {
        final List<MigrationStatus> others = new ArrayList<>();
        TabletState last = TabletState.NORMAL;
        ServerId owner = SELF;
        ServerId self = SELF;
        int replicas;
        boolean isSourceUp = true;
        boolean paused;
        int tenths;
        int tenthsMax = 10;
        int looksUntilKnown;

        void next() {
            if (tenths < tenthsMax) {
                tenths++;
            } else {
                looksUntilKnown--;
            }
        }

        boolean runs() {
            return tenths < tenthsMax;
        }

        @Override
        public List<MigrationStatus> migrations() {
            List<MigrationStatus> all = new ArrayList<>(others);
            if (runs()) {
                all.add(
                        new MigrationStatus(
                                1,
                                0,
                                Long.MAX_VALUE,
                                SOURCE,
                                tenths,
                                tenths * 100 * MEGABYTE,
                                1_000 * MEGABYTE,
                                1_000_000_000L * (1 + tenths),
                                paused,
                                "rocksteady built-in",
                                false));
            }
            return all;
        }

        @Override
        public ClusterMap map() {
            boolean isKnown = !runs() && looksUntilKnown <= 0;
            TabletState state = isKnown ? last : TabletState.MIGRATING;
            ServerId peer = state == TabletState.MIGRATING ? SOURCE : ServerId.NONE;
            List<ClusterMap.Table> tables = new ArrayList<>();
            List<Tablet> tablets = new ArrayList<>();
            if (!isKnown || owner != null) {
                tables.add(new ClusterMap.Table(1, "default", replicas));
                ServerId now = isKnown ? owner : SELF;
                tablets.add(new Tablet(1, 0, Long.MAX_VALUE, now, 2, state, peer));
                tablets.add(
                        new Tablet(1, Long.MIN_VALUE, -1, SOURCE, 1, TabletState.MIGRATING, SELF));
            }
            return new ClusterMap(7, 9, List.of(server(SELF, true), source()), tables, tablets);
        }

        private Server source() {
            return server(SOURCE, isSourceUp);
        }

        private static Server server(ServerId id, boolean up) {
            return new Server(id, up, "a".repeat(40), "m", "");
        }

        @Override
        public ServerId self() {
            return self;
        }

        @Override
        public boolean isMember() {
            return true;
        }

        @Override
        public String coordinator() {
            return "m";
        }

        @Override
        public String status() {
            return "server 1.1";
        }

        @Override
        public void createTable(String name, int tablets, int replicas) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void dropTable(String name) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void splitTablet(String table, long hash) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void assignTablet(String table, long hash, ServerId server) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long migrateTablet(String table, long hash, ServerId server, long rate) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int acceptLoss(ServerId server) {
            throw new UnsupportedOperationException();
        }
    }

    private String run(boolean isLive, String... words) throws Exception {
        Progress progress =
                new Progress() {
                    @Override
                    public boolean isLive() {
                        return isLive;
                    }

                    @Override
                    public void show(String line) {
                        shown.add(line);
                    }
                };
        return watch.run(Path.of(""), List.of(words), progress).toString();
    }

    private void assertRefused(String sentence, String... words) {
        assertThatThrownBy(() -> run(true, words))
                .isInstanceOf(CommandRefused.class)
                .hasMessage(sentence);
    }

    @Test
    void watch_onATerminal_showsEachLookUntilTheTabletIsHere() throws Exception {
        assertThat(run(true)).isEqualTo("The tablet " + USUAL + " has come from server 2.1.");
        assertThat(shown)
                .hasSize(10)
                .startsWith("[....................] 0%  0 MB/s  begins  " + USUAL)
                .endsWith("[##################..] 90%  90 MB/s  2 s left  " + USUAL);
    }

    @Test
    void watch_withoutATerminal_showsALineASecond() throws Exception {
        run(false, "default", "0x0");
        assertThat(shown)
                .containsExactly(
                        "[....................] 0%  0 MB/s  begins  " + USUAL,
                        "[##########..........] 50%  83 MB/s  6 s left  " + USUAL);
    }

    @Test
    void watch_asJson_showsNothingBefore() throws Exception {
        assertThat(run(true, "default", "--json"))
                .contains("\"table\":\"default\"", "\"objects\":9", "\"bytes\":900000000");
        assertThat(shown).isEmpty();
    }

    @Test
    void watch_paused_saysSo() throws Exception {
        node.paused = true;
        run(true);
        assertThat(shown).allMatch(line -> line.contains("  paused  "));
    }

    @Test
    void watch_theMapKnowsLater_waitsForThat() throws Exception {
        node.looksUntilKnown = 40;
        assertThat(run(true)).contains("has come");
        node.tenths = 0;
        node.looksUntilKnown = 60;
        assertRefused("It is not known yet how " + USUAL + " has come; see `tablet:list`.");
    }

    @Test
    void watch_theSourceGoesDown_fails() {
        node.isSourceUp = false;
        assertRefused(
                "Server 2.1 went down before all of "
                        + USUAL
                        + " had come for certain; what had not come is lost.");
        node.tenths = 0;
        node.replicas = 1;
        node.last = TabletState.RECOVERING;
        assertRefused(
                "Server 2.1 went down before all of "
                        + USUAL
                        + " had come; the rest is read out of its log, see `recovery:list`.");
    }

    @Test
    void watch_theSourceOfATableWithReplicasIsDownAfterwards_hasCome() throws Exception {
        node.isSourceUp = false;
        node.replicas = 1;
        assertThat(run(true)).contains("has come");
    }

    @Test
    void watch_somebodyElseHasIt_fails() {
        node.owner = new ServerId(3, 1);
        assertRefused(
                "The tablet " + USUAL + " has not come: it is with server 3.1, see `tablet:list`.");
    }

    @Test
    void watch_theTableIsDropped_fails() {
        node.owner = null;
        assertRefused("The table was dropped while " + USUAL + " was on its way.");
    }

    @Test
    void watch_nothingOnItsWay_isRefusedInOneSentence() {
        node.tenths = node.tenthsMax;
        assertRefused("No tablet is on its way to this node, which is server 1.1.");
        assertRefused(
                "No tablet of default is on its way to this node, which is server 1.1.", "default");
        assertRefused(
                "No tablet of default with 0x0000000000000005 is on its way to this node, which is"
                        + " server 1.1.",
                "default",
                "0x5");
        assertRefused("There is no table x; see `table:list`.", "x");
        assertRefused("SLOT must be a whole number from 0 to 16383, was '-1'.", "default", "-1");
        node.self = new ServerId(4, 1);
        assertRefused(
                "The tablet is on its way to server 2.1; watch it in that node.",
                "default",
                "8192");
        assertThat(shown).isEmpty();
    }

    @Test
    void watch_severalOnTheirWay_wantsToKnowWhich() throws Exception {
        node.others.add(
                new MigrationStatus(
                        1, Long.MIN_VALUE, -1, SOURCE, 0, 0, MEGABYTE, 1, false, "any", false));
        String both = "default 0x8000000000000000, " + USUAL;
        String sentence = "2 tablets are on their way to this node; say which: " + both + '.';
        assertRefused(sentence);
        assertRefused(sentence, "default");
        assertThat(run(true, "default", "0")).contains(USUAL + " has come");
    }
}
