package io.silkstone.shell.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.policy.PolicyId;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.felix.service.command.Converter;
import org.junit.jupiter.api.Test;

class JsonTest {
    @Test
    void of_primitives_isTheirJson() {
        assertThat(Json.of(new ArrayList<>(Arrays.asList(null, true, 1, 2L, 1.5, "x"))))
                .isEqualTo("[null,true,1,2,1.5,\"x\"]");
    }

    @Test
    void of_numbersThatJsonLacks_isNull() {
        assertThat(Json.of(List.of(Double.NaN, Double.POSITIVE_INFINITY, Float.NaN)))
                .isEqualTo("[null,null,null]");
    }

    @Test
    void of_text_escapesWhatMustBe() {
        assertThat(Json.of("a\"b\\c\n\r\t\u0001\u007fü"))
                .isEqualTo("\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u007fü\"");
    }

    @Test
    void of_maps_keepsTheirOrder() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("b", 1);
        map.put("a", List.of());
        assertThat(Json.of(map)).isEqualTo("{\"b\":1,\"a\":[]}");
    }

    @Test
    void of_records_namesTheirComponents() {
        assertThat(Json.of(new PolicyId("cores", "fixed", "1.0", 7)))
                .isEqualTo(
                        "{\"kind\":\"cores\",\"name\":\"fixed\",\"version\":\"1.0\","
                                + "\"bundleId\":7}");
    }

    @Test
    void of_otherThings_isTheirText() {
        assertThat(Json.of(List.of(Path.of("a", "b"), Instant.EPOCH, TimeUnit.DAYS)))
                .isEqualTo("[\"a/b\",\"1970-01-01T00:00:00Z\",\"DAYS\"]");
    }

    @Test
    void of_answers_isTheirData() {
        Table<String> table = Table.of(List.of("x")).column("name", each -> each);
        assertThat(Json.of(table)).isEqualTo("[{\"name\":\"x\"}]");
        assertThat(Json.of(Lines.of("one\ntwo"))).isEqualTo("[\"one\",\"two\"]");
    }

    @Test
    void converterFormat_ofAnswers_dependsOnTheLevel() {
        AnswerConverter converter = new AnswerConverter();
        Table<String> table = Table.of(List.of("x")).column("name", each -> each);
        assertThat(converter.format(table, Converter.INSPECT, converter)).isEqualTo("NAME\nx");
        assertThat(converter.format(table, Converter.LINE, converter))
                .isEqualTo("[{\"name\":\"x\"}]");
        assertThat(converter.format("text", Converter.INSPECT, converter)).isNull();
    }
}
