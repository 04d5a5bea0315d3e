package io.silkstone.shell.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.policy.PolicyRefused;
import io.silkstone.shell.command.Command.Completion;
import io.silkstone.shell.format.Details;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CommandTest {
    private static final Path HERE = Path.of("here");

    private final List<Call> calls = new ArrayList<>();
    private final Command command =
            Command.named("thing", "make")
                    .says("Makes a thing.")
                    .takes("NAME", Completion.NONE)
                    .mayTake("SIZE", Completion.NONE)
                    .option("--colour", "C", "paints it", Completion.NONE)
                    .flag("--dry-run", "only says so")
                    .example("thing:make chair")
                    .does(
                            call -> {
                                calls.add(call);
                                return Details.of().with("made", call.value("NAME"));
                            });

    private Object run(String... words) throws Exception {
        return command.run(HERE, List.of(words));
    }

    private void assertRefused(String sentence, String... words) {
        assertThatThrownBy(() -> run(words))
                .isInstanceOf(CommandRefused.class)
                .hasMessageStartingWith("thing:make " + sentence)
                .hasMessageContaining(
                        "; usage: thing:make NAME [SIZE] [--colour C] [--dry-run] [--json]");
        assertThat(calls).isEmpty();
    }

    @Test
    void run_withArgumentsAndOptions_sortsThem() throws Exception {
        run("chair", "--colour", "red", "--dry-run", "12");
        Call call = calls.getFirst();
        assertThat(call.value("NAME")).isEqualTo("chair");
        assertThat(call.value("--colour")).isEqualTo("red");
        assertThat(call.has("--dry-run")).isTrue();
        assertThat(call.number("SIZE", 1, 0, 99)).isEqualTo(12);
        assertThat(call.directory()).isEqualTo(HERE);
    }

    @Test
    void run_withAnEqualsSign_takesTheValueBehindIt() throws Exception {
        run("chair", "--colour=a=b");
        assertThat(calls.getFirst().value("--colour")).isEqualTo("a=b");
    }

    @Test
    void run_afterTwoDashes_takesOptionsAsArguments() throws Exception {
        run("--", "--dry-run");
        assertThat(calls.getFirst().value("NAME")).isEqualTo("--dry-run");
        assertThat(calls.getFirst().has("--dry-run")).isFalse();
    }

    @Test
    void run_withoutOptionalWords_usesTheDefaults() throws Exception {
        run("chair");
        assertThat(calls.getFirst().value("--colour", "brown")).isEqualTo("brown");
        assertThat(calls.getFirst().number("SIZE", 1, 0, 99)).isEqualTo(1);
    }

    @Test
    void run_withTooFewWords_isRefused() {
        assertRefused("needs NAME");
    }

    @Test
    void run_withTooManyWords_isRefused() {
        assertRefused("takes no 'c' here", "a", "b", "c");
    }

    @Test
    void run_withAnUnknownOption_isRefused() {
        assertRefused("has no option --color", "a", "--color", "red");
    }

    @Test
    void run_withoutTheOptionsValue_isRefused() {
        assertRefused("needs a value for --colour", "a", "--colour");
    }

    @Test
    void run_withAValueForAFlag_isRefused() {
        assertRefused("takes no value for --dry-run", "a", "--dry-run=yes");
    }

    @Test
    void run_withANumberOutOfRange_isRefused() throws Exception {
        run("a", "100");
        assertThatThrownBy(() -> calls.getFirst().number("SIZE", 1, 0, 99))
                .hasMessage("SIZE must be a whole number from 0 to 99, was '100'.");
        run("a", "many");
        assertThatThrownBy(() -> calls.getLast().number("SIZE", 1, 0, 99))
                .hasMessageContaining("was 'many'");
    }

    @Test
    void run_withJson_answersInJson() throws Exception {
        assertThat(run("chair", "--json")).isEqualTo("{\"made\":\"chair\"}");
    }

    @Test
    void run_withHelp_explainsAndDoesNothing() throws Exception {
        assertThat(run("--help"))
                .hasToString(
                        """
                        thing:make NAME [SIZE] [--colour C] [--dry-run] [--json]
                          Makes a thing.
                            --colour C  paints it
                            --dry-run   only says so
                            --json      answers in JSON
                            --help      shows this help
                          example: thing:make chair""");
        assertThat(calls).isEmpty();
    }

    @Test
    void run_whoseBodyIsRefused_passesTheSentenceOn() {
        Command refusing =
                Command.named("a", "b")
                        .does(
                                call -> {
                                    throw new PolicyRefused("no such policy, there are: a, b");
                                });
        assertThatThrownBy(() -> refusing.run(HERE, List.of()))
                .isInstanceOf(CommandRefused.class)
                .hasMessage("No such policy, there are: a, b.");
    }

    @Test
    void run_whoseBodyHasABug_becomesASentence() {
        Command broken =
                Command.named("a", "b")
                        .does(
                                call -> {
                                    throw new IllegalStateException("oops");
                                });
        assertThatThrownBy(() -> broken.run(HERE, List.of()))
                .isInstanceOf(CommandRefused.class)
                .hasMessageContaining("a:b failed with java.lang.IllegalStateException: oops");
    }

    @Test
    void now_withoutTheService_isRefused() {
        assertThatThrownBy(() -> new Required<>("store", () -> null).now())
                .isInstanceOf(CommandRefused.class)
                .hasMessageContaining("This node has no store at the moment");
    }
}
