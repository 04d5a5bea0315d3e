package io.silkstone.threads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.annotation.Annotation;
import org.junit.jupiter.api.Test;

class ThreadsComponentTest {
    private record Config(
            int cores_min,
            int cores_max,
            String pin,
            int others_nice,
            String mode,
            long policy_limit_ms,
            long policy_probation_ms)
            implements ThreadsConfig {
        @Override
        public Class<? extends Annotation> annotationType() {
            return ThreadsConfig.class;
        }
    }

    @Test
    void checked_defaults_areTheRuntimes() throws NoSuchMethodException {
        assertThat(
                        ThreadsComponent.checked(
                                new Config(
                                        (int) defaultOf("cores_min"),
                                        (int) defaultOf("cores_max"),
                                        (String) defaultOf("pin"),
                                        // An embedding program keeps its threads where they are.
                                        0,
                                        (String) defaultOf("mode"),
                                        (long) defaultOf("policy_limit_ms"),
                                        (long) defaultOf("policy_probation_ms"))))
                .isEqualTo(ArachneOptions.defaults());
    }

    private static Object defaultOf(String key) throws NoSuchMethodException {
        return ThreadsConfig.class.getDeclaredMethod(key).getDefaultValue();
    }

    @Test
    void checked_runToCompletion_isUnderstood() {
        assertThat(ThreadsComponent.checked(new Config(1, 0, "off", 0, "run-to-completion", 5, 0)))
                .isEqualTo(
                        new ArachneOptions(
                                1,
                                0,
                                ArachneOptions.Pin.OFF,
                                0,
                                ArachneOptions.Mode.RUN_TO_COMPLETION,
                                5_000_000,
                                0));
    }

    @Test
    void checked_unknownWords_nameKeyAndChoices() {
        assertThatThrownBy(() -> ThreadsComponent.checked(new Config(1, 0, "yes", 0, "auto", 1, 0)))
                .hasMessage("pin must be one of auto, off, was yes");
        assertThatThrownBy(() -> ThreadsComponent.checked(new Config(1, 0, "auto", 0, "vt", 1, 0)))
                .hasMessage("mode must be one of auto, virtual, run-to-completion, was vt");
    }

    @Test
    void checked_outOfRange_nameTheKey() {
        assertThatThrownBy(() -> ThreadsComponent.checked(new Config(0, 0, "off", 0, "auto", 1, 0)))
                .hasMessageContaining("cores.min");
        assertThatThrownBy(() -> ThreadsComponent.checked(new Config(3, 2, "off", 0, "auto", 1, 0)))
                .hasMessageContaining("cores.max");
        assertThatThrownBy(() -> ThreadsComponent.checked(new Config(1, 2, "off", 0, "auto", 0, 0)))
                .hasMessageContaining("policy.limit.ms");
    }
}
