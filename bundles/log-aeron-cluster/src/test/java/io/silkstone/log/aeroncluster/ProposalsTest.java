package io.silkstone.log.aeroncluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProposalsTest {
    private final Proposals proposals = new Proposals(2);
    private final List<String> ended = new ArrayList<>();
    private final List<LogFrame> sent = new ArrayList<>();

    private boolean add(String name, long deadline) {
        return proposals.add(
                name.getBytes(),
                result -> ended.add(name + " " + (result == null ? "null" : new String(result))),
                deadline);
    }

    private int send() {
        return proposals.send(
                frame -> {
                    sent.add(LogFrame.decoded(frame));
                    return true;
                });
    }

    @Test
    void add_closedOrFull_isRefused() {
        assertThat(add("a", 10)).isFalse();
        proposals.open(1);
        assertThat(add("a", 10)).isTrue();
        assertThat(add("b", 10)).isTrue();
        assertThat(add("c", 10)).isFalse();
        assertThat(proposals.send(frame -> false)).isZero();
        assertThat(send()).isEqualTo(2);
        assertThat(send()).isZero();
        assertThat(sent).extracting(frame -> new String(frame.payload())).containsExactly("a", "b");
    }

    @Test
    void applied_ofThisProposer_endsItOnce() {
        proposals.open(1);
        add("a", 10);
        send();
        long number = sent.getFirst().sequence();
        proposals.applied(2, number, new byte[0]);
        assertThat(ended).isEmpty();
        proposals.applied(1, number, "yes".getBytes());
        proposals.applied(1, number, "again".getBytes());
        assertThat(ended).containsExactly("a yes");
    }

    @Test
    void ended_oneOutcomeThrows_theOthersStillEnd() {
        proposals.open(1);
        proposals.add(
                new byte[1],
                result -> {
                    throw new StackOverflowError("an outcome's own");
                },
                10);
        add("b", 10);
        send();
        proposals.applied(1, sent.getFirst().sequence(), new byte[0]);
        proposals.add(
                new byte[1],
                result -> {
                    throw new IllegalStateException("an outcome's own");
                },
                5);
        proposals.expire(5);
        assertThat(ended).isEmpty();
        proposals.add(
                new byte[1],
                result -> {
                    throw new IllegalStateException("an outcome's own");
                },
                5);
        proposals.close();
        assertThat(ended).containsExactly("b null");
    }

    @Test
    void applied_lateOrForAnEarlierProposer_findsNobody() {
        proposals.open(1);
        add("late", 10);
        send();
        proposals.expire(9);
        assertThat(ended).isEmpty();
        proposals.expire(10);
        assertThat(ended).containsExactly("late null");
        proposals.applied(1, sent.getFirst().sequence(), new byte[0]);
        add("left", 20);
        proposals.close();
        assertThat(ended).containsExactly("late null", "left null");
        proposals.open(2);
        add("next", 30);
        proposals.applied(1, sent.getFirst().sequence() + 2, new byte[0]);
        assertThat(ended).hasSize(2);
    }
}
