package io.silkstone.benchmarks.swap;

import static org.assertj.core.api.Assertions.assertThat;

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
}
