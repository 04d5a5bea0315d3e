package io.silkstone.simulation.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class MessageKindsTest {
    private static final Path SCHEMA = Path.of("../../bundles/rpc/src/main/sbe/messages.xml");
    private static final Pattern MESSAGE =
            Pattern.compile("<sbe:message name=\"([A-Za-z]+)\" id=\"([0-9]+)\"");

    @Test
    void names_schema_areThoseOfItsMessages() throws IOException {
        List<String> names = new ArrayList<>();
        Matcher message = MESSAGE.matcher(Files.readString(SCHEMA));
        while (message.find()) {
            names.add(message.group(1));
            assertThat(MessageKinds.name(Integer.parseInt(message.group(2))))
                    .isEqualTo(message.group(1));
        }
        assertThat(MessageKinds.names()).containsExactlyInAnyOrderElementsOf(names);
    }
}
