package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class MainTest {
    @Test
    void uptime_hoursAndDays_readAsAClock() {
        assertThat(Main.uptime(Duration.ofSeconds(5))).isEqualTo("00:00:05");
        assertThat(Main.uptime(Duration.ofHours(76).plusSeconds(61))).isEqualTo("3 d 04:01:01");
    }
}
