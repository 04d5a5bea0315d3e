package io.silkstone.shell.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.felix.gogo.jline.Parser;
import org.apache.felix.service.command.CommandSession;
import org.jline.reader.Candidate;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.Parser.ParseContext;
import org.jline.terminal.impl.LineDisciplineTerminal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandCompleterTest {
    @TempDir Path folder;

    private final Gogo gogo = new Gogo();
    private LineReader reader;
    private CommandCompleter completer;

    @BeforeEach
    void open() throws Exception {
        CommandSession session =
                gogo.processor.createSession(
                        System.in,
                        OutputStream.nullOutputStream(),
                        OutputStream.nullOutputStream());
        session.currentDir(folder);
        completer = new CommandCompleter(gogo.catalog, () -> session);
        reader =
                LineReaderBuilder.builder()
                        .terminal(
                                new LineDisciplineTerminal(
                                        "test",
                                        "xterm",
                                        OutputStream.nullOutputStream(),
                                        StandardCharsets.UTF_8))
                        .build();
    }

    @AfterEach
    void close() throws Exception {
        reader.getTerminal().close();
        gogo.close();
    }

    private List<String> offers(String line) {
        List<Candidate> candidates = new ArrayList<>();
        completer.complete(
                reader, new Parser().parse(line, line.length(), ParseContext.COMPLETE), candidates);
        return candidates.stream().map(Candidate::value).toList();
    }

    @Test
    void complete_theFirstWord_offersCommands() {
        assertThat(offers("ci"))
                .contains("city:list", "test:big", "grep", "exit")
                .doesNotContain("gogo:grep");
    }

    @Test
    void complete_anArgument_offersWhatTheCommandKnows() {
        assertThat(offers("city:found ")).containsExactly("harbour", "fortress");
        assertThat(offers("city:found harbour ")).containsExactly("harbour-1");
    }

    @Test
    void complete_afterOptions_countsArgumentsOnly() {
        assertThat(offers("city:found --dry-run --river Elbe ha"))
                .containsExactly("harbour", "fortress");
    }

    @Test
    void complete_anOption_offersThoseNotYetThere() {
        assertThat(offers("city:found --dry-run --"))
                .containsExactly("--river", "--json", "--help");
        assertThat(offers("city:list ")).containsExactly("--json", "--help");
    }

    @Test
    void complete_anOptionsValue_offersItsValues() {
        assertThat(offers("city:found --river ")).containsExactly("Rhine", "Elbe");
    }

    @Test
    void complete_behindAPipe_offersCommandsAgain() {
        assertThat(offers("city:list | gr")).contains("grep");
    }

    @Test
    void complete_aFile_looksIntoTheSessionsDirectory() throws Exception {
        Files.createFile(folder.resolve("plan.txt"));
        assertThat(offers("city:plan ")).containsExactly("plan.txt");
        assertThat(offers("cat ")).containsExactly("plan.txt");
    }
}
