package io.silkstone.simulation.settings;

import java.util.List;

/** Settings that do not fit each other. */
public final class Refusal extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    private final transient List<Setting<?>> settings;

    /** The message is {@code sentence}; changing one of {@code settings} would help. */
    public Refusal(String sentence, Setting<?>... settings) {
        super(sentence);
        this.settings = List.of(settings);
    }

    /** Those that do not fit. */
    public List<Setting<?>> settings() {
        return settings;
    }
}
