package io.silkstone.node.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.silkstone.api.node.Node.Setting;
import io.silkstone.base.Metrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EtcDirectoryTest {
    private static final String SAMPLE = "io.silkstone.sample";

    @TempDir Path etc;

    private final Target target = new Target();
    private EtcDirectory directory;
    private long time = 1_000_000;

    @BeforeEach
    void create() {
        directory =
                new EtcDirectory(
                        etc, target, () -> time, new Metrics().counter(ConfigMetric.REFUSED));
        directory.schemasOf(1, SchemaReaderTest.read(SchemaReaderTest.DOCUMENT));
    }

    @Test
    void start_goodFiles_areInForce() throws Exception {
        write(SAMPLE, "name = x\nport = 1\n");
        write("org.foreign", "a = 1\n");
        directory.start();
        assertThat(target.values.get(SAMPLE)).containsEntry("port", 1).containsEntry("name", "x");
        assertThat(target.values.get("org.foreign")).containsEntry("a", "1");
    }

    @Test
    void start_wrongFile_isRefusedWithFileLineAndWhatIsAllowed() throws Exception {
        write(SAMPLE, "name = x\nport = abc\nprot = 1\n");
        assertThatThrownBy(directory::start)
                .isInstanceOf(ConfigRefused.class)
                .hasMessage(
                        "etc/io.silkstone.sample.cfg line 2: port must be a whole number between 0"
                                + " and 65535, was \"abc\" (and 1 more)");
        assertThat(target.values).isEmpty();
    }

    @Test
    void start_fileGoneWhileTheNodeWasDown_isForgotten() throws Exception {
        target.values.put("io.silkstone.old", Map.of());
        directory.start();
        assertThat(target.values).isEmpty();
    }

    @Test
    void scan_edit_isInForceOnceTheFileRests() throws Exception {
        write(SAMPLE, "name = x\n");
        directory.start();
        write(SAMPLE, "name = y\n");
        directory.scan();
        assertThat(target.values.get(SAMPLE)).containsEntry("name", "x");
        directory.scan();
        assertThat(target.values.get(SAMPLE)).containsEntry("name", "y");
    }

    @Test
    void scan_wrongEdit_keepsTheLastGoodValuesUntilItIsCorrected() throws Exception {
        write(SAMPLE, "name = x\nport = 1\n");
        directory.start();
        write(SAMPLE, "name = x\nport = -1\n");
        scanTwice();
        assertThat(target.values.get(SAMPLE)).containsEntry("port", 1);
        assertThat(directory.problems())
                .singleElement()
                .asString()
                .startsWith("etc/io.silkstone.sample.cfg line 2: port must be");
        write(SAMPLE, "name = x\nport = 2\n");
        scanTwice();
        assertThat(target.values.get(SAMPLE)).containsEntry("port", 2);
        assertThat(directory.problems()).isEmpty();
    }

    @Test
    void scan_editThatItsComponentRefuses_goesBack() throws Exception {
        write(SAMPLE, "name = x\nport = 1\n");
        directory.start();
        write(SAMPLE, "name = x\nport = 2\n");
        scanTwice();
        assertThat(target.values.get(SAMPLE)).containsEntry("port", 2);
        target.refuse("port 2 is taken.");
        directory.scan();
        assertThat(target.values.get(SAMPLE)).containsEntry("port", 1);
        assertThat(directory.problems())
                .containsExactly(
                        "etc/io.silkstone.sample.cfg was refused by its component: port 2 is"
                                + " taken");
        assertThat(directory.settings())
                .filteredOn(setting -> setting.key().equals("port"))
                .extracting(Setting::value, Setting::description)
                .containsExactly(
                        tuple(
                                "1",
                                "A port. (etc/io.silkstone.sample.cfg was refused: the last good"
                                        + " values are in force)"));
    }

    @Test
    void scan_refusalAfterTwoEdits_goesBackOneByOne() throws Exception {
        write(SAMPLE, "name = x\nport = 1\n");
        directory.start();
        write(SAMPLE, "name = x\nport = 2\n");
        scanTwice();
        write(SAMPLE, "name = x\nport = 3\n");
        scanTwice();
        target.refuse("port 3 is taken");
        directory.scan();
        assertThat(target.values.get(SAMPLE)).containsEntry("port", 2);
        target.refuse("port 2 is taken");
        directory.scan();
        assertThat(target.values.get(SAMPLE)).containsEntry("port", 1);
    }

    @Test
    void scan_refusalOfAnEarlierEdit_doesNotConcernTheNext() throws Exception {
        write(SAMPLE, "name = x\nport = 1\n");
        directory.start();
        target.refuse("port 2 is taken");
        write(SAMPLE, "name = x\nport = 3\n");
        scanTwice();
        directory.scan();
        assertThat(target.values.get(SAMPLE)).containsEntry("port", 3);
        assertThat(directory.problems()).isEmpty();
    }

    @Test
    void scan_editThatPassedItsTrial_isWhatIsGoneBackTo() throws Exception {
        write(SAMPLE, "name = x\nport = 1\n");
        directory.start();
        write(SAMPLE, "name = x\nport = 2\n");
        for (int i = 0; i < 30; i++) {
            directory.scan();
        }
        write(SAMPLE, "name = x\nport = 3\n");
        scanTwice();
        target.refuse("port 3 is taken");
        directory.scan();
        assertThat(target.values.get(SAMPLE)).containsEntry("port", 2);
    }

    @Test
    void scan_removedFile_givesDefaults() throws Exception {
        write(SAMPLE, "name = x\n");
        directory.start();
        Files.delete(etc.resolve(SAMPLE + ".cfg"));
        directory.scan();
        assertThat(target.values).doesNotContainKey(SAMPLE);
    }

    @Test
    void scan_notTextOrTooLong_isRefused() throws Exception {
        directory.start();
        Files.write(etc.resolve("org.binary.cfg"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        Files.write(etc.resolve("org.long.cfg"), new byte[CfgFile.CHARACTERS_MAX + 1]);
        Files.writeString(etc.resolve("a(b.cfg"), "x = 1\n");
        scanTwice();
        assertThat(directory.problems())
                .containsExactly(
                        "etc/a(b.cfg is not named after a PID",
                        "etc/org.binary.cfg is not UTF-8 text",
                        "etc/org.long.cfg is longer than 262144 bytes");
        assertThat(target.values).isEmpty();
    }

    @Test
    void schemasOf_bundleComesLater_itsFileIsTakenThen() throws Exception {
        write("io.silkstone.many~one", "name = x\n");
        directory.forgetSchemasOf(1);
        directory.start();
        assertThat(target.values).isEmpty();
        directory.schemasOf(2, SchemaReaderTest.read(SchemaReaderTest.DOCUMENT));
        assertThat(target.values.get("io.silkstone.many~one")).containsEntry("name", "x");
    }

    @Test
    void set_keepsCommentsAndIsNotSeenAsAnEdit() throws Exception {
        write(PolicyKeys.PID, "# mine\ncores = fixed\n");
        directory.start();
        directory.set(PolicyKeys.PID, "cores", "loadfactor");
        assertThat(etc.resolve(PolicyKeys.PID + ".cfg")).hasContent("# mine\ncores = loadfactor\n");
        assertThat(target.values.get(PolicyKeys.PID)).containsEntry("cores", "loadfactor");
        int updates = target.updates;
        scanTwice();
        directory.scan();
        assertThat(target.updates).isEqualTo(updates);
    }

    @Test
    void set_brokenFile_changesNothing() throws Exception {
        directory.start();
        write(PolicyKeys.PID, "nonsense\n");
        assertThatThrownBy(() -> directory.set(PolicyKeys.PID, "cores", "x"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("etc/io.silkstone.policies.cfg line 1");
        assertThat(target.values).isEmpty();
    }

    @Test
    void policies_wrongLine_isRefused() throws Exception {
        write(PolicyKeys.PID, "cores = Fixed One\n");
        assertThatThrownBy(directory::start).hasMessageContaining("\"kind = policy\"");
    }

    @Test
    void settings_valuesDefaultsAndFiles() throws Exception {
        write(SAMPLE, "name = x\nport = 1\nhosts = a,b\nsecret = hush!\n");
        directory.start();
        List<Setting> settings = directory.settings();
        assertThat(settings)
                .contains(
                        new Setting(
                                SAMPLE,
                                "port",
                                "1",
                                "7600",
                                "A port.",
                                "etc/io.silkstone.sample.cfg"));
        assertThat(valueOf(settings, "hosts")).isEqualTo("a,b");
        assertThat(valueOf(settings, "log.bytes")).isEqualTo("1024");
        assertThat(valueOf(settings, "secret")).isEqualTo("(not shown)");
    }

    @Test
    void settings_editThatWaitsForAStart_isMarkedAndTheOldValueShown() throws Exception {
        directory.schemasOf(
                2,
                SchemaReaderTest.read(
                        """
                        <metatype:MetaData
                            xmlns:metatype="http://www.osgi.org/xmlns/metatype/v1.4.0">
                          <OCD id="w" name="Waiting">
                            <AD id="pin" type="String" default="auto"
                                description="Pins. Applies at the next start."/>
                            <AD id="password" type="Password" default=""
                                description="A word; applies at the next start"/>
                          </OCD>
                          <Designate pid="io.silkstone.waiting"><Object ocdref="w"/></Designate>
                        </metatype:MetaData>
                        """));
        write("io.silkstone.waiting", "password = first\n");
        directory.start();
        write("io.silkstone.waiting", "password = other\npin = off\n");
        scanTwice();
        List<Setting> settings = directory.settings();
        assertThat(valueOf(settings, "pin")).isEqualTo("auto");
        assertThat(settings)
                .extracting(Setting::description)
                .contains(
                        "Pins. Applies at the next start."
                                + " (\"off\" in etc/io.silkstone.waiting.cfg waits for the next"
                                + " start)",
                        "A word; applies at the next start (\"(not shown)\" in"
                                + " etc/io.silkstone.waiting.cfg waits for the next start)");
        write("io.silkstone.waiting", "password = first\n");
        scanTwice();
        assertThat(directory.settings().toString()).doesNotContain("waits for");
    }

    @Test
    void unread_fileOfNobody_isThereUntilABundleComesOrItGoes() throws Exception {
        write("io.silkstone.smple", "port = 1\n");
        directory.start();
        assertThat(directory.unread())
                .containsExactly(
                        "etc/io.silkstone.smple.cfg waits: no bundle installed here is configured"
                                + " by it. Did you mean \"io.silkstone.sample\"?");
        assertThat(directory.problems()).isEmpty();
        Files.delete(etc.resolve("io.silkstone.smple.cfg"));
        directory.scan();
        assertThat(directory.unread()).isEmpty();
    }

    @Test
    void unread_beginningOfAName_namesWhatIsBelowIt() throws Exception {
        String deep =
                SchemaReaderTest.DOCUMENT.replace("io.silkstone.many", "io.silkstone.xy.many");
        directory.schemasOf(2, SchemaReaderTest.read(deep));
        write("io.silkstone.yx", "port = 1\n");
        directory.start();
        assertThat(directory.unread())
                .singleElement()
                .asString()
                .endsWith(" Did you mean io.silkstone.xy.many?");
    }

    private static String valueOf(List<Setting> settings, String key) {
        return settings.stream()
                .filter(setting -> setting.key().equals(key))
                .findFirst()
                .orElseThrow()
                .value();
    }

    private void scanTwice() throws IOException {
        directory.scan();
        directory.scan();
    }

    /** Each write is later than the one before, however fast the test is. */
    private void write(String pid, String text) throws IOException {
        Path file = Files.writeString(etc.resolve(pid + ".cfg"), text);
        time += 1_000;
        Files.setLastModifiedTime(file, FileTime.fromMillis(time));
    }

    private final class Target implements ConfigTarget {
        private final Map<String, Map<String, Object>> values = new TreeMap<>();
        private String failure;
        private long refusedMs;
        private int updates;

        void refuse(String reason) {
            failure = reason;
            refusedMs = time;
        }

        @Override
        public void update(String pid, Map<String, Object> fresh) {
            updates++;
            values.put(pid, fresh);
        }

        @Override
        public void delete(String pid) {
            values.remove(pid);
        }

        @Override
        public Map<String, Object> current(String pid) {
            return values.getOrDefault(pid, Map.of());
        }

        @Override
        public Collection<String> fromFiles() {
            return new ArrayList<>(values.keySet());
        }

        @Override
        public String failure(String pid, long sinceMs) {
            return refusedMs >= sinceMs ? failure : null;
        }
    }
}
