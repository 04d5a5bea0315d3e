package io.silkstone.simulation.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.Call.Expiry;
import io.silkstone.simulation.history.Call.Rule;
import io.silkstone.simulation.history.Operation;
import io.silkstone.simulation.history.Reply;
import io.silkstone.simulation.history.Reply.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LinearizabilityTest {
    private final List<Operation> history = new ArrayList<>();

    /** An operation from {@code calledAt} to {@code returnedAt}, which are also milliseconds. */
    private void add(long calledAt, long returnedAt, Call call, Reply reply) {
        history.add(new Operation(0, "k", call, reply, calledAt, returnedAt, calledAt, returnedAt));
    }

    private void addUnknown(long calledAt, Call call) {
        add(calledAt, Operation.NEVER, call, null);
    }

    private boolean isGood() {
        boolean good = Linearizability.check(history).linearizable();
        assertThat(BruteForce.isLinearizable(history)).isEqualTo(good);
        return good;
    }

    @Test
    void readAfterWrite_mustSeeIt() {
        add(1, 2, Call.write("a"), Reply.ok(1));
        add(3, 4, Call.read(), Reply.notFound());
        assertThat(isGood()).isFalse();
        assertThat(Linearizability.check(history).stuck()).containsExactly(history.get(1));
    }

    @Test
    void readDuringWrite_maySeeBefore_butNotAfterSomebodySawIt() {
        add(1, 9, Call.write("a"), Reply.ok(1));
        add(2, 3, Call.read(), Reply.notFound());
        add(4, 5, Call.read(), Reply.saw("a", 1));
        assertThat(isGood()).isTrue();
        add(6, 7, Call.read(), Reply.notFound());
        assertThat(isGood()).isFalse();
    }

    @Test
    void unknownWrite_mayHappenLate_orNever_butNotTwice() {
        addUnknown(1, Call.write("a"));
        add(2, 3, Call.read(), Reply.notFound());
        assertThat(isGood()).isTrue();
        add(4, 5, Call.read(), Reply.saw("a", 7));
        add(6, 7, Call.remove(), Reply.ok(7));
        assertThat(isGood()).isTrue();
        add(8, 9, Call.read(), Reply.saw("a", 8));
        assertThat(isGood()).isFalse();
    }

    @Test
    void versions_growEvenAcrossRemoval() {
        add(1, 2, Call.write("a"), Reply.ok(5));
        add(3, 4, Call.remove(), Reply.ok(5));
        add(5, 6, Call.write("b"), Reply.ok(5));
        assertThat(isGood()).isFalse();
        history.removeLast();
        add(5, 6, Call.write("b"), Reply.ok(6));
        assertThat(isGood()).isTrue();
    }

    @Test
    void twoConditionalWritesOnOneVersion_cannotBothSucceed() {
        add(1, 2, Call.write("a"), Reply.ok(1));
        add(3, 8, Call.write("b").under(Rule.REQUIRE_VERSION, 1), Reply.ok(2));
        add(4, 7, Call.write("c").under(Rule.REQUIRE_VERSION, 1), Reply.ok(3));
        assertThat(isGood()).isFalse();
        history.removeLast();
        add(
                4,
                7,
                Call.write("c").under(Rule.REQUIRE_VERSION, 1),
                Reply.refused(Outcome.WRONG_VERSION, 2));
        assertThat(isGood()).isTrue();
    }

    @Test
    void rejectExisting_twoWinners_isNoOrder() {
        add(1, 5, Call.write("a").under(Rule.REJECT_EXISTING, 0), Reply.ok(1));
        add(2, 6, Call.write("b").under(Rule.REJECT_EXISTING, 0), Reply.ok(2));
        assertThat(isGood()).isFalse();
    }

    @Test
    void increments_addUp() {
        add(1, 4, Call.increment(1), Reply.sum(3, 2));
        add(2, 3, Call.increment(2), Reply.sum(2, 1));
        assertThat(isGood()).isTrue();
        add(5, 6, Call.increment(1), Reply.sum(3, 3));
        assertThat(isGood()).isFalse();
    }

    @Test
    void retriedIncrement_appliedTwice_isNoOrder() {
        add(1, 2, Call.increment(1), Reply.sum(1, 1));
        addUnknown(3, Call.increment(1));
        add(4, 5, Call.read(), Reply.saw("3", 3));
        assertThat(isGood()).isFalse();
    }

    @Test
    void expiredObject_isNotServed_andStaysGone() {
        add(1, 2, Call.write("a").expiring(Expiry.AT, 10), Reply.ok(1));
        add(3, 12, Call.read(), Reply.saw("a", 1));
        add(9, 11, Call.read(), Reply.notFound());
        assertThat(isGood()).isTrue();
        add(13, 14, Call.read(), Reply.saw("a", 1));
        assertThat(isGood()).isFalse();
    }

    @Test
    void expiry_seenAsOver_cannotBeUndoneByAnEarlierTime() {
        add(1, 2, Call.write("a").expiring(Expiry.AT, 10), Reply.ok(1));
        add(3, 4, Call.read(), Reply.notFound());
        assertThat(isGood()).isFalse();
    }

    @Test
    void keptExpiry_ends_andWriteWithoutOneLasts() {
        add(1, 2, Call.write("a").expiring(Expiry.AT, 10), Reply.ok(1));
        add(3, 4, Call.write("b").expiring(Expiry.KEEP, 0), Reply.ok(2));
        add(11, 12, Call.read(), Reply.saw("b", 2));
        assertThat(isGood()).isFalse();
        history.removeLast();
        add(5, 6, Call.write("c"), Reply.ok(3));
        add(11, 12, Call.read(), Reply.saw("c", 3));
        assertThat(isGood()).isTrue();
    }

    /** Random small histories, most of them nearly right: both must agree on each. */
    @Test
    void check_randomHistories_agreesWithBruteForce() {
        int good = 0;
        int bad = 0;
        for (long seed = 0; seed < 20_000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            history.clear();
            boolean right = RandomHistory.fill(history, random);
            boolean found = Linearizability.check(history).linearizable();
            assertThat(found).as("seed %d", seed).isEqualTo(BruteForce.isLinearizable(history));
            assertThat(found || !right).as("seed %d is a right history", seed).isTrue();
            good += found ? 1 : 0;
            bad += found ? 0 : 1;
        }
        assertThat(good).isGreaterThan(2_000);
        assertThat(bad).isGreaterThan(2_000);
    }
}
