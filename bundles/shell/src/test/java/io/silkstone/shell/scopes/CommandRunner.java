package io.silkstone.shell.scopes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandRefused;
import io.silkstone.shell.command.CommandScope;
import java.nio.file.Path;
import java.util.List;

/** Runs the commands of one scope as a line would. */
record CommandRunner(CommandScope scope, Path directory) {
    CommandRunner(CommandScope scope) {
        this(scope, Path.of("").toAbsolutePath());
    }

    Command command(String function) {
        return scope.commands().stream()
                .filter(each -> each.function().equals(function))
                .findFirst()
                .orElseThrow();
    }

    String run(String function, String... words) throws Exception {
        return command(function).run(directory, List.of(words)).toString();
    }

    void assertRefused(String sentence, String function, String... words) {
        assertThatThrownBy(() -> run(function, words))
                .isInstanceOf(CommandRefused.class)
                .hasMessage(sentence);
    }

    /** What Tab offers for argument {@code index} after {@code before}. */
    List<String> offers(String function, int index, String... before) {
        return command(function).arguments().get(index).completion().apply(List.of(before));
    }

    /** Every command explains itself, and none fails otherwise than in a sentence. */
    void assertWellBehavedWithoutServices(int commands) {
        assertThat(scope.commands()).hasSize(commands);
        for (Command command : scope.commands()) {
            assertThat(command.sentence()).endsWith(".");
            assertThat(command.help().text()).contains("example: " + command.name());
            String[] words =
                    command.arguments().stream()
                            .filter(argument -> !argument.optional())
                            .map(Command.Argument::name)
                            .toArray(String[]::new);
            assertThatThrownBy(() -> run(command.function(), words))
                    .isInstanceOf(CommandRefused.class)
                    .hasMessageNotContaining("Exception");
            command.arguments().forEach(each -> each.completion().apply(List.of()));
        }
    }
}
