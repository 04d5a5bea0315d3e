package io.silkstone.simulation.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.simulation.StoreScenario;
import io.silkstone.simulation.WorkloadSettings;
import io.silkstone.simulation.settings.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The tables of the README say what the code says. */
class SettingsReadmeTest {
    private final List<String> lines;

    SettingsReadmeTest() throws IOException {
        lines = Files.readAllLines(Path.of("README.md"));
    }

    /** The rows of the {@code number}-th table under the title. */
    private List<String> table(String title, int number) {
        List<String> rows = new ArrayList<>();
        int tables = 0;
        int index = lines.indexOf(title) + 1;
        assertThat(index).as(title).isPositive();
        for (; index < lines.size() && !lines.get(index).startsWith("#"); index++) {
            if (lines.get(index).startsWith("|---")) {
                tables++;
            } else if (tables == number && lines.get(index).startsWith("| ")) {
                rows.add(lines.get(index));
            } else if (tables == number) {
                return rows;
            }
        }
        return rows;
    }

    private static List<String> rows(List<Setting<?>> settings) {
        return settings.stream()
                .filter(each -> !each.isOfManyLines())
                .map(
                        each ->
                                "| `%s` | `%s` | %s | %s |"
                                        .formatted(
                                                each.name(),
                                                each.standardText(),
                                                each.allowed(),
                                                each.meaning()))
                .toList();
    }

    private static List<Setting<?>> own(List<Setting<?>> settings) {
        return settings.stream().filter(each -> !WorkloadSettings.ALL.contains(each)).toList();
    }

    @Test
    void keys_areThoseOfTheCode() {
        assertThat(table("### Keys of both", 1)).isEqualTo(rows(WorkloadSettings.ALL));
        assertThat(table("### Keys of `scenario = cluster`", 1))
                .isEqualTo(rows(own(ClusterScenario.KIND.settings())));
        assertThat(table("### Keys of `scenario = store`", 1))
                .isEqualTo(rows(own(StoreScenario.KIND.settings())));
    }

    @Test
    void keys_haveTheirNamesOnce() {
        for (List<Setting<?>> settings :
                List.of(ClusterScenario.KIND.settings(), StoreScenario.KIND.settings())) {
            assertThat(settings.stream().map(Setting::name)).doesNotHaveDuplicates();
            assertThat(settings).containsAll(WorkloadSettings.ALL);
        }
    }

    @Test
    void events_areThoseOfTheCode() {
        String title = "### Events of `scenario = cluster`";
        assertThat(table(title, 1))
                .isEqualTo(
                        Arrays.stream(EventKind.values())
                                .map(each -> "| `" + each.form() + "` | " + each.meaning() + " |")
                                .toList());
        assertThat(table(title, 2))
                .isEqualTo(
                        Arrays.stream(Slot.values())
                                .map(each -> "| " + each + " | " + each.meaning() + " |")
                                .toList());
    }
}
