package io.silkstone.node.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchemaReaderTest {
    static final String DOCUMENT =
            """
            <metatype:MetaData xmlns:metatype="http://www.osgi.org/xmlns/metatype/v1.4.0">
              <OCD id="c" name="Sample">
                <AD id="port" type="Integer" default="7600" min="0" max="65535"
                    description="A port."/>
                <AD id="log.bytes" type="Long" default="1024" min="16"/>
                <AD id="share" type="Double" default="0.5" max="1.0"/>
                <AD id="mode" type="String" default="soft">
                  <Option label="a" value="soft"/><Option label="b" value="hard"/>
                </AD>
                <AD id="fast" type="Boolean" default="true"/>
                <AD id="hosts" type="String" cardinality="2147483647" required="false"/>
                <AD id="cores" type="Integer" cardinality="16" default="1" min="0"/>
                <AD id="name" type="String"/>
                <AD id="secret" type="Password" default="" min="4"/>
              </OCD>
              <Designate pid="io.silkstone.sample"><Object ocdref="c"/></Designate>
              <Designate factoryPid="io.silkstone.many"><Object ocdref="c"/></Designate>
            </metatype:MetaData>
            """;

    private final ConfigSchema schema = read(DOCUMENT).getFirst();

    static List<ConfigSchema> read(String document) {
        try {
            return SchemaReader.read(stream(document));
        } catch (IOException wrong) {
            throw new AssertionError(wrong);
        }
    }

    @Test
    void read_pidsAndFactories() {
        List<ConfigSchema> schemas = read(DOCUMENT);
        assertThat(schemas)
                .extracting(ConfigSchema::pid, ConfigSchema::factory)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("io.silkstone.sample", false),
                        org.assertj.core.groups.Tuple.tuple("io.silkstone.many", true));
        assertThat(schema.rules().get("port").description()).isEqualTo("A port.");
    }

    @Test
    void read_foreignEntity_isRefused() {
        assertThatThrownBy(
                        () ->
                                SchemaReader.read(
                                        stream(
                                                "<!DOCTYPE x [<!ENTITY e SYSTEM"
                                                        + " 'file:///etc/hosts'>]><x>&e;</x>")))
                .isInstanceOf(IOException.class);
    }

    @Test
    void typed_goodFile_hasTypes() {
        List<String> problems = new ArrayList<>();
        Map<String, Object> typed =
                schema.typed(
                        CfgFile.parse(
                                "port = 1\nlog.bytes = 99\nshare=1\nmode = hard\nfast = FALSE\n"
                                        + "hosts = a, b\ncores = 1,2\nname = x\n"),
                        problems);
        assertThat(problems).isEmpty();
        assertThat(typed.get("port")).isEqualTo(1);
        assertThat(typed.get("log.bytes")).isEqualTo(99L);
        assertThat(typed.get("share")).isEqualTo(1.0);
        assertThat(typed.get("fast")).isEqualTo(false);
        assertThat((Object[]) typed.get("hosts")).containsExactly("a", "b");
        assertThat((Integer[]) typed.get("cores")).containsExactly(1, 2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "port = abc|port must be a whole number between 0 and 65535, was \"abc\"",
                "port = 70000|port must be a whole number between 0 and 65535, was \"70000\"",
                "port =|port must be a whole number between 0 and 65535, was \"\"",
                "log.bytes = 15|log.bytes must be a whole number of at least 16, was \"15\"",
                "share = NaN|share must be a number of at most 1.0, was \"NaN\"",
                "mode = firm|mode must be one of soft, hard, was \"firm\"",
                "fast = yes|fast must be true or false, was \"yes\"",
                "cores = 1,x|cores must be a list of, with commas between, a whole number of at"
                        + " least 0, was \"x\"",
                "secret = abc|secret must be text of at least 4, was \"(not shown)\"",
            })
    void typed_wrongValue_saysWhatIsAllowed(String line, String sentence) {
        List<String> problems = new ArrayList<>();
        schema.typed(CfgFile.parse("name = x\n" + line), problems);
        assertThat(problems).containsExactly("line 2: " + sentence);
    }

    @Test
    void typed_unknownAndMissingKeys_areNamed() {
        List<String> problems = new ArrayList<>();
        schema.typed(CfgFile.parse("porte = 1\n"), problems);
        assertThat(problems).hasSize(2);
        assertThat(problems.getFirst())
                .startsWith("line 1: there is no key \"porte\"; keys are port, log.bytes,")
                .endsWith(" (did you mean \"port\"?)");
        assertThat(problems.getLast()).isEqualTo("name has no default and must be set: text");
    }

    private static InputStream stream(String document) {
        return new ByteArrayInputStream(document.getBytes(StandardCharsets.UTF_8));
    }
}
