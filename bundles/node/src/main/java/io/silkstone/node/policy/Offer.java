package io.silkstone.node.policy;

import io.silkstone.api.policy.PolicyId;
import java.util.Comparator;
import java.util.function.Supplier;
import org.osgi.framework.Version;

/**
 * A policy that a bundle offers as a service. The service itself is got only while the policy is in
 * use or may be returned to, so an offer that nobody wants costs its bundle nothing.
 *
 * @param id what operators and the history call it; holds no class of the bundle
 * @param source the bundle's symbolic name
 * @param serviceId the service's number in the framework
 * @param bundleChanged when the bundle was installed or updated: a failure counts until then
 * @param acquire gets the service, null when its component cannot be activated
 * @param release gives the service back
 */
record Offer(
        PolicyId id,
        String source,
        long serviceId,
        long bundleChanged,
        Supplier<Object> acquire,
        Runnable release) {

    /**
     * The better first: the higher version, then the bundle that was installed later, which is how
     * a rebuilt bundle of the same version takes over from the one before.
     */
    static final Comparator<Offer> BEST_FIRST =
            Comparator.comparing(Offer::version)
                    .thenComparing(offer -> offer.id().bundleId())
                    .thenComparing(Offer::serviceId)
                    .reversed();

    Version version() {
        return Version.parseVersion(id.version());
    }

    /** How a sentence calls it, such as {@code fixed 1.1.0 (bundle 12)}. */
    String called() {
        return id.name() + " " + id.version() + " (bundle " + id.bundleId() + ")";
    }
}
