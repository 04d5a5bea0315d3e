package io.silkstone.threads;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.threads.Mutex;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** A JVM started without the flag that opens the JDK's inside. */
class FallbackTest {
    @Test
    void start_jdkRefuses_saysSoAndServesOnPlatformThreads() throws Exception {
        String said = runWithoutOpenedJdk("AUTO");
        assertThat(said)
                .contains("run-to-completion: this JDK lets nobody schedule virtual threads")
                .contains("--add-opens java.base/java.lang=ALL-UNNAMED")
                .contains("served");
    }

    @Test
    void start_virtualDemanded_isRefused() throws Exception {
        assertThat(runWithoutOpenedJdk("VIRTUAL"))
                .contains("UnsupportedOperationException")
                .doesNotContain("served");
    }

    @Test
    void sleep_interruptedThread_usesNoProcessorAndKeepsTheInterrupt() {
        try (ArachneRuntime runtime =
                TestRuntimes.start(ArachneOptions.Mode.RUN_TO_COMPLETION, 1, 1)) {
            AtomicLong cpuNanos = new AtomicLong();
            AtomicBoolean kept = new AtomicBoolean();
            runtime.join(
                    runtime.create(
                            ThreadRuntime.NORMAL,
                            () -> {
                                ThreadMXBean threads = ManagementFactory.getThreadMXBean();
                                Thread.currentThread().interrupt();
                                long before = threads.getCurrentThreadCpuTime();
                                runtime.sleep(1_000_000_000);
                                cpuNanos.set(threads.getCurrentThreadCpuTime() - before);
                                kept.set(Thread.currentThread().isInterrupted());
                            }));
            // A thread that spins uses its second, or its share of it.
            assertThat(cpuNanos).hasValueLessThan(50_000_000);
            assertThat(kept).isTrue();
        }
    }

    private static String runWithoutOpenedJdk(String mode)
            throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(
                                List.of(
                                        Path.of(System.getProperty("java.home"), "bin", "java")
                                                .toString(),
                                        "-XX:+UseSerialGC",
                                        "-Xmx64m",
                                        "-cp",
                                        System.getProperty("java.class.path"),
                                        Closed.class.getName(),
                                        mode))
                        .redirectErrorStream(true)
                        .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return output;
    }

    /** The program that runs in it. */
    public static final class Closed {
        private Closed() {}

        public static void main(String[] arguments) {
            ArachneOptions options =
                    ArachneOptions.defaults()
                            .withMode(ArachneOptions.Mode.valueOf(arguments[0]))
                            .withPin(ArachneOptions.Pin.OFF);
            try (ArachneRuntime runtime =
                    ArachneRuntime.start(
                            options, NanoClock.SYSTEM, new SplittableRandom(), new Metrics())) {
                System.out.println(runtime.mode());
                Mutex mutex = runtime.newMutex();
                mutex.lock();
                long waiting =
                        runtime.create(
                                ThreadRuntime.NORMAL,
                                () -> {
                                    mutex.lock();
                                    System.out.println("served");
                                });
                mutex.unlock();
                runtime.join(waiting);
            }
        }
    }
}
