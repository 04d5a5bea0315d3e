package io.silkstone.simulation.settings;

import java.util.HashMap;
import java.util.Map;

/** What a scenario was told; of what it was not told, the defaults. Immutable. */
public final class Settings {
    /** Every default. */
    public static final Settings STANDARD = new Settings(Map.of());

    private final Map<Setting<?>, Object> values;

    private Settings(Map<Setting<?>, Object> values) {
        this.values = Map.copyOf(values);
    }

    /** The value of {@code setting}. */
    public <T> T get(Setting<T> setting) {
        // What is kept under a setting was read by it.
        @SuppressWarnings("unchecked")
        T value = (T) values.get(setting);
        return value == null ? setting.standard() : value;
    }

    /**
     * These, and what {@code text} says of {@code setting}.
     *
     * @throws IllegalArgumentException with a sentence when that is not allowed
     */
    public <T> Settings with(Setting<T> setting, String text) {
        Map<Setting<?>, Object> all = new HashMap<>(values);
        all.put(setting, setting.read(get(setting), text));
        return new Settings(all);
    }
}
