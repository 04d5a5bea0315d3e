package io.silkstone.simulation;

import io.silkstone.simulation.settings.Setting;
import io.silkstone.simulation.settings.Settings;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What a scenario file can be of: {@code scenario = NAME}.
 *
 * @param name what it is called
 * @param settings what it can be told
 * @param check throws a {@link io.silkstone.simulation.settings.Refusal} when settings do not fit
 *     each other
 * @param making makes the scenario that plays settings which have been checked
 */
public record ScenarioKind(
        String name,
        List<Setting<?>> settings,
        Consumer<Settings> check,
        Function<Settings, Scenario> making) {
    /** The one that was told nothing. */
    Scenario standard() {
        return making.apply(Settings.STANDARD);
    }
}
