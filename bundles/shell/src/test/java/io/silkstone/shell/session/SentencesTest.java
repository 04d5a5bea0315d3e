package io.silkstone.shell.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.shell.command.CommandRefused;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SentencesTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "there is no table called x | There is no table called x.",
                "no policy is there; try: a, b. | No policy is there; try: a, b.",
                "log.bytes must be at least 8 | log.bytes must be at least 8.",
                "cores/fixed could not be activated | cores/fixed could not be activated.",
                "Did you mean requirepass? | Did you mean requirepass?",
            })
    void of_clauseOfAService_becomesASentence(String clause, String sentence) {
        assertThat(Sentences.of(new IllegalStateException(clause))).isEqualTo(sentence);
    }

    @Test
    void of_refusalOfACommand_staysAsItWasWritten() {
        assertThat(Sentences.of(new CommandRefused("kv:get needs KEY; usage: kv:get KEY")))
                .isEqualTo("kv:get needs KEY; usage: kv:get KEY");
    }

    @Test
    void of_failureInsideAnother_isTheInnerOne() {
        assertThat(Sentences.of(new ExecutionException(new IllegalStateException("it is full"))))
                .isEqualTo("It is full.");
    }

    @Test
    void of_failureWithoutWords_isItsName() {
        assertThat(Sentences.of(new IllegalStateException())).isEqualTo("IllegalStateException.");
    }
}
