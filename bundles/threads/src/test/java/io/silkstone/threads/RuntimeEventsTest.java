package io.silkstone.threads;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.Metrics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class RuntimeEventsTest {
    @TempDir private Path directory;

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void recording_coresComeAndGo_hasAnEventForEachStep() throws Exception {
        Path file = directory.resolve("threads.jfr");
        try (Recording recording = new Recording()) {
            recording.start();
            Metrics metrics = new Metrics();
            try (ArachneRuntime runtime =
                    TestRuntimes.start(ArachneOptions.Mode.VIRTUAL, 1, 2, metrics)) {
                SteeredPolicy policy = new SteeredPolicy(2);
                runtime.policySlot().use(new PolicyId("cores", "steered", "1", 1), policy, null);
                // The sample after the grant: by then threads are placed on the new core, too.
                TestRuntimes.awaitUntil(
                        () -> policy.sample != null && policy.sample.coresHeld() == 2);
                List<Long> threads = new ArrayList<>();
                for (int i = 0; i < 20; i++) {
                    threads.add(
                            runtime.create(
                                    ThreadRuntime.NORMAL, () -> runtime.sleep(3_600_000_000_000L)));
                }
                policy.wanted = 1;
                TestRuntimes.awaitUntil(() -> metrics.counter(ThreadMetrics.RELEASED).get() == 1);
                threads.forEach(runtime::signal);
            }
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        assertThat(named(events, "PolicySwap"))
                .singleElement()
                .satisfies(event -> assertThat(event.getString("to")).isEqualTo("cores/steered 1"));
        assertThat(named(events, "Core"))
                .extracting(event -> event.getString("change"))
                .containsExactly("granted", "granted", "released");
        assertThat(named(events, "Migration"))
                .isNotEmpty()
                .allSatisfy(
                        event -> {
                            assertThat(event.getInt("from")).isEqualTo(1);
                            assertThat(event.getInt("to")).isZero();
                        });
    }

    private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
        return events.stream()
                .filter(
                        event ->
                                event.getEventType()
                                        .getName()
                                        .equals("io.silkstone.threads." + name))
                .toList();
    }
}
