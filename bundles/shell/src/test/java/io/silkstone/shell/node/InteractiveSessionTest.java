package io.silkstone.shell.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A person at a terminal, as far as a test can be one. */
@Timeout(240)
class InteractiveSessionTest {
    private static final String PROMPT = "silkstone> ";

    @TempDir Path home;
    private LiveNode node;

    @BeforeEach
    void start() throws Exception {
        assumeTrue(PseudoTerminal.isPossible());
        node = LiveNode.start(home);
    }

    @AfterEach
    void stop() throws Exception {
        if (node != null) {
            node.close();
        }
    }

    private PseudoTerminal shell(String afterwards) throws Exception {
        List<String> command =
                List.of(
                        "sh",
                        "-c",
                        String.join(" ", ClientProcess.command(List.of("--home", home.toString())))
                                + afterwards);
        return new PseudoTerminal(command, 91, 30);
    }

    @Test
    void session_onATerminal_editsCompletesAndFollowsTheWindow() throws Exception {
        try (PseudoTerminal terminal = shell("")) {
            terminal.expect("Silkstone 9.9.9: help lists the commands");
            terminal.expect(PROMPT);
            terminal.type("echo abc\033[D\033[DX\r");
            terminal.expect("aXbc\r\n");
            terminal.expect(PROMPT);
            terminal.type("\033OA\r");
            terminal.expect("aXbc\r\n");
            terminal.expect(PROMPT);
            terminal.type("echo $COLUMNS\r");
            terminal.expect("91\r\n");
            terminal.expect(PROMPT);
            terminal.resize(133, 44);
            terminal.expect(PROMPT);
            terminal.type("echo $COLUMNS,$LINES\r");
            terminal.expect("133,44\r\n");
            terminal.expect(PROMPT);
            terminal.type("hel\t kv:g\t\r");
            terminal.expect("Shows the value of a key");
            terminal.expect(PROMPT);
            terminal.type("\004");
            assertThat(terminal.exitCode()).isZero();
        }
    }

    @Test
    void controlC_atACommand_endsOnlyThat() throws Exception {
        try (PseudoTerminal terminal = shell("")) {
            terminal.expect(PROMPT);
            terminal.type("echo started; sleep 1000\r");
            terminal.expect("started\r\n");
            terminal.type("\003");
            terminal.expect("Interrupted.");
            terminal.expect(PROMPT);
            terminal.type("exit\r");
            assertThat(terminal.exitCode()).isZero();
        }
    }

    @Test
    void terminal_afterTheSession_isAsBefore() throws Exception {
        try (PseudoTerminal terminal = shell("; echo left; cat")) {
            terminal.expect(PROMPT);
            assertThat(terminal.settings()).contains("-icanon").contains("-echo ");
            terminal.type("\004");
            terminal.expect("left\r\n");
            assertThat(terminal.settings()).contains(" icanon").contains(" echo ");
            terminal.type("\004");
        }
    }

    @Test
    void node_thatGoes_givesTheTerminalBack() throws Exception {
        try (PseudoTerminal terminal = shell("; echo left; cat")) {
            terminal.expect(PROMPT);
            node.close();
            terminal.expect("The node has gone.");
            terminal.expect("left\r\n");
            assertThat(terminal.settings()).contains(" icanon").contains(" echo ");
            terminal.type("\004");
        }
    }
}
