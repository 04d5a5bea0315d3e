package io.silkstone.node.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ComponentStatesTest {
    @Test
    void of_noRuntime_isEmpty() {
        assertThat(new ComponentStates(() -> null).of()).isEmpty();
    }

    @Test
    void sentenceOf_causes_givesTheInnermostMessage() {
        String trace =
                """
                java.lang.RuntimeException: outer
                \tat a.B.c(B.java:1)
                Caused by: java.lang.IllegalArgumentException: files must be at least 1, was 0
                \tat d.E.f(E.java:2)
                """;
        assertThat(ComponentStates.sentenceOf(trace)).isEqualTo("files must be at least 1, was 0");
    }

    @Test
    void sentenceOf_withoutMessageOrTrace_saysWhatThereIs() {
        assertThat(ComponentStates.sentenceOf("java.lang.NullPointerException\n\tat x"))
                .isEqualTo("java.lang.NullPointerException");
        assertThat(ComponentStates.sentenceOf(null)).contains("gave no reason");
    }
}
