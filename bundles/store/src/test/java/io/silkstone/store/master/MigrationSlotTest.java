package io.silkstone.store.master;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.migration.MigratingTablet;
import io.silkstone.api.migration.MigrationPace;
import io.silkstone.api.migration.MigrationPlan;
import io.silkstone.api.migration.MigrationSample;
import io.silkstone.api.migration.MigrationStrategy;
import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicyRefused;
import io.silkstone.base.NanoClock;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A strategy may do anything: there is always a plan. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MigrationSlotTest {
    private static final MigratingTablet TABLET =
            new MigratingTablet(3, 0, -1, new ServerId(1, 1), 10, 1_000, 1 << 20);
    private static final MigrationSample SAMPLE =
            new MigrationSample(TABLET, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0);

    private final List<String> faults = new CopyOnWriteArrayList<>();
    private final MigrationSlot slot = new MigrationSlot(NanoClock.SYSTEM);

    /** Copies first, in {@code parts}; what it is told to do comes before each answer. */
    private static final class Steered implements MigrationStrategy {
        private final int parts;
        private volatile Runnable before = () -> {};

        Steered(int parts) {
            this.parts = parts;
        }

        @Override
        public MigrationPlan plan(MigratingTablet tablet) {
            before.run();
            return new MigrationPlan(
                    MigrationPlan.Order.FREEZE_COPY_OWN, parts, MigrationPace.STANDARD);
        }

        @Override
        public MigrationPace pace(MigrationSample sample) {
            before.run();
            return MigrationPace.STANDARD;
        }
    }

    private static void pause() {
        LockSupport.parkNanos(100_000);
    }

    private static PolicyId id(String name) {
        return new PolicyId("migration", name, "1.0.0", 7);
    }

    private void use(String name, Object strategy) throws PolicyRefused {
        slot.use(
                id(name),
                strategy,
                (failed, now, reason) ->
                        faults.add(failed.name() + " > " + now.name() + ": " + reason));
    }

    private MigrationSlot.Course begin() {
        return slot.begin(TABLET, MigrationSlotTest::pause);
    }

    private static MigrationPace pace(MigrationSlot.Course course) {
        return course.pace(SAMPLE, MigrationSlotTest::pause);
    }

    private static void failing() {
        throw new IllegalStateException("steered to");
    }

    @Test
    void begin_noPolicy_isRocksteady() {
        MigrationPlan plan = begin().plan();
        assertThat(plan.order()).isEqualTo(MigrationPlan.Order.OWN_THEN_COPY);
        assertThat(plan.parts()).isEqualTo(8);
        assertThat(plan.pace()).isEqualTo(MigrationPace.STANDARD);
        assertThat(slot.inUse().name()).isEqualTo(slot.builtIn()).isEqualTo("rocksteady");
    }

    @Test
    void use_another_isAskedFromTheNextMigrationOn() throws PolicyRefused {
        MigrationSlot.Course before = begin();
        use("first", new Steered(2));
        MigrationSlot.Course first = begin();
        assertThat(first.plan().parts()).isEqualTo(2);
        assertThat(pace(first)).isEqualTo(MigrationPace.STANDARD);
        use("second", new Steered(4));
        assertThat(begin().plan().parts()).isEqualTo(4);
        assertThat(pace(first)).as("it is not called any more").isNull();
        assertThat(pace(before)).isNull();
        assertThat(slot.why()).contains("migration/second", "freeze copy own, in 4 parts");
        slot.use(null, null, null);
        assertThat(slot.inUse().version()).isEqualTo("built-in");
        assertThat(faults).isEmpty();
    }

    @Test
    void use_failsAtOnce_isRefusedAndTheOldOneGoesOn() throws PolicyRefused {
        use("good", new Steered(2));
        Steered bad = new Steered(4);
        bad.before = MigrationSlotTest::failing;
        assertThatThrownBy(() -> use("bad", bad))
                .isInstanceOf(PolicyRefused.class)
                .hasMessageContaining("plan threw java.lang.IllegalStateException: steered to")
                .hasMessageContaining("migration/good 1.0.0 goes on");
        assertThat(begin().plan().parts()).isEqualTo(2);
        assertThatThrownBy(() -> use("other", "no strategy")).hasMessageContaining("is no");
    }

    @Test
    void begin_failsLater_theOneBeforePlans() throws PolicyRefused {
        use("good", new Steered(2));
        Steered bad = new Steered(4);
        use("bad", bad);
        bad.before = MigrationSlotTest::failing;
        assertThat(begin().plan().parts()).isEqualTo(2);
        assertThat(slot.inUse()).isEqualTo(id("good"));
        assertThat(faults).hasSize(1).first().asString().startsWith("bad > good: plan threw");
    }

    @Test
    void begin_hangs_theBuiltInPlans() throws PolicyRefused {
        Steered bad = new Steered(4);
        use("bad", bad);
        CountDownLatch never = new CountDownLatch(1);
        bad.before =
                () -> {
                    try {
                        never.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                };
        assertThat(begin().plan().parts()).isEqualTo(8);
        assertThat(faults).hasSize(1).first().asString().contains("plan took longer than 2000 ms");
    }

    @Test
    void pace_fails_nobodyIsAskedAnyMore() throws PolicyRefused {
        Steered bad = new Steered(4);
        use("bad", bad);
        MigrationSlot.Course course = begin();
        bad.before = MigrationSlotTest::failing;
        assertThat(pace(course)).isNull();
        assertThat(pace(course)).isNull();
        assertThat(faults).hasSize(1);
        assertThat(slot.inUse().name()).isEqualTo("rocksteady");
    }

    @Test
    void forget_nothingLeadsToIt_thoughAMigrationOfItGoesOn() throws Exception {
        WeakReference<Object> gone = useForAMoment();
        MigrationSlot.Course course = begin();
        slot.use(null, null, null);
        slot.forget(id("passing"));
        for (int attempt = 0; gone.get() != null && attempt < 200; attempt++) {
            System.gc();
            Thread.sleep(10);
        }
        assertThat(gone.get()).isNull();
        assertThat(course.plan().parts()).isEqualTo(2);
    }

    private WeakReference<Object> useForAMoment() throws PolicyRefused {
        Steered passing = new Steered(2);
        use("passing", passing);
        return new WeakReference<>(passing);
    }

    @Test
    void forget_theOneInUse_theBuiltInTakesOver() throws PolicyRefused {
        use("passing", new Steered(2));
        slot.forget(id("passing"));
        assertThat(slot.inUse().version()).isEqualTo("built-in");
        assertThat(begin().plan().parts()).isEqualTo(8);
    }
}
