package io.silkstone.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.simulation.cluster.ClusterScenario;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ScenarioFileTest {
    private static final List<ScenarioKind> KINDS =
            List.of(StoreScenario.KIND, ClusterScenario.KIND);
    private static final Logger SILENT = Logger.getLogger("io.silkstone");

    @TempDir private Path folder;

    @BeforeAll
    static void silence() {
        SILENT.setLevel(Level.OFF);
    }

    @AfterAll
    static void speak() {
        SILENT.setLevel(null);
    }

    private static Scenario parse(String... lines) {
        byte[] text = String.join("\n", lines).getBytes(StandardCharsets.UTF_8);
        return ScenarioFile.parse("my.scenario", text, KINDS);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void fileThatSaysNothing_playsWhatIsBuiltIn(long seed) {
        assertThat(parse("scenario = cluster").run(seed))
                .isEqualTo(new ClusterScenario().run(seed));
        assertThat(parse("scenario = store").run(seed)).isEqualTo(new StoreScenario().run(seed));
    }

    @Test
    void fileThatSaysEveryDefault_playsWhatIsBuiltIn() {
        for (ScenarioKind kind : KINDS) {
            StringBuilder text = new StringBuilder("scenario = " + kind.name() + "\n");
            kind.settings().stream()
                    .filter(each -> !each.isOfManyLines())
                    .forEach(each -> text.append(each.name() + "=" + each.standardText() + "\n"));
            assertThat(parse(text.toString()).run(6)).isEqualTo(kind.standard().run(6));
        }
    }

    /** The seed has drawn one of them before, and plays the same when it has no choice. */
    @Test
    void rangeThatIsNarrowed_leavesTheRest() {
        Report report = new ClusterScenario().run(7);
        List<Report> narrowed =
                Arrays.asList("1", "2", "3", "4").stream()
                        .map(servers -> parse("scenario = cluster", "servers=" + servers).run(7))
                        .toList();
        assertThat(narrowed).containsOnlyOnce(report);
    }

    @Test
    void comments_blankLinesAndForeignLineEnds_sayNothing() {
        Scenario scenario =
                parse(
                        "\uFEFF# What it is.\r",
                        "\r",
                        "scenario = store # one node\r",
                        "  splits=0 ",
                        "#\u2028 = ");
        assertThat(scenario.name()).isEqualTo("my.scenario");
        assertThat(scenario.run(1).coverage()).containsEntry("tablet split", 0L);
    }

    @Test
    void description_isTheFirstComment() {
        assertThat(parse("# Few servers.", "scenario = store").description())
                .isEqualTo("Few servers.");
    }

    @Test
    void keysBehindEvents_countForThem() {
        Scenario scenario =
                parse(
                        "scenario = cluster",
                        "at\t500..600 ms :  kill server  4 for 100 ms",
                        "servers = 4",
                        "troubles = 0");
        assertThat(scenario.run(1).coverage())
                .containsEntry("event: kill server 4 for 100 ms", 1L)
                .containsEntry("server killed", 1L);
    }

    /** Shrinking leaves events out like everything else. */
    @Test
    void event_isAPartOfTheRun() {
        Scenario scenario =
                parse("scenario = cluster", "troubles = 0", "at 600 ms: kill server 1 for 100 ms");
        Script whole = Script.whole();
        scenario.play(1, whole);
        assertThat(whole.parts()).contains("event 000");
        Set<String> rest = new TreeSet<>(whole.parts());
        rest.remove("event 000");
        assertThat(scenario.play(1, Script.only(rest)).coverage())
                .containsEntry("event: kill server 1 for 100 ms", 0L)
                .containsEntry("server killed", 0L);
    }

    @Test
    void eventThatFindsNothingToDo_isCountedAsInVain() {
        Scenario scenario =
                parse(
                        "scenario = cluster",
                        "troubles = 0",
                        "at 400 ms: restart server 1",
                        "at 500 ms: kill server 1",
                        "at 600 ms: kill server 1",
                        "at 700 ms: restart server 1",
                        "at 800 ms: cut coordinator from servers for 100 ms",
                        "at 850 ms: mend network",
                        "at 950 ms: mend network");
        assertThat(scenario.run(1).coverage())
                .containsEntry("in vain: restart server 1", 1L)
                .containsEntry("event: restart server 1", 1L)
                .containsEntry("in vain: kill server 1", 1L)
                .containsEntry("event: kill server 1", 1L)
                .containsEntry("event: mend network", 1L)
                .containsEntry("in vain: mend network", 1L);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "servers = 3|1: scenario = store or cluster must come before"
                        + " anything else, not \"servers\".",
                "scenario = clutser|1: scenario must be store or cluster, was" + " \"clutser\".",
                "scenario = store; scenario = store|2: scenario is set already.",
                "scenario = cluster; servers|2: a line is KEY = VALUE or at TIME:"
                        + " EVENT, not \"servers\".",
                "scenario = cluster; servers = many|2: servers must be a number or a"
                        + " range a..b from 1 to 8, was \"many\".",
                "scenario = cluster; servers = 4..2|2: servers must be a number or a"
                        + " range a..b from 1 to 8, was \"4..2\".",
                "scenario = cluster; servers =|2: servers must be a number or a"
                        + " range a..b from 1 to 8, was \"\".",
                "scenario = cluster; clients = 2; clients = 3|3: clients is set in"
                        + " line 2 already.",
                "scenario = store; at 1 s: kill server 1|2: scenario store has no" + " events.",
                "scenario = cluster; at 1 s kill server 1|2: at must be TIME: EVENT,"
                        + " where TIME is a time or a range of times from 0 ns to 3600 s, was"
                        + " \"1 s kill server 1\".",
                "scenario = cluster; at=1 s: kill server 1|2: at must be a time or a"
                        + " range of times from 0 ns to 3600 s, was \"=1 s\".",
                "scenario = cluster; at soon: kill server 1|2: at must be a time or"
                        + " a range of times from 0 ns to 3600 s, was \"soon\".",
                "scenario = cluster; at 1 s: kill server 1 for ever|2: TIME must be"
                        + " a time or a range of times from 1 ns to 3600 s, was \"ever\".",
                "scenario = cluster; at 1 s: restart server|2: at must be restart"
                        + " SERVER or restart coordinator, was \"restart server\".",
                "scenario = cluster; at 1 s: split some tablet at slot 16384|2: SLOT"
                        + " must be a number from 1 to 16383, was \"16384\".",
                "scenario = cluster; servers = 2..4; at 1 s: kill server 3|3: \"kill"
                        + " server 3\" names server 3, and the servers are 1 to 2 for sure, not"
                        + " more.",
                "scenario = cluster; servers = 2; at 1 s: cut some server from"
                        + " server 0|3: \"cut some server from server 0\" names server 0, and"
                        + " the servers are 1 to 2 for sure, not more.",
                "scenario = cluster; clients = 2; at 1 s: pause client 2|3: \"pause"
                        + " client 2\" names client 2, and the clients are 0 to 1 for sure, not"
                        + " more.",
                "scenario = cluster; trouble.kinds = 1 kill server 2|2: \"kill"
                        + " server 2\" names server 2, and the servers are 1 to 1 for sure, not"
                        + " more.",
                "scenario = cluster; at 2 s: mend network; at 1 s: mend network|3:"
                        + " \"at 1 s: mend network\" must stand before \"at 2 s: mend"
                        + " network\": events are written in the order of their times.",
                "scenario = cluster; keys.together = 0|2: keys.together must be"
                        + " above 0 where operation.kinds has batch.",
                "scenario = cluster; server.lease = 10 s|2: server.margin must be"
                        + " more than the 20000 us by which clocks can be apart at the end of a"
                        + " lease.",
                "scenario = cluster; client.attempt = 3 s|2: client.attempt must not"
                        + " be longer than client.timeout.",
                "scenario = store; keys.numbers = 0; keys.text = 0|3: keys.text and"
                        + " keys.numbers must not both be 0: clients ask for keys.",
            })
    void whatIsNotAllowed_isRefusedInOneSentence(String lines, String refusal) {
        assertThatThrownBy(() -> parse(lines.split("; ")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("my.scenario line " + refusal);
    }

    @Test
    void unknownKey_isRefusedWithThoseThatThereAre() {
        assertThatThrownBy(() -> parse("scenario = store", "server = 3"))
                .hasMessageStartingWith(
                        "my.scenario line 2: there is no key \"server\" in scenario store, only"
                                + " client.dawdles, client.gone, ")
                .hasMessageEndingWith(", text.size.");
    }

    @Test
    void unknownEvent_isRefusedWithThoseThatThereAre() {
        assertThatThrownBy(() -> parse("scenario = cluster", "at 1 s: explode"))
                .hasMessageStartingWith(
                        "my.scenario line 2: at must be kill SERVER [for TIME] or retire SERVER")
                .hasMessageEndingWith(", was \"explode\".");
    }

    @Test
    void emptyFile_isRefused() {
        assertThatThrownBy(() -> parse("# nothing"))
                .hasMessage(
                        "my.scenario says nothing: it must begin with scenario = store or"
                                + " cluster.");
    }

    @Test
    void textThatIsNotUtf8_isRefused() throws IOException {
        Path file = Files.write(folder.resolve("latin.scenario"), new byte[] {'#', (byte) 0xe4});
        assertThatThrownBy(() -> ScenarioFile.read(file.toString(), KINDS))
                .hasMessage(file + " is not text in UTF-8.");
    }

    @Test
    void fileOfTenMegabytes_isRefusedUnread() throws IOException {
        Path file = Files.write(folder.resolve("large.scenario"), new byte[10 << 20]);
        assertThatThrownBy(() -> ScenarioFile.read(file.toString(), KINDS))
                .hasMessage(file + " has 10485760 bytes, and a scenario file has at most 65536.");
    }

    @Test
    void pathWithoutAFile_isRefused() {
        assertThatThrownBy(() -> ScenarioFile.read(folder.toString(), KINDS))
                .hasMessage(folder + " is a directory, not a scenario file.");
        Path missing = folder.resolve("missing.scenario");
        assertThatThrownBy(() -> ScenarioFile.read(missing.toString(), KINDS))
                .hasMessage("there is no file " + missing + ".");
    }
}
