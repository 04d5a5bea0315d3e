package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StartReportTest {
    @TempDir Path folder;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private StartReport report(Path file) {
        return new StartReport(file, new PrintStream(out), new PrintStream(err));
    }

    @Test
    void ready_terminal_showsAnEndpointALine() {
        report(null).ready(List.of("redis 127.0.0.1:7600", "control /x"));
        assertThat(out).hasToString("redis 127.0.0.1:7600\ncontrol /x\n");
    }

    @Test
    void refused_terminal_saysOneSentence() {
        report(null).refused("The port is taken.");
        assertThat(err).hasToString("silkstone: The port is taken.\n");
        assertThat(out).hasToString("");
    }

    @Test
    void refused_withoutAFullStop_getsOne() {
        report(null).refused("etc/x.cfg line 1: there is no key \"prot\"");
        report(null).refused("Did you mean \"port\"?");
        assertThat(err)
                .hasToString(
                        "silkstone: etc/x.cfg line 1: there is no key \"prot\".\n"
                                + "silkstone: Did you mean \"port\"?\n");
    }

    @Test
    void outcome_file_isItsLastLine() {
        Path file = folder.resolve("report");
        report(file).ready(List.of("redis 127.0.0.1:7600"));
        assertThat(file).hasContent("redis 127.0.0.1:7600\nready\n");
        report(file).refused("No.");
        assertThat(file).hasContent("silkstone: No.\nrefused\n");
        report(file).misused("No such option");
        assertThat(file).hasContent("silkstone: No such option.\nmisused\n");
        report(file).note("Nobody is here to read this.");
        assertThat(out.size() + err.size()).isZero();
    }
}
