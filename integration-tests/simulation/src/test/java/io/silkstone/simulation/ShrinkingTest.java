package io.silkstone.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.simulation.Shrinking.Shrunk;
import io.silkstone.simulation.cluster.Bug;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ShrinkingTest {
    private static final int SEEDS_MAX = 500;

    private static final Logger SILENT = Logger.getLogger("io.silkstone");

    @BeforeAll
    static void silence() {
        SILENT.setLevel(Level.OFF);
    }

    @AfterAll
    static void speak() {
        SILENT.setLevel(null);
    }

    private static long failingSeed(Scenario scenario, Bug bug) {
        long seed = 1;
        while (Performance.of(scenario, seed, Script.whole()).report().violations().stream()
                .noneMatch(bug::isSeenIn)) {
            assertThat(seed).isLessThan(SEEDS_MAX);
            seed++;
        }
        return seed;
    }

    private static Shrunk shrunk(Scenario scenario, long seed) {
        Performance failed = Performance.of(scenario, seed, Script.whole());
        // Time stands still: only the number of runs is bounded.
        return Shrinking.of(scenario, seed, failed, () -> 0, 1);
    }

    private static List<String> trace(Shrunk shrunk) {
        Performance performance = shrunk.performance();
        return Trace.of(performance.script().history(), performance.report().keys());
    }

    /** Of bugs that are the same in each run: those that count would go on counting. */
    @ParameterizedTest
    @EnumSource(names = {"VERSION_CHECK_DROPPED", "EXPIRED_KEY_SERVED", "TOLD_BEFORE_THE_SYNC"})
    void of_plantedBug_isAShortRunThatStillFails(Bug bug) {
        Scenario scenario = bug.scenario();
        long seed = failingSeed(scenario, bug);
        Shrunk once = shrunk(scenario, seed);
        Performance performance = once.performance();
        assertThat(performance.report().violations()).anyMatch(bug::isSeenIn);
        assertThat(performance.script().parts()).hasSizeLessThan(once.partsBefore() / 4);
        assertThat(trace(once)).isNotEmpty().hasSizeLessThan(40);

        Shrunk again = shrunk(scenario, seed);
        assertThat(again.performance().script().parts()).isEqualTo(performance.script().parts());
        assertThat(again.performance().report()).isEqualTo(performance.report());
        assertThat(trace(again)).isEqualTo(trace(once));

        Script script = Script.only(performance.script().parts());
        assertThat(scenario.play(seed, script)).isEqualTo(performance.report());
    }

    @Test
    void of_noTime_leavesTheRunAsItWas() {
        Bug bug = Bug.VERSION_CHECK_DROPPED;
        Scenario scenario = bug.scenario();
        long seed = failingSeed(scenario, bug);
        Performance failed = Performance.of(scenario, seed, Script.whole());
        Shrunk shrunk = Shrinking.of(scenario, seed, failed, () -> 0, 0);
        assertThat(shrunk.performance()).isSameAs(failed);
        assertThat(shrunk.runs()).isZero();
    }
}
