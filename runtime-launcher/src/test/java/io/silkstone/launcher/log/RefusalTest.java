package io.silkstone.launcher.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationTargetException;
import org.junit.jupiter.api.Test;

class RefusalTest {
    /** What the log service hands on in place of an exception of a bundle's own class. */
    private static final class Copy extends Exception {
        private static final long serialVersionUID = 1;
        private final String type;

        Copy(String type, String message) {
            super(message);
            this.type = type;
        }

        @Override
        public String toString() {
            return type + ": " + getMessage();
        }
    }

    private static Throwable checked(String thrower) {
        Throwable thrown = new IllegalArgumentException("cores.min must be at most cores.max");
        thrown.setStackTrace(
                new StackTraceElement[] {
                    new StackTraceElement(thrower, "require", "Some.java", 20)
                });
        return new RuntimeException(new InvocationTargetException(thrown));
    }

    @Test
    void reasonOf_refusalBehindOthers_isWhatItSays() {
        Throwable refused = new Copy("io.silkstone.gateway.GatewayRefused", "The port is taken.");
        assertThat(Refusal.reasonOf(new RuntimeException(refused))).isEqualTo("The port is taken.");
        assertThat(Refusal.reasonOf(checked("io.silkstone.base.Checks")))
                .isEqualTo("cores.min must be at most cores.max");
        assertThat(Refusal.reasonOf(checked("io.silkstone.gateway.GatewayOptions")))
                .isEqualTo("cores.min must be at most cores.max");
        assertThat(
                        Refusal.reasonOf(
                                new Copy("org.osgi.service.cm.ConfigurationException", "Not so.")))
                .isEqualTo("Not so.");
    }

    @Test
    void reasonOf_bug_isNone() {
        assertThat(Refusal.reasonOf(null)).isNull();
        assertThat(Refusal.reasonOf(new NullPointerException("x is null"))).isNull();
        assertThat(Refusal.reasonOf(checked("io.silkstone.store.Store"))).isNull();
        assertThat(Refusal.reasonOf(new Copy("io.silkstone.gateway.Broken", "It is."))).isNull();
    }
}
