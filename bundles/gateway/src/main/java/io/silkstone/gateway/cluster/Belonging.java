package io.silkstone.gateway.cluster;

import java.io.IOException;
import java.util.stream.Stream;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

/**
 * Whether a node belongs to a cluster, which its operator says by naming coordinators. Known before
 * there is any service of the cluster's.
 */
public final class Belonging {
    private static final String PID = "io.silkstone.rpc.cluster";
    private static final String KEY = "coordinators";

    private Belonging() {}

    /**
     * Whether this node does, by the configuration {@code io.silkstone.rpc.cluster}.
     *
     * @throws IllegalStateException when it cannot be read
     */
    public static boolean toACluster(ConfigurationAdmin admin) {
        try {
            Configuration[] found =
                    admin.listConfigurations("(" + Constants.SERVICE_PID + "=" + PID + ")");
            Object value = found == null ? null : found[0].getProperties().get(KEY);
            String[] words =
                    switch (value) {
                        case null -> new String[0];
                        case String[] array -> array;
                        default -> value.toString().split(",");
                    };
            return Stream.of(words).anyMatch(word -> !word.isBlank());
        } catch (IOException | InvalidSyntaxException e) {
            throw new IllegalStateException(
                    "the configuration " + PID + " cannot be read: " + e, e);
        }
    }
}
