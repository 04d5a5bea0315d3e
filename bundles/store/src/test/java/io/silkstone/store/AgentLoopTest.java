package io.silkstone.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.base.Metrics;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AgentLoopTest {
    private final List<Long> sleeps = new ArrayList<>();
    private final Metrics metrics = new Metrics();
    private int yields;
    private int workLeft;
    private AgentLoop loop;

    private final Agent agent =
            new Agent() {
                @Override
                public String name() {
                    return "test";
                }

                @Override
                public int doWork() {
                    return workLeft-- > 0 ? 1 : 0;
                }
            };

    @Test
    void run_yieldsWhileThereIsWorkAndSleepsLongerAndLongerAfterwards() throws Exception {
        workLeft = 5;
        loop =
                new AgentLoop(
                        List.of(agent),
                        () -> yields++,
                        nanos -> {
                            sleeps.add(nanos);
                            if (sleeps.size() == 10) {
                                loop.stop();
                            }
                        },
                        metrics);
        loop.run();
        loop.awaitEnd();
        assertThat(yields).isEqualTo(5);
        assertThat(sleeps).isSorted().startsWith(1_000_000L, 2_000_000L).endsWith(64_000_000L);
    }

    @Test
    void run_afterNewWork_sleepsShortAgain() {
        loop =
                new AgentLoop(
                        List.of(agent),
                        () -> yields++,
                        nanos -> {
                            sleeps.add(nanos);
                            workLeft = 1;
                            if (sleeps.size() == 4) {
                                loop.stop();
                            }
                        },
                        metrics);
        loop.run();
        assertThat(sleeps).containsOnly(1_000_000L);
    }

    @Test
    void run_whenAnAgentThrows_countsItAndDrivesAllAgentsOn() throws Exception {
        workLeft = 3;
        Agent broken =
                Agent.of(
                        "broken",
                        () -> {
                            throw new IllegalStateException("on purpose");
                        });
        loop = new AgentLoop(List.of(broken, agent), () -> yields++, nanos -> loop.stop(), metrics);
        loop.run();
        loop.awaitEnd();
        assertThat(yields).isEqualTo(3);
        assertThat(metrics.counter(StoreMetrics.AGENT_FAILURES).get()).isEqualTo(4);
    }
}
