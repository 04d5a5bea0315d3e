package io.silkstone.launcher;

import io.silkstone.launcher.SettingsCatalog.Component;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What makes nodes of one machine a cluster: files in {@code etc} of each. They are written once; a
 * file that is there stays as its operator has it.
 */
final class ClusterSettings {
    private static final String CLUSTER = "io.silkstone.rpc.cluster";
    private static final String COORDINATOR = "io.silkstone.coordinator.service";
    private static final String LOG = "io.silkstone.log-aeron-cluster.member";

    private final ClusterHome home;

    ClusterSettings(ClusterHome home) {
        this.home = home;
    }

    /** Writes the files that are missing. */
    void write(SettingsCatalog catalog) throws StartRefused {
        try {
            for (int number : home.numbers()) {
                write(catalog, number);
            }
        } catch (IOException e) {
            throw new StartRefused(
                    "--home %s cannot be written: %s.".formatted(home.root(), Home.reason(e)), e);
        }
    }

    private void write(SettingsCatalog catalog, int number) throws IOException {
        Path etc = home.node(number).resolve("etc");
        if (!Files.exists(etc)) {
            Files.createDirectories(
                    etc,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwx------")));
        }
        SettingsTemplates.write(
                NodeSettings.SETTINGS,
                etc.resolve(NodeSettings.FILE),
                Map.of(NodeSettings.PORT_BASE.id(), Integer.toString(home.port(number))));
        for (Component component : catalog.components()) {
            Map<String, String> values = values(component.pid(), number);
            if (!values.isEmpty()) {
                SettingsTemplates.write(component, etc.resolve(component.pid() + ".cfg"), values);
            }
        }
    }

    /** What node {@code number} needs of the component {@code pid} to be in the cluster. */
    private Map<String, String> values(String pid, int number) {
        Map<String, String> values = new LinkedHashMap<>();
        if (pid.equals(CLUSTER)) {
            values.put(
                    "coordinators",
                    coordinators(each -> "aeron:127.0.0.1:" + home.transportPort(each)));
        }
        if (pid.equals(COORDINATOR) && home.coordinates(number)) {
            values.put("enabled", "true");
            if (home.coordinators() > 1) {
                values.put("log", "aeron-cluster");
            }
            values.put("servers.first", Integer.toString(home.nodes()));
        }
        if (pid.equals(LOG) && home.coordinators() > 1 && home.coordinates(number)) {
            values.put("members", coordinators(each -> "127.0.0.1:" + home.logPort(each)));
            values.put("member", Integer.toString(number));
        }
        return values;
    }

    /** What {@code word} says of each node that runs a coordinator, with commas between. */
    private String coordinators(IntFunction<String> word) {
        return IntStream.rangeClosed(1, home.coordinators())
                .mapToObj(word)
                .collect(Collectors.joining(","));
    }

    /** What the operator of node {@code number} set {@code key} to; the default when nothing. */
    long number(int number, String pid, String key, long byDefault) throws StartRefused {
        Path file = home.node(number).resolve("etc").resolve(pid + ".cfg");
        if (!Files.exists(file)) {
            return byDefault;
        }
        Properties properties = NodeSettings.properties(file);
        try {
            return Long.parseLong(properties.getProperty(key, Long.toString(byDefault)).strip());
        } catch (NumberFormatException e) {
            // The node itself says what is wrong with the file.
            return byDefault;
        }
    }
}
