package io.silkstone.api.node;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** This node. Threads: any. */
@ProviderType
public interface Node {
    /** Silkstone's version. */
    String version();

    /** Forty hexadecimal digits that stay the same for the life of the home directory. */
    String id();

    /** When the node started. */
    Instant started();

    /** The home directory, with etc, deploy, data, logs and run. */
    Path home();

    /** What listens where, such as {@code redis 127.0.0.1:7600}. */
    List<Endpoint> endpoints();

    /** The health checks' results. */
    List<Health> health();

    /** The configuration: every key of every component with its value, unit, default and file. */
    List<Setting> config();

    /**
     * Why {@code component} is not working, or a sentence that it is: missing services,
     * configuration, packages. Part of a component's or bundle's name suffices; an empty string
     * asks for the whole node.
     *
     * @throws IllegalArgumentException when nothing here is called so, naming what there is
     */
    List<String> why(String component);

    /**
     * Something that listens.
     *
     * @param protocol what it speaks
     * @param address host:port or a path
     */
    record Endpoint(String protocol, String address) {}

    /**
     * One health check.
     *
     * @param check its name
     * @param status {@code ok}, {@code warn} or {@code critical}
     * @param message one sentence
     */
    record Health(String check, String status, String message) {}

    /**
     * One configuration key.
     *
     * @param pid the component's configuration name
     * @param key the key, unit last
     * @param value the value in force
     * @param byDefault the default
     * @param description one sentence
     * @param file where it is or would be set
     */
    record Setting(
            String pid,
            String key,
            String value,
            String byDefault,
            String description,
            String file) {}
}
