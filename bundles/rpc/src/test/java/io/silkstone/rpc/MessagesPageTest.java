package io.silkstone.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** Holds docs/messages.md to the schema, and writes it. */
class MessagesPageTest {
    private static final Path PAGE = Path.of("../../docs/messages.md");
    private static final String WRITE =
            "./mvnw test -pl bundles/rpc -am -Dtest=MessagesPageTest"
                    + " -Dsurefire.failIfNoSpecifiedTests=false -Dmessages.page=write";

    private static final String INTRODUCTION =
            """
            Every message between Silkstone's processes: SBE schema %d, version %d, little-endian. A
            message begins with the messageHeader; then come its fields, its groups and its variable
            data, in the order of the tables. What is in brackets belongs to the group above it. How
            the schema may grow is said at the top of the schema itself, and what becomes of
            requests and replies in [`bundles/rpc`](../bundles/rpc/README.md).
            """;

    private final StringBuilder page = new StringBuilder();

    @Test
    void page_isWhatTheSchemaSays() throws Exception {
        String expected = page(Schema.read());
        if ("write".equals(System.getProperty("messages.page"))) {
            Files.writeString(PAGE, expected);
        }
        assertThat(PAGE).as("written by: %s", WRITE).content().isEqualTo(expected);
    }

    private String page(Schema schema) {
        line("# Messages");
        line("");
        line("<!-- Written from bundles/rpc/src/main/sbe/messages.xml by");
        line("     " + WRITE + " -->");
        line("");
        page.append(INTRODUCTION.formatted(schema.id(), schema.version()));
        line("");
        line("## All messages");
        line("");
        line("| number | message | kind | meaning |");
        line("|---|---|---|---|");
        for (Schema.Message message : schema.messages()) {
            row(
                    "" + message.id(),
                    "[%s](#%s)".formatted(message.name(), anchor(message.name())),
                    message.isReply() ? "reply" : "request",
                    message.description());
        }
        schema.messages().forEach(this::message);
        line("");
        line("## Types");
        schema.types().forEach(this::type);
        return page.toString();
    }

    private void message(Schema.Message message) {
        line("");
        line("### " + message.name());
        line("");
        line(message.description());
        line("");
        line("| field | type | meaning |");
        line("|---|---|---|");
        parts(message.parts(), "%s");
    }

    private void parts(List<Schema.Part> parts, String nameFormat) {
        for (Schema.Part part : parts) {
            row(
                    nameFormat.formatted(part.name()),
                    part.kind() == Schema.PartKind.GROUP ? "group" : part.type(),
                    part.description());
            parts(part.parts(), "[" + nameFormat + "]");
        }
    }

    private static String anchor(String heading) {
        return heading.toLowerCase(Locale.ROOT);
    }

    private void type(Schema.Composite type) {
        line("");
        line("### " + type.name());
        line("");
        line(type.description());
        line("");
        boolean isNumbered = !type.kind().equals("composite");
        line(isNumbered ? "| number | name | meaning |" : "| field | type | meaning |");
        line("|---|---|---|");
        for (Schema.Value value : type.values()) {
            if (isNumbered) {
                row(value.text(), value.name(), value.description());
            } else {
                row(value.name(), value.text(), value.description());
            }
        }
    }

    private void row(String... cells) {
        line("| " + String.join(" | ", cells) + " |");
    }

    private void line(String text) {
        page.append(text).append('\n');
    }
}
