package io.silkstone.shell.format;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** One thing with its properties, a line each; or one sentence for people in their stead. */
public final class Details implements Answer {
    private final Map<String, Object> properties = new LinkedHashMap<>();
    private String sentence;

    private Details() {}

    /** Nothing yet. */
    public static Details of() {
        return new Details();
    }

    /** Adds a property; {@code name} is lower case with underscores, null shows as a dash. */
    public Details with(String name, Object value) {
        properties.put(name, value);
        return this;
    }

    /** People see only {@code text}; programs still see the properties. */
    public Details saying(String text) {
        sentence = text;
        return this;
    }

    @Override
    public String text() {
        if (sentence != null) {
            return sentence;
        }
        int width = 0;
        for (String name : properties.keySet()) {
            width = Math.max(width, name.length());
        }
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, Object> property : properties.entrySet()) {
            String name = property.getKey().replace('_', ' ');
            text.append(text.isEmpty() ? "" : "\n")
                    .append(name)
                    .repeat(' ', width + 2 - name.length())
                    .append(Text.of(property.getValue()));
        }
        return text.toString();
    }

    @Override
    public Map<String, Object> data() {
        return Collections.unmodifiableMap(properties);
    }

    @Override
    public String toString() {
        return text();
    }
}
