package io.silkstone.launcher;

import io.silkstone.launcher.SettingsCatalog.Component;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What the launcher itself has to know before the framework runs, from {@code etc/node.properties}.
 * Read once: a change needs a new start.
 *
 * @param logLevel the least severe level that goes to the log file
 * @param sharedMemoryBytesMin what {@code /dev/shm} must have free
 * @param startSeconds how long the start may take
 * @param portBase the first of the node's ports, if that is said
 */
record NodeSettings(
        System.Logger.Level logLevel,
        long sharedMemoryBytesMin,
        long startSeconds,
        OptionalInt portBase) {
    static final String FILE = "node.properties";

    private static final SettingKey LOG_LEVEL =
            new SettingKey(
                    "log.level",
                    "String",
                    "INFO",
                    null,
                    null,
                    List.of("DEBUG", "INFO", "WARNING", "ERROR"),
                    "The least severe messages that go to logs/silkstone.log. Warnings and errors"
                            + " go to the console too.");
    private static final SettingKey SHARED_MEMORY =
            new SettingKey(
                    "shm.bytes.min",
                    "Long",
                    "1048576",
                    "0",
                    null,
                    List.of(),
                    "What /dev/shm must have free, or the start is refused. Nodes and the tools"
                            + " beside them talk through files there.");
    private static final SettingKey START_SECONDS =
            new SettingKey(
                    "start.timeout.seconds",
                    "Integer",
                    "120",
                    "1",
                    "3600",
                    List.of(),
                    "How long the start may take before it is given up.");

    static final SettingKey PORT_BASE =
            new SettingKey(
                    "port.base",
                    "Integer",
                    null,
                    "1",
                    Integer.toString(Arguments.PORT_BASE_MAX),
                    List.of(),
                    "The first of the node's ports, where the command line does not say it; 7600 by"
                            + " default.");

    static final Component SETTINGS =
            new Component(
                    FILE,
                    "Silkstone node: what the launcher needs. Read once, at the start.",
                    null,
                    false,
                    List.of(LOG_LEVEL, SHARED_MEMORY, START_SECONDS, PORT_BASE));

    /**
     * Reads {@code etc/node.properties}, which is written first when it is not there.
     *
     * @throws StartRefused naming file, key and what is allowed
     */
    static NodeSettings read(Path etc) throws StartRefused {
        Path file = etc.resolve(FILE);
        try {
            if (!Files.exists(file)) {
                Files.writeString(file, SettingsTemplates.template(SETTINGS));
            }
        } catch (IOException e) {
            throw new StartRefused("%s cannot be written: %s.".formatted(file, e.getMessage()), e);
        }
        Properties properties = properties(file);
        for (String id : new TreeSet<>(properties.stringPropertyNames())) {
            check(file, id, properties.getProperty(id).strip());
        }
        return new NodeSettings(
                System.Logger.Level.valueOf(value(properties, LOG_LEVEL)),
                Long.parseLong(value(properties, SHARED_MEMORY)),
                Long.parseLong(value(properties, START_SECONDS)),
                properties.containsKey(PORT_BASE.id())
                        ? OptionalInt.of(Integer.parseInt(value(properties, PORT_BASE)))
                        : OptionalInt.empty());
    }

    /** What stands in {@code file}. */
    static Properties properties(Path file) throws StartRefused {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
            return properties;
        } catch (MalformedInputException e) {
            throw new StartRefused("%s is not UTF-8 text.".formatted(file), e);
        } catch (IllegalArgumentException e) {
            throw new StartRefused(
                    "%s cannot be read: a \\u must be followed by four hexadecimal digits."
                            .formatted(file),
                    e);
        } catch (IOException e) {
            throw new StartRefused("%s cannot be read: %s.".formatted(file, e.getMessage()), e);
        }
    }

    private static void check(Path file, String id, String value) throws StartRefused {
        for (SettingKey key : SETTINGS.keys()) {
            if (key.id().equals(id)) {
                if (key.allows(value)) {
                    return;
                }
                throw new StartRefused(
                        "%s: %s must be %s, was \"%s\".".formatted(file, id, key.allowed(), value));
            }
        }
        throw new StartRefused(
                "%s: there is no key \"%s\"; the keys are %s."
                        .formatted(
                                file,
                                id,
                                SETTINGS.keys().stream()
                                        .map(SettingKey::id)
                                        .collect(Collectors.joining(", "))));
    }

    private static String value(Properties properties, SettingKey key) {
        return properties.getProperty(key.id(), key.byDefault()).strip();
    }
}
