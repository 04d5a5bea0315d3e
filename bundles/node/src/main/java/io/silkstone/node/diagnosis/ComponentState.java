package io.silkstone.node.diagnosis;

import java.util.List;

/**
 * One component configuration.
 *
 * @param bundle symbolic name of its bundle
 * @param bundleId number of its bundle
 * @param component its name
 * @param phase how far it is
 * @param reason why it is no further, empty when it works
 * @param pids what configures it
 * @param missing types of the services that it waits for
 * @param offers types of its own services
 */
public record ComponentState(
        String bundle,
        long bundleId,
        String component,
        Phase phase,
        String reason,
        List<String> pids,
        List<String> missing,
        List<String> offers) {

    /** How far a component is. */
    public enum Phase {
        /** At work. */
        ACTIVE,
        /** Starts when someone uses it. */
        READY,
        /** A service that it needs is not there. */
        WAITING,
        /** It needs a configuration and nobody has written one, perhaps on purpose. */
        UNCONFIGURED,
        /** It threw when it was to start. */
        FAILED
    }

    /** Whether it works or would when used. */
    public boolean works() {
        return phase == Phase.ACTIVE || phase == Phase.READY;
    }

    /** One sentence about it. */
    public String sentence() {
        return switch (phase) {
            case ACTIVE -> component + " is active.";
            case READY -> component + " is ready and starts when someone uses it.";
            case WAITING, UNCONFIGURED -> component + " " + reason + ".";
            case FAILED -> component + " failed to start: " + reason;
        };
    }
}
