package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterSettingsTest {
    private static final String METATYPE =
            """
            <metatype:MetaData xmlns:metatype="http://www.osgi.org/xmlns/metatype/v1.4.0">
              <OCD id="c" name="Cluster"><AD id="coordinators" type="String"/></OCD>
              <OCD id="s" name="Coordinator">
                <AD id="enabled" type="Boolean" default="false"/>
                <AD id="log" type="String" default="local"/>
                <AD id="servers.first" type="Integer" default="1"/>
                <AD id="tablets.first" type="Integer" default="0"/>
              </OCD>
              <OCD id="l" name="Log">
                <AD id="members" type="String"/>
                <AD id="member" type="Integer" default="1"/>
              </OCD>
              <OCD id="o" name="Other"><AD id="x" type="String"/></OCD>
              <Designate pid="io.silkstone.rpc.cluster"><Object ocdref="c"/></Designate>
              <Designate pid="io.silkstone.coordinator.service"><Object ocdref="s"/></Designate>
              <Designate pid="io.silkstone.log-aeron-cluster.member">
                <Object ocdref="l"/>
              </Designate>
              <Designate pid="an.other"><Object ocdref="o"/></Designate>
            </metatype:MetaData>
            """;

    @TempDir Path folder;
    private final SettingsCatalog catalog = new SettingsCatalog();
    private ClusterHome home;

    @BeforeEach
    void describe() throws IOException {
        Path jar = folder.resolve("bundle.jar");
        try (OutputStream file = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(file)) {
            zip.putNextEntry(new ZipEntry("OSGI-INF/metatype/c.xml"));
            zip.write(METATYPE.getBytes(StandardCharsets.UTF_8));
        }
        catalog.addBundle(jar);
        home = new ClusterHome(folder.resolve("cluster"), 3, 7600);
    }

    private Properties properties(int node, String pid) throws StartRefused {
        return NodeSettings.properties(home.node(node).resolve("etc/" + pid + ".cfg"));
    }

    @Test
    void write_newHomes_makesACluster() throws Exception {
        new ClusterSettings(home).write(catalog);
        for (int node : home.numbers()) {
            assertThat(properties(node, "io.silkstone.rpc.cluster"))
                    .containsOnly(Map.entry("coordinators", "aeron:127.0.0.1:7700"));
            Path etc = home.node(node).resolve("etc");
            assertThat(NodeSettings.read(etc).portBase()).isEqualTo(OptionalInt.of(7599 + node));
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(etc)))
                    .isEqualTo("rwx------");
            assertThat(etc.resolve("an.other.cfg")).doesNotExist();
        }
        assertThat(properties(1, "io.silkstone.coordinator.service"))
                .containsEntry("enabled", "true")
                .containsEntry("servers.first", "3")
                .doesNotContainKey("tablets.first")
                .doesNotContainKey("log");
        assertThat(home.node(1).resolve("etc/io.silkstone.log-aeron-cluster.member.cfg"))
                .doesNotExist();
        assertThat(home.node(2).resolve("etc/io.silkstone.coordinator.service.cfg")).doesNotExist();
    }

    @Test
    void write_severalCoordinators_shareALog() throws Exception {
        home = new ClusterHome(home.root(), 4, 3, 7600);
        new ClusterSettings(home).write(catalog);
        String log = "io.silkstone.log-aeron-cluster.member";
        for (int node = 1; node <= 3; node++) {
            assertThat(properties(node, "io.silkstone.coordinator.service"))
                    .containsEntry("enabled", "true")
                    .containsEntry("log", "aeron-cluster")
                    .containsEntry("servers.first", "4");
            assertThat(properties(node, log))
                    .containsEntry("members", "127.0.0.1:7800,127.0.0.1:7805,127.0.0.1:7810")
                    .containsEntry("member", "" + node);
        }
        assertThat(properties(4, "io.silkstone.rpc.cluster"))
                .containsEntry(
                        "coordinators",
                        "aeron:127.0.0.1:7700,aeron:127.0.0.1:7701,aeron:127.0.0.1:7702");
        Path etc = home.node(4).resolve("etc");
        assertThat(etc.resolve("io.silkstone.coordinator.service.cfg")).doesNotExist();
        assertThat(etc.resolve(log + ".cfg")).doesNotExist();
    }

    @Test
    void write_filesOfTheOperator_stayAsTheyAre() throws Exception {
        Path etc = Files.createDirectories(home.node(2).resolve("etc"));
        Path cluster = Files.writeString(etc.resolve("io.silkstone.rpc.cluster.cfg"), "# mine\n");
        Path node = Files.writeString(etc.resolve("node.properties"), "port.base = 9000\n");
        new ClusterSettings(home).write(catalog);
        assertThat(cluster).hasContent("# mine\n");
        assertThat(node).hasContent("port.base = 9000\n");
    }

    @Test
    void number_ofAKey_isTheOperatorsOrTheDefault() throws Exception {
        ClusterSettings settings = new ClusterSettings(home);
        assertThat(settings.number(1, "a.b", "port", -1)).isEqualTo(-1);
        Path etc = Files.createDirectories(home.node(1).resolve("etc"));
        Files.writeString(etc.resolve("a.b.cfg"), "port = 7\nlimit = many\n");
        assertThat(settings.number(1, "a.b", "port", -1)).isEqualTo(7);
        assertThat(settings.number(1, "a.b", "limit", 5)).isEqualTo(5);
    }
}
