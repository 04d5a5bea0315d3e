package io.silkstone.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.simulation.settings.Settings;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StoreScenarioTest {
    private static final int RUNS_UNTIL_CAUGHT = 500;

    /** Does one operation wrongly: null leaves it to the store. */
    @FunctionalInterface
    private interface Bug {
        Object instead(KvSession session, Method operation, Object[] arguments) throws Exception;
    }

    private static StoreScenario planted(Bug bug) {
        return new StoreScenario(
                session -> withBug(session, bug),
                Settings.STANDARD.with(StoreSettings.STEPS_MAX, "100000000"));
    }

    private static KvSession withBug(KvSession session, Bug bug) {
        return (KvSession)
                Proxy.newProxyInstance(
                        KvSession.class.getClassLoader(),
                        new Class<?>[] {KvSession.class},
                        (proxy, operation, arguments) -> {
                            try {
                                Object answer = bug.instead(session, operation, arguments);
                                return answer == null
                                        ? operation.invoke(session, arguments)
                                        : answer;
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }

    private static int runsUntilCaught(Bug bug) {
        StoreScenario scenario = planted(bug);
        for (int run = 1; run <= RUNS_UNTIL_CAUGHT; run++) {
            if (!scenario.run(run).passed()) {
                return run;
            }
        }
        return Integer.MAX_VALUE;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void run_fixedSeeds_passAndReplayExactly(long seed) {
        Report report = new StoreScenario().run(seed);
        assertThat(report.violations()).isEmpty();
        assertThat(new StoreScenario().run(seed)).isEqualTo(report);
    }

    @Test
    void run_freshSeed_passes() {
        long seed = System.nanoTime();
        assertThat(new StoreScenario().run(seed).violations()).as("seed %d", seed).isEmpty();
    }

    @Test
    void run_someSeeds_coverWhatTheyAreMeantTo() {
        Map<String, Long> coverage = new TreeMap<>();
        for (long seed = 0; seed < 30; seed++) {
            new StoreScenario()
                    .run(seed)
                    .coverage()
                    .forEach((what, count) -> coverage.merge(what, count, Long::sum));
        }
        assertThat(StoreScenario.STEPS)
                .allSatisfy(step -> assertThat(coverage.get(step)).as(step).isPositive());
        assertThat(coverage.get("store.cleaner.moved_bytes_total")).isPositive();
    }

    @Test
    void plantedBug_droppedVersionCheck_isCaught() {
        int runs =
                runsUntilCaught(
                        (session, operation, arguments) -> {
                            if (operation.getName().equals("write")) {
                                ((WriteOptions) arguments[5]).requireVersion(0);
                            }
                            return null;
                        });
        assertThat(runs).isLessThan(RUNS_UNTIL_CAUGHT);
    }

    @Test
    void plantedBug_acknowledgedWriteThatWasNotDone_isCaught() {
        int[] writes = new int[1];
        int runs =
                runsUntilCaught(
                        (session, operation, arguments) ->
                                operation.getName().equals("remove") && ++writes[0] % 50 == 0
                                        ? Status.OK
                                        : null);
        assertThat(runs).isLessThan(RUNS_UNTIL_CAUGHT);
    }

    @Test
    void plantedBug_incrementAppliedTwice_isCaught() {
        int[] increments = new int[1];
        int runs =
                runsUntilCaught(
                        (session, operation, arguments) -> {
                            if (operation.getName().equals("increment")
                                    && ++increments[0] % 50 == 0) {
                                operation.invoke(session, arguments);
                            }
                            return null;
                        });
        assertThat(runs).isLessThan(RUNS_UNTIL_CAUGHT);
    }

    @Test
    void run_thatDoesNotEnd_isGivenUp() {
        Settings settings = Settings.STANDARD.with(StoreSettings.STEPS_MAX, "100");
        assertThatThrownBy(() -> new StoreScenario(session -> session, settings).run(1))
                .hasMessageMatching("after 100 steps [0-9]+ clients have not ended");
    }

    @Test
    void plantedBug_expiryForgotten_isCaught() {
        int runs =
                runsUntilCaught(
                        (session, operation, arguments) -> {
                            if (operation.getName().equals("expire")) {
                                WriteOptions options = (WriteOptions) arguments[2];
                                if (options.expiryMillis() % 8 == 0) {
                                    options.expireAt(options.expiryMillis() + 1_000);
                                }
                            }
                            return null;
                        });
        assertThat(runs).isLessThan(RUNS_UNTIL_CAUGHT);
    }
}
