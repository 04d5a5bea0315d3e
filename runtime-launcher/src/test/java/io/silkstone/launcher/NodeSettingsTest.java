package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeSettingsTest {
    @TempDir Path etc;

    private Path file() {
        return etc.resolve("node.properties");
    }

    @Test
    void read_newHome_writesATemplateOfTheDefaults() throws StartRefused {
        NodeSettings settings = NodeSettings.read(etc);
        assertThat(settings)
                .isEqualTo(
                        new NodeSettings(
                                System.Logger.Level.INFO, 1L << 20, 120, OptionalInt.empty()));
        assertThat(file()).content().contains("#log.level = INFO", "#shm.bytes.min = 1048576");
        assertThat(NodeSettings.read(etc)).isEqualTo(settings);
    }

    @Test
    void read_valuesOfTheOperator_areTaken() throws StartRefused, IOException {
        Files.writeString(
                file(),
                "log.level = DEBUG\nshm.bytes.min: 0\nstart.timeout.seconds=5\nport.base = 7602");
        assertThat(NodeSettings.read(etc))
                .isEqualTo(new NodeSettings(System.Logger.Level.DEBUG, 0, 5, OptionalInt.of(7602)));
    }

    @Test
    void read_valueNotAllowed_isRefusedWithFileKeyAndAllowed() throws IOException {
        Files.writeString(file(), "log.level = LOUD");
        assertThatThrownBy(() -> NodeSettings.read(etc))
                .isInstanceOf(StartRefused.class)
                .hasMessage(
                        file()
                                + ": log.level must be one of DEBUG, INFO, WARNING, ERROR, was"
                                + " \"LOUD\".");
    }

    @Test
    void read_unknownKey_isRefusedWithTheKeys() throws IOException {
        Files.writeString(file(), "log.levle = INFO");
        assertThatThrownBy(() -> NodeSettings.read(etc))
                .hasMessage(
                        file()
                                + ": there is no key \"log.levle\"; the keys are log.level,"
                                + " shm.bytes.min, start.timeout.seconds, port.base.");
    }

    @Test
    void read_fileThatIsNoText_isRefused() throws IOException {
        Files.write(file(), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        assertThatThrownBy(() -> NodeSettings.read(etc)).hasMessage(file() + " is not UTF-8 text.");
        Files.writeString(file(), "x = \\u12");
        assertThatThrownBy(() -> NodeSettings.read(etc)).hasMessageContaining("hexadecimal");
    }
}
