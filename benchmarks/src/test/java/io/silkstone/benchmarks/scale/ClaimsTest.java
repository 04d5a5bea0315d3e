package io.silkstone.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.benchmarks.measure.ResultLine;
import org.junit.jupiter.api.Test;

class ClaimsTest {
    @Test
    void atMost_judgesAndKeepsTheFigure() {
        ResultLine result = new ResultLine("scale");
        Claims claims = new Claims(result);
        claims.atMost("cpu_2_nodes_ratio", 1.15, 1.15);
        claims.atMost("cpu_3_nodes_ratio", 1.16, 1.15);
        assertThat(claims.missed()).isEqualTo(1);
        assertThat(claims.toString())
                .containsPattern("(?m)^cpu_2_nodes_ratio .* holds$")
                .containsPattern("(?m)^cpu_3_nodes_ratio .* MISSED$");
        assertThat(result)
                .hasToString("RESULT scale cpu_2_nodes_ratio=1.150 cpu_3_nodes_ratio=1.160");
    }
}
