package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Properties;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTemplatesTest {
    private static final String METATYPE =
            """
            <metatype:MetaData xmlns:metatype="http://www.osgi.org/xmlns/metatype/v1.4.0">
              <OCD id="c" name="A thing" description="It does things.">
                <AD id="size.bytes" type="Long" default="4096" min="1" max="9999"
                    description="How large it is."/>
                <AD id="mode" type="String" default="fast" description="">
                  <Option label="fast" value="fast"/><Option label="safe" value="safe"/>
                </AD>
              </OCD>
              <OCD id="many" name="Many"><AD id="x" type="String"/></OCD>
              <Designate pid="a.thing"><Object ocdref="c"/></Designate>
              <Designate factoryPid="many.things"><Object ocdref="many"/></Designate>
            </metatype:MetaData>
            """;

    @TempDir Path folder;
    private final SettingsCatalog catalog = new SettingsCatalog();

    @BeforeEach
    void describe() throws IOException {
        Path jar = folder.resolve("bundle.jar");
        try (OutputStream file = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(file)) {
            zip.putNextEntry(new ZipEntry("OSGI-INF/metatype/c.xml"));
            zip.write(METATYPE.getBytes(StandardCharsets.UTF_8));
            zip.putNextEntry(new ZipEntry("OSGI-INF/other.xml"));
            zip.write("not XML".getBytes(StandardCharsets.UTF_8));
        }
        catalog.addBundle(jar);
    }

    @Test
    void write_newHome_saysEveryKeyAndSetsNone() throws IOException {
        SettingsTemplates.write(catalog, folder);
        Path file = folder.resolve("a.thing.cfg");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(file)
                .hasContent(
                        """
                        # A thing
                        # It does things.
                        # What is commented out is the default.

                        # How large it is.
                        # Allowed: a whole number from 1 to 9999.
                        #size.bytes = 4096

                        # Allowed: one of fast, safe.
                        #mode = fast
                        """);
        Properties properties = new Properties();
        properties.load(Files.newBufferedReader(file));
        assertThat(properties).isEmpty();
    }

    @Test
    void write_factory_hasNoFileOfItsOwn() throws IOException {
        SettingsTemplates.write(catalog, folder);
        assertThat(folder.resolve("many.things.cfg")).doesNotExist();
    }

    @Test
    void write_fileOfTheOperator_staysAsItIs() throws IOException {
        Path file = Files.writeString(folder.resolve("a.thing.cfg"), "mode = safe\n");
        SettingsTemplates.write(catalog, folder);
        assertThat(file).hasContent("mode = safe\n");
    }
}
