package io.silkstone.shell.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(240)
class ConsoleTest {
    private static final String PROMPT = "silkstone> ";

    @TempDir Path home;

    @Test
    void console_ofANodeInTheForeground_isAShellThatStopsItAtTheEnd() throws Exception {
        assumeTrue(PseudoTerminal.isPossible());
        try (PseudoTerminal terminal = new PseudoTerminal(ConsoleNode.command(home), 91, 30)) {
            terminal.expect("ready");
            terminal.expect("Silkstone 9.9.9: help lists the commands");
            terminal.expect("Ctrl-D stops the node.");
            terminal.expect(PROMPT);
            terminal.type("hel\t kv:g\t\r");
            terminal.expect("Shows the value of a key");
            terminal.expect(PROMPT);
            terminal.resize(133, 44);
            terminal.expect(PROMPT);
            terminal.type("echo $COLUMNS\r");
            terminal.expect("133\r\n");
            terminal.expect(PROMPT);
            terminal.type("echo started; sleep 1000\r");
            terminal.expect("started\r\n");
            terminal.type("\003");
            terminal.expect(PROMPT);
            terminal.type("echo still here\r");
            terminal.expect("still here\r\n");
            ClientProcess client =
                    new ClientProcess(List.of("--home", home.toString(), "-c", "echo beside"));
            assertThat(client.out()).isEqualTo("beside\n");
            terminal.expect(PROMPT);
            terminal.type("\004");
            terminal.expect("stopped\r\n");
            assertThat(terminal.exitCode()).isZero();
        }
    }
}
