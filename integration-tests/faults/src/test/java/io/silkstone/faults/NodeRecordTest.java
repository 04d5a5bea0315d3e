package io.silkstone.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.History.Moment;
import io.silkstone.simulation.history.Reply;
import org.junit.jupiter.api.Test;

class NodeRecordTest {
    private static final String KEY = "key";

    private final NodeRecord record = new NodeRecord(1, slot -> true);

    private void told(Call call, Reply reply) {
        record.begin(1, KEY, call).ended(reply, Long.MAX_VALUE);
    }

    @Test
    void judge_whatWasWrittenIsGone_isWrong() {
        told(Call.write("a"), Reply.ok(Reply.UNTOLD));
        told(Call.read(), Reply.notFound());
        assertThat(record.judge()).hasSize(1);
    }

    @Test
    void judge_lostInBetween_isRight() {
        told(Call.write("a"), Reply.ok(5));
        Moment since = record.now();
        told(Call.read(), Reply.saw("a", Reply.UNTOLD));
        told(Call.read(), Reply.notFound());
        told(Call.write("b"), Reply.ok(9));
        record.lost(since, record.now());
        told(Call.read(), Reply.saw("b", 9));
        assertThat(record.judge()).isEmpty();
    }

    @Test
    void judge_lostTwice_isWrong() {
        told(Call.write("a"), Reply.ok(5));
        Moment since = record.now();
        told(Call.read(), Reply.notFound());
        told(Call.write("b"), Reply.ok(9));
        told(Call.read(), Reply.notFound());
        record.lost(since, record.now());
        assertThat(record.judge()).hasSize(1);
    }

    @Test
    void judge_lostAfterTheNewProcessWasSeen_isWrong() {
        told(Call.write("a"), Reply.ok(5));
        record.lost(record.now(), record.now());
        told(Call.write("b"), Reply.ok(9));
        told(Call.read(), Reply.notFound());
        assertThat(record.judge()).hasSize(1);
    }

    @Test
    void judge_keptThoughItsServerWasLost_isWrong() {
        told(Call.write("a"), Reply.ok(5));
        record.lost(record.now(), record.now());
        told(Call.read(), Reply.saw("a", 5));
        assertThat(record.judge()).hasSize(1);
    }

    @Test
    void lost_keysThatBeginLater_haveNothingToLose() {
        Moment since = record.now();
        Moment until = record.now();
        told(Call.write("a"), Reply.ok(5));
        record.lost(since, until);
        told(Call.read(), Reply.notFound());
        assertThat(record.judge()).hasSize(1);
    }

    @Test
    void judge_outcomeUnknown_bothAreRight() {
        told(Call.write("a"), Reply.ok(Reply.UNTOLD));
        told(Call.increment(3), Reply.refused(Reply.Outcome.NOT_A_NUMBER, Reply.UNTOLD));
        told(Call.write("b"), Reply.lost());
        told(Call.read(), Reply.saw("a", 3));
        told(Call.read(), Reply.saw("b", 4));
        assertThat(record.judge()).isEmpty();
        told(Call.read(), Reply.saw("a", 3));
        assertThat(record.judge()).hasSize(1);
    }

    @Test
    void judge_replyAfterTheLastJudgement_isJudged() {
        told(Call.write("a"), Reply.ok(Reply.UNTOLD));
        NodeRecord.Turn read = record.begin(1, KEY, Call.read());
        assertThat(record.judge()).isEmpty();
        read.ended(Reply.notFound(), Long.MAX_VALUE);
        assertThat(record.judge()).hasSize(1);
    }

    @Test
    void longestGap_stall_excusesTheGapInWhichItWas() {
        told(Call.read(), Reply.notFound());
        long now = System.nanoTime();
        long second = 1_000_000_000;
        long later = now + 10 * second;
        long gap = record.longestGap(later, new Stalls());
        assertThat(gap).isGreaterThanOrEqualTo(10 * second);
        Stalls stalls = new Stalls();
        stalls.add(later, later + 60 * second);
        stalls.add(now, now + second / 20);
        assertThat(record.longestGap(later, stalls)).isEqualTo(gap);
        stalls.add(now + 2 * second, now + 5 * second);
        stalls.add(later - second, later);
        assertThat(record.longestGap(later, stalls)).isEqualTo(gap - 4 * second);
        assertThat(stalls.longest()).isEqualTo(60 * second);
    }

    @Test
    void judge_whoWaitsLongerThanPromised_isHeardOf() {
        record.begin(1, KEY, Call.read()).ended(Reply.noEffect(), -1);
        assertThat(record.judge()).hasSize(1).first().asString().contains("client 1 waited");
        assertThat(record.judge()).isEmpty();
    }
}
