package io.silkstone.benchmarks.operator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ControlSessionTest {
    @Test
    void field_isTheValueOfItsKey() {
        String object = "{\"kind\":\"cores\", \"name\" : \"fixed\",\"id\": 7}";
        assertThat(ControlSession.field(object, "kind")).isEqualTo("cores");
        assertThat(ControlSession.field(object, "name")).isEqualTo("fixed");
        assertThat(ControlSession.field(object, "id")).isEqualTo("7");
        assertThat(ControlSession.field(object, "none")).isEmpty();
    }

    @Test
    void metricsIn_areAllOfTheList() {
        String list =
                "[{\"metric\":\"a.sent_total\",\"value\":12,\"description\":\"Messages, sent.\"},"
                        + "{\"metric\":\"b\",\"value\":-3,\"description\":\"\"}]";
        assertThat(ControlSession.metricsIn(list)).isEqualTo(Map.of("a.sent_total", 12L, "b", -3L));
    }
}
