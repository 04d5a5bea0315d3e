package io.silkstone.node.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.KvStore.Usage;
import org.apache.felix.hc.api.Result;
import org.junit.jupiter.api.Test;

class MemoryCheckTest {
    private static final long ALL = 64L << 20;

    private static Result judge(long living, long objects) {
        return MemoryCheck.judge(new Usage(ALL, ALL, living, ALL, 0, objects));
    }

    private static String said(Result result) {
        return CheckRunner.healthOf("memory", result).message();
    }

    @Test
    void judge_counts_oneAndMany() {
        assertThat(said(judge(0, 0)))
                .isEqualTo("0 objects and their hash tables take 0 % of 64 MiB.");
        assertThat(said(judge(0, 1))).isEqualTo("1 object and the hash tables take 0 % of 64 MiB.");
        assertThat(said(judge(ALL / 2, 1_000)))
                .isEqualTo("1000 objects and their hash tables take 50 % of 64 MiB.");
    }

    @Test
    void judge_fullMemory_isCritical() {
        assertThat(judge(ALL / 2, 1).getStatus()).isEqualTo(Result.Status.OK);
        assertThat(judge(ALL, 1).getStatus()).isEqualTo(Result.Status.CRITICAL);
    }
}
