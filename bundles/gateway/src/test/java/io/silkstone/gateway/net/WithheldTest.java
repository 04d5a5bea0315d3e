package io.silkstone.gateway.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.silkstone.gateway.resp.Memory;
import io.silkstone.gateway.resp.MemoryBudget;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WithheldTest {
    private final MemoryBudget budget = new MemoryBudget(1 << 20);
    private final Withheld withheld = new Withheld(budget);
    private long settled;

    @AfterEach
    void release() {
        withheld.release();
        assertThat(budget.taken()).isZero();
    }

    private boolean add(String text, long mark, long nowNanos) {
        ByteBuf bytes =
                Unpooled.directBuffer(text.length() + Memory.SLACK)
                        .writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
        boolean added = withheld.add(Memory.address(bytes), text.length(), mark, nowNanos);
        bytes.release();
        return added;
    }

    private String take() {
        int bytes = withheld.settled(mark -> mark <= settled);
        String text = bytes == 0 ? "" : Memory.text(withheld.address(), bytes);
        withheld.take(bytes);
        return text;
    }

    @Test
    void settled_isWhatNothingBeforeItWaitsFor() {
        add("a", 5, 100);
        add("b", 0, 101);
        add("c", 4, 102);
        add("d", 9, 103);
        add("e", 7, 104);
        assertThat(withheld.mark()).isEqualTo(5);
        settled = 4;
        assertThat(take()).isEmpty();
        settled = 5;
        assertThat(take()).isEqualTo("abc");
        assertThat(withheld.mark()).isEqualTo(9);
        assertThat(withheld.since()).isEqualTo(103);
        settled = 8;
        assertThat(take()).isEmpty();
        settled = 9;
        assertThat(take()).isEqualTo("de");
        assertThat(withheld.isEmpty()).isTrue();
        assertThat(withheld.mark()).isZero();
        assertThat(budget.taken()).isZero();
    }

    @Test
    void add_beyondTheBudget_isRefusedAndChangesNothing() {
        assertThat(add("x".repeat(700_000), 1, 0)).isTrue();
        assertThat(add("y".repeat(200_000), 2, 0)).isFalse();
        assertThat(withheld.length()).isEqualTo(700_000);
        settled = 2;
        assertThat(take()).hasSize(700_000);
    }

    @Test
    void add_manyMarks_waitTogetherBehindTheFirstOnes() {
        for (int mark = 1; mark <= 1_000; mark++) {
            add("x", mark, mark);
        }
        settled = 40;
        assertThat(take()).hasSize(40);
        assertThat(withheld.since()).isEqualTo(41);
        settled = 999;
        take();
        assertThat(withheld.mark()).isEqualTo(1_000);
        add("y", 2_000, 0);
        settled = 1_000;
        take();
        assertThat(withheld.mark()).isEqualTo(2_000);
        assertThat(withheld.length()).isEqualTo(1);
    }

    @Test
    void take_afterEverythingWasReleased_doesNothing() {
        add("abc", 1, 0);
        withheld.release();
        withheld.take(3);
        assertThat(withheld.isEmpty()).isTrue();
        assertThat(withheld.length()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void bytes_comeOutAsTheyWentIn(long seed) {
        RandomGenerator random = new SplittableRandom(seed);
        StringBuilder in = new StringBuilder();
        StringBuilder out = new StringBuilder();
        long mark = 0;
        for (int step = 0; step < 5_000; step++) {
            if (random.nextInt(3) > 0 && withheld.length() < 200_000) {
                String text = Integer.toString(step).repeat(random.nextInt(seed < 5 ? 3 : 300) + 1);
                mark += random.nextInt(3);
                assertThat(add(text, Math.max(mark, 1), step)).isTrue();
                in.append(text);
            } else {
                settled += random.nextInt(3);
                settled = Math.min(settled, mark);
                out.append(take());
            }
        }
        settled = mark + 1;
        out.append(take());
        assertThat(out.toString()).isEqualTo(in.toString());
    }
}
