package io.silkstone.shell.scopes;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.threads.CoreStatus;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.threads.ThreadStatus;
import java.lang.reflect.Proxy;
import java.util.List;
import org.junit.jupiter.api.Test;

class CoresCommandsTest {
    private LoadSample sample = new LoadSample(50_000_000, 2, 1.5, 0.75, 3, 4, 112, 1_500, 9, 0);
    private final CommandRunner cores = new CommandRunner(new CoresCommands(this::runtime));

    private ThreadRuntime runtime() {
        return (ThreadRuntime)
                Proxy.newProxyInstance(
                        ThreadRuntime.class.getClassLoader(),
                        new Class<?>[] {ThreadRuntime.class},
                        (proxy, method, arguments) ->
                                switch (method.getName()) {
                                    case "mode" -> "virtual";
                                    case "load" -> sample;
                                    case "cores" ->
                                            List.of(
                                                    new CoreStatus(
                                                            0, 3, "held", "shared", 0.5, 1.25, 7),
                                                    new CoreStatus(
                                                            1, -1, "free", "shared", 0, 0, 0));
                                    case "threads" ->
                                            List.of(
                                                    new ThreadStatus(
                                                            255, 0, 0, "blocked", "Cleaner"),
                                                    new ThreadStatus(
                                                            16, 1, 1, "running", "Dispatcher"));
                                    default -> throw new AssertionError(method);
                                });
    }

    @Test
    void everyCommand_withoutARuntime_saysSo() {
        new CommandRunner(new CoresCommands(() -> null)).assertWellBehavedWithoutServices(3);
    }

    @Test
    void list_showsCoresAndMode() throws Exception {
        assertThat(cores.run("list"))
                .isEqualTo(
                        """
                        CORE  PROCESSOR  STATE  OWNER   UTILISATION  LOAD FACTOR  THREADS
                           0          3  held   shared         0.50         1.25        7
                           1          -  free   shared         0.00         0.00        0
                        How threads are run: virtual""");
    }

    @Test
    void load_showsTheSample() throws Exception {
        assertThat(cores.run("load").lines())
                .contains(
                        "interval         50.00 ms", "load factor      0.75", "rejects          0");
    }

    @Test
    void load_beforeTheFirstSample_isRefused() {
        sample = null;
        cores.assertRefused("There is no load sample yet; ask again in a moment.", "load");
    }

    @Test
    void threads_showsClasses() throws Exception {
        assertThat(cores.run("threads"))
                .isEqualTo(
                        """
                        ID  CORE  CLASS      STATE    TASK
                        ff     0  normal     blocked  Cleaner
                        10     1  exclusive  running  Dispatcher""");
    }
}
