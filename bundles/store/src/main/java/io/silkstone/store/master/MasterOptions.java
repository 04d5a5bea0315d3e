package io.silkstone.store.master;

import io.silkstone.base.Checks;
import java.util.List;

/**
 * What a server tells the coordinator of itself.
 *
 * @param node its name for ever, 40 hexadecimal digits
 * @param address where its transport is reached
 * @param redisEndpoint what Redis clients are told, as {@code host:port}; empty for nothing
 * @param coordinators addresses of which one at least is or knows the coordinator
 */
public record MasterOptions(
        String node, String address, String redisEndpoint, List<String> coordinators) {
    /** Checks every value. */
    public MasterOptions {
        Checks.require(
                node.matches("[0-9a-f]{40}"),
                "a node's name has 40 hexadecimal digits, unlike '%s'",
                node);
        Checks.require(!coordinators.isEmpty(), "there is no address of a coordinator");
        coordinators = List.copyOf(coordinators);
    }
}
