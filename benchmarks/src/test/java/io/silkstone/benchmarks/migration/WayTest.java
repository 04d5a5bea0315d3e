package io.silkstone.benchmarks.migration;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WayTest {
    @Test
    void all_haveNamesOfTheirOwn() {
        assertThat(Way.ALL.stream().map(Way::word)).doesNotHaveDuplicates();
        assertThat(Way.ALL.stream().map(Way::word)).allMatch(word -> word.matches("[a-z0-9]+"));
    }

    @Test
    void withBackground_ofOneThatIsEndless_ends() {
        assertThat(Way.ALL.stream().filter(Way::isEndless))
                .hasSize(1)
                .allMatch(each -> !each.withBackground().isEndless());
    }

    @Test
    void settings_ofOneStrategy_setTheSameKeys() {
        assertThat(
                        Way.ALL.stream()
                                .filter(each -> each.strategy().equals("rocksteady"))
                                .map(each -> each.settings().stream().map(WayTest::key).toList())
                                .distinct())
                .hasSize(1);
    }

    private static String key(String setting) {
        return setting.split(" = ")[0];
    }
}
