package io.silkstone.launcher;

import io.silkstone.launcher.SettingsCatalog.Component;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;

/**
 * Writes the files of {@code etc} that a home has not got yet: every key with its meaning and its
 * default, commented out. They come from the bundles' own descriptions, so they cannot name a key
 * that does not exist.
 */
final class SettingsTemplates {
    private static final int WIDTH = 96;
    private static final Set<PosixFilePermission> OWNERS_ONLY =
            PosixFilePermissions.fromString("rw-------");

    private SettingsTemplates() {}

    /** Writes the missing files, for their owner's eyes only, and leaves the others alone. */
    static void write(SettingsCatalog catalog, Path etc) throws IOException {
        for (Component component : catalog.components()) {
            if (!component.factory()) {
                write(component, etc.resolve(component.pid() + ".cfg"), Map.of());
            }
        }
    }

    /** Writes {@code file} with these {@code values}, if it is missing. */
    static void write(Component component, Path file, Map<String, String> values)
            throws IOException {
        if (!Files.exists(file)) {
            // What an operator will write into it may be a password.
            Files.createFile(file, PosixFilePermissions.asFileAttribute(OWNERS_ONLY));
            Files.writeString(file, template(component, values));
        }
    }

    /** The text of one file. */
    static String template(Component component) {
        return template(component, Map.of());
    }

    private static String template(Component component, Map<String, String> values) {
        StringBuilder text = new StringBuilder();
        comment(text, component.name());
        if (component.description() != null && !component.description().isEmpty()) {
            comment(text, component.description());
        }
        comment(text, "What is commented out is the default.");
        for (SettingKey key : component.keys()) {
            text.append('\n');
            if (key.description() != null && !key.description().isEmpty()) {
                comment(text, key.description());
            }
            if (!key.options().isEmpty() || key.min() != null || key.max() != null) {
                comment(text, "Allowed: " + key.allowed() + ".");
            }
            String byDefault = key.byDefault() == null ? "" : key.byDefault();
            String value = values.getOrDefault(key.id(), byDefault);
            text.append(values.containsKey(key.id()) ? "" : "#");
            text.append(key.id()).append(" = ").append(value).append('\n');
        }
        return text.toString();
    }

    private static void comment(StringBuilder text, String sentences) {
        int column = 0;
        for (String word : sentences.split("\\s+")) {
            if (column == 0 || column + 1 + word.length() > WIDTH) {
                text.append(column == 0 ? "#" : "\n#");
                column = 1;
            }
            text.append(' ').append(word);
            column += 1 + word.length();
        }
        text.append('\n');
    }
}
