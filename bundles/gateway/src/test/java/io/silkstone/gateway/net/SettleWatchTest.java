package io.silkstone.gateway.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SettleWatchTest {
    private static final long WAIT_NANOS_MAX = 1_000_000_000;

    private long now;
    private long settled;
    private int asked;
    private long alarm;
    private boolean isWoken;
    private final List<String> events = new ArrayList<>();
    private final SettleWatch watch =
            new SettleWatch(
                    mark -> {
                        asked++;
                        return mark <= settled;
                    },
                    mark -> {
                        alarm = mark;
                        return isWoken;
                    },
                    () -> now,
                    () -> WAIT_NANOS_MAX);

    private final class Client implements SettleWatch.Waiter {
        private final String name;
        private long mark;
        private long since;
        private Runnable whenSent = () -> {};

        Client(String name, long mark) {
            this.name = name;
            this.mark = mark;
            this.since = now;
            watch.add(this, mark);
        }

        @Override
        public long sendSettled() {
            if (mark <= settled) {
                events.add(name);
                mark = 0;
                whenSent.run();
            }
            return mark;
        }

        @Override
        public long waitsSince() {
            return since;
        }

        @Override
        public void giveUp() {
            events.add(name + " gone");
        }

        @Override
        public void cutOff() {
            events.add(name + " cut off");
        }
    }

    @Test
    void look_asksOnceForAll() {
        for (int i = 0; i < 100; i++) {
            new Client("c" + i, 50 + i);
        }
        settled = 49;
        assertThat(watch.look()).isZero();
        assertThat(asked).isEqualTo(1);
        settled = 51;
        assertThat(watch.look()).isEqualTo(2);
        assertThat(events).containsExactlyInAnyOrder("c0", "c1");
        settled = 1_000;
        assertThat(watch.look()).isEqualTo(98);
        asked = 0;
        assertThat(watch.look()).isZero();
        assertThat(asked).isZero();
    }

    @Test
    void look_thatLetsAClientAskForMore_watchesItStill() {
        Client first = new Client("first", 1);
        first.whenSent = () -> first.mark = 5;
        Client second = new Client("second", 1);
        second.whenSent = () -> new Client("third", 3);
        settled = 1;
        assertThat(watch.look()).isPositive();
        settled = 3;
        watch.look();
        first.whenSent = () -> {};
        settled = 5;
        watch.look();
        assertThat(events).containsExactly("first", "second", "third", "first");
        assertThat(watch.parkNanosMax(now)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void look_oneThatFails_isCutOffAndTheOthersGetTheirs() {
        new Client("fails", 1).whenSent =
                () -> {
                    throw new IllegalStateException("as a test wants it");
                };
        new Client("other", 1);
        new Client("later", 2);
        settled = 1;
        assertThat(watch.look()).isEqualTo(2);
        settled = 2;
        assertThat(watch.look()).isEqualTo(1);
        assertThat(events).containsExactly("fails", "fails cut off", "other", "later");
    }

    @Test
    void remove_isForgotten() {
        Client moved = new Client("moved", 1);
        new Client("stays", 2);
        watch.remove(moved);
        settled = 2;
        watch.look();
        assertThat(events).containsExactly("stays");
    }

    @Test
    void look_givesUpWhoWaitsTooLong() {
        new Client("old", 7);
        now += WAIT_NANOS_MAX / 2;
        new Client("young", 3);
        now += WAIT_NANOS_MAX / 2 + 1;
        watch.look();
        assertThat(events).containsExactly("old gone");
        settled = 3;
        watch.look();
        assertThat(events).containsExactly("old gone", "young");
    }

    @Test
    void parkNanosMax_growsWhileTheDiskStalls() {
        assertThat(watch.parkNanosMax(now)).isEqualTo(Long.MAX_VALUE);
        new Client("a", 1);
        new Client("b", 2);
        assertThat(watch.parkNanosMax(now)).isEqualTo(100_000);
        now += 30_000_000;
        watch.look();
        assertThat(watch.parkNanosMax(now)).isEqualTo(1_000_000);
        settled = 1;
        watch.look();
        assertThat(watch.parkNanosMax(now)).isEqualTo(100_000);
    }

    @Test
    void parkNanosMax_ofACoreThatIsWoken_isLong() {
        isWoken = true;
        assertThat(watch.parkNanosMax(now)).isEqualTo(Long.MAX_VALUE);
        assertThat(alarm).isZero();
        new Client("b", 2);
        new Client("a", 1);
        assertThat(watch.parkNanosMax(now)).isBetween(10_000_000L, WAIT_NANOS_MAX / 10);
        assertThat(alarm).isEqualTo(1);
        settled = 1;
        watch.look();
        watch.parkNanosMax(now);
        assertThat(alarm).isEqualTo(2);
    }
}
