package io.silkstone.rpc;

import io.silkstone.base.Checks;
import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

/** The coordinators that a node was told of, by the configuration of {@link RpcComponent}. */
public final class Coordinators {
    private static final String KEY = "coordinators";
    private static final int CHARACTERS_MAX = 255;

    /** What belongs to which transport, that knows better; here mistakes shall be found early. */
    private static final Pattern FORM =
            Pattern.compile("[a-z][a-z0-9-]*:\\S+:[0-9]{1,5}(\\?\\S*)?");

    private Coordinators() {}

    /**
     * Whether any are configured, so that this node belongs to a cluster. Whether they are sound is
     * for {@link RpcComponent} to say.
     *
     * @throws IllegalStateException when the configuration cannot be read
     */
    public static boolean areConfigured(ConfigurationAdmin admin) {
        try {
            Configuration[] found =
                    admin.listConfigurations(
                            "(" + Constants.SERVICE_PID + "=" + RpcComponent.PID + ")");
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
                    "the configuration " + RpcComponent.PID + " cannot be read: " + e, e);
        }
    }

    /**
     * The addresses in {@code words}; none for a node that is alone.
     *
     * @throws IllegalArgumentException when one of them is no address, with a sentence for
     *     operators
     */
    static List<String> of(String... words) {
        List<String> addresses =
                Stream.of(words)
                        .map(String::strip)
                        .filter(word -> !word.isEmpty())
                        .distinct()
                        .toList();
        for (String address : addresses) {
            Checks.require(
                    address.length() <= CHARACTERS_MAX && FORM.matcher(address).matches(),
                    "coordinators must be addresses such as aeron:127.0.0.1:7700 with commas"
                            + " between, was '%s'",
                    address);
        }
        return addresses;
    }
}
