package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.launcher.StartWatch.Failure;
import java.util.List;
import org.junit.jupiter.api.Test;

class StartWatchTest {
    @Test
    void reason_traceWithCauses_isTheFirstThatIsNoWrapper() {
        String trace =
                """
                org.osgi.service.component.ComponentException: The activate method has thrown
                \tat some.Where.go(Where.java:1)
                Caused by: java.lang.reflect.InvocationTargetException
                \tat some.Where.go(Where.java:2)
                Caused by: io.silkstone.gateway.GatewayRefused: cannot listen at 127.0.0.1:7600
                \tat some.Where.go(Where.java:3)
                Caused by: java.net.BindException: Address already in use
                \t... 3 more
                """;
        assertThat(StartWatch.reason(trace)).isEqualTo("cannot listen at 127.0.0.1:7600");
    }

    @Test
    void reason_traceWithoutCause_isItsFirstLine() {
        assertThat(StartWatch.reason("java.lang.IllegalArgumentException: port must be 1\n\tat x"))
                .isEqualTo("port must be 1");
        assertThat(StartWatch.reason("java.lang.NullPointerException\n\tat x"))
                .isEqualTo("java.lang.NullPointerException");
        assertThat(StartWatch.reason("")).isEqualTo("no reason is known");
    }

    @Test
    void root_ofSeveralFailures_isTheOneWithAReasonOfItsOwn() {
        Failure gateway = new Failure("gateway", "Unable to get service for reference store");
        Failure store = new Failure("store", "the store cannot start: no disk");
        assertThat(Failure.root(List.of(gateway, store))).isEqualTo(store);
        assertThat(Failure.root(List.of(store, gateway))).isEqualTo(store);
        assertThat(Failure.root(List.of(gateway))).isEqualTo(gateway);
    }
}
