package io.silkstone.shell.scopes;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandCatalog;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HelpCommandsTest {
    private final List<Command> commands = new ArrayList<>();
    private final CommandCatalog catalog = () -> commands;
    private final HelpCommands scope = new HelpCommands(catalog);
    private final CommandRunner help = new CommandRunner(scope);

    @BeforeEach
    void fillTheCatalog() {
        commands.addAll(new TableCommands(() -> null, () -> null).commands());
        commands.addAll(scope.commands());
    }

    @Test
    void help_withoutAName_listsAll() throws Exception {
        assertThat(help.run("help"))
                .startsWith("COMMAND       WHAT IT DOES\ntable:list    Lists the tables.\n")
                .contains("\nhelp          Lists the commands, or explains")
                .contains("--help shows more");
    }

    @Test
    void help_ofACommand_isItsHelp() throws Exception {
        String expected = help.command("help").help().text();
        assertThat(help.run("help", "table:drop"))
                .isEqualTo(catalog.command("table:drop").help().text());
        assertThat(help.run("help", "help")).isEqualTo(expected);
        assertThat(help.run("help", "silkstone:help")).isEqualTo(expected);
    }

    @Test
    void help_ofAScope_listsIt() throws Exception {
        assertThat(help.run("help", "table", "--json"))
                .contains("table:create")
                .doesNotContain("\"help\"");
    }

    @Test
    void help_ofNothing_isRefused() {
        help.assertRefused("There is no command or scope 'nix'; see `help`.", "help", "nix");
    }

    @Test
    void names_areOffered() {
        assertThat(help.offers("help", 0))
                .containsExactly(
                        "table:list", "table", "table:create", "table:drop", "help", "silkstone");
    }
}
