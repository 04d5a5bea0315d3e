package io.silkstone.api.policy;

/**
 * Names one policy of one bundle.
 *
 * @param kind what it decides
 * @param name its name
 * @param version its bundle's version, or {@code built-in}
 * @param bundleId the bundle's number in the framework, -1 when it has none
 */
public record PolicyId(String kind, String name, String version, long bundleId) {
    @Override
    public String toString() {
        return kind + "/" + name + " " + version;
    }
}
