package io.silkstone.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class IncomingTest {
    private static final int WANTED_MAX = 1_024;

    private int wakes;
    private final Incoming incoming = new Incoming(() -> wakes++);
    private final long[] hashes = new long[2 * WANTED_MAX];

    private long[] wanted() {
        return Arrays.copyOf(hashes, incoming.wanted(hashes));
    }

    @Test
    void knows_whatNobodyHasTold_isNothing() {
        assertThat(incoming.knows(0)).isFalse();
        assertThat(incoming.knows(1)).isFalse();
        assertThat(incoming.knows(-1)).isFalse();
        assertThat(incoming.hasEnded()).isFalse();
    }

    @Test
    void knows_hashesThatCame_areThoseAndNoOthers() {
        incoming.know(5);
        incoming.know(-5);
        incoming.know(5);
        assertThat(incoming.knows(5)).isTrue();
        assertThat(incoming.knows(-5)).isTrue();
        assertThat(incoming.knows(4)).isFalse();
        assertThat(incoming.knows(0)).isFalse();
    }

    @Test
    void knows_hashZero_isAHashAsOthers() {
        assertThat(incoming.want(0)).isEqualTo(Status.RETRY_LATER);
        assertThat(wanted()).containsExactly(0);
        incoming.know(0);
        assertThat(incoming.knows(0)).isTrue();
        assertThat(incoming.knows(1)).isFalse();
        assertThat(wanted()).isEmpty();
    }

    /** Hashes of one slot: the top bits are the same. */
    @Test
    void know_manyOfOneSlot_growsAndForgetsNone() {
        long slot = 77L << 50;
        for (long number = 0; number < 10_000; number++) {
            incoming.know(slot + 2 * number);
        }
        for (long number = 0; number < 10_000; number++) {
            assertThat(incoming.knows(slot + 2 * number)).isTrue();
            assertThat(incoming.knows(slot + 2 * number + 1)).isFalse();
        }
    }

    @Test
    void want_again_wakesOnce() {
        assertThat(incoming.want(7)).isEqualTo(Status.RETRY_LATER);
        assertThat(incoming.want(7)).isEqualTo(Status.RETRY_LATER);
        assertThat(wakes).isOne();
        incoming.want(8);
        assertThat(wakes).isEqualTo(2);
        assertThat(wanted()).containsExactly(7, 8);
    }

    @Test
    void wanted_areThereUntilTheyAreKnown() {
        incoming.want(7);
        incoming.want(8);
        incoming.want(9);
        assertThat(wanted()).containsExactly(7, 8, 9);
        assertThat(wanted()).containsExactly(7, 8, 9);
        incoming.know(8);
        assertThat(wanted()).containsExactly(7, 9);
        incoming.know(7);
        incoming.know(9);
        assertThat(wanted()).isEmpty();
    }

    @Test
    void wanted_moreThanThereIsRoomFor_areTheFirst() {
        for (long hash = 1; hash <= 5; hash++) {
            incoming.want(hash);
        }
        long[] few = new long[2];
        assertThat(incoming.wanted(few)).isEqualTo(2);
        assertThat(few).containsExactly(1, 2);
        incoming.know(1);
        incoming.know(2);
        assertThat(incoming.wanted(few)).isEqualTo(2);
        assertThat(few).containsExactly(3, 4);
    }

    @Test
    void want_moreThanAreRemembered_haveToBeWantedAgain() {
        for (long hash = 1; hash <= WANTED_MAX; hash++) {
            incoming.want(hash);
        }
        assertThat(wakes).isEqualTo(WANTED_MAX);
        long oneMore = WANTED_MAX + 1;
        assertThat(incoming.want(oneMore)).isEqualTo(Status.RETRY_LATER);
        assertThat(wakes).isEqualTo(WANTED_MAX);
        assertThat(wanted()).hasSize(WANTED_MAX).doesNotContain(oneMore);
        incoming.know(1);
        assertThat(wanted()).hasSize(WANTED_MAX - 1);
        incoming.want(oneMore);
        assertThat(wakes).isEqualTo(WANTED_MAX + 1);
        assertThat(wanted()).hasSize(WANTED_MAX).contains(oneMore);
    }

    @Test
    void end_everythingIsKnownAndNothingWanted() {
        incoming.want(7);
        incoming.end();
        assertThat(incoming.hasEnded()).isTrue();
        assertThat(incoming.knows(7)).isTrue();
        assertThat(incoming.knows(0)).isTrue();
        assertThat(wanted()).isEmpty();
    }

    @Test
    void isBlind_writesThatDependOnNothing_areThoseWithoutRulesAndExpiry() {
        assertThat(Incoming.isBlind(new WriteOptions())).isTrue();
        assertThat(Incoming.isBlind(new WriteOptions().type(3))).isTrue();
        assertThat(Incoming.isBlind(new WriteOptions().rejectIfMissing())).isFalse();
        assertThat(Incoming.isBlind(new WriteOptions().rejectIfExists())).isFalse();
        assertThat(Incoming.isBlind(new WriteOptions().requireVersion(4))).isFalse();
        assertThat(Incoming.isBlind(new WriteOptions().rejectUpToVersion(4))).isFalse();
        assertThat(Incoming.isBlind(new WriteOptions().returnPrevious())).isFalse();
        assertThat(Incoming.isBlind(new WriteOptions().keepExpiry())).isFalse();
        assertThat(Incoming.isBlind(new WriteOptions().expireAt(9))).isFalse();
    }
}
