package io.silkstone.node.policy;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.policy.PolicyDirectory;
import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicyRefused;
import io.silkstone.api.policy.PolicySlot;
import io.silkstone.base.EpochClock;
import io.silkstone.base.NanoClock;
import io.silkstone.node.config.ConfigStore;
import io.silkstone.node.config.PolicyKeys;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.util.tracker.ServiceTracker;
import org.osgi.util.tracker.ServiceTrackerCustomizer;

/**
 * Connects {@link PolicyControl} with the service registry and the configuration.
 *
 * <p>A tracker of our own rather than a DS reference, for two reasons: a policy is got only while
 * it works, and the callback for a service that goes is the one place where its bundle can be made
 * to wait until the mechanism has let go of it.
 */
@Component(name = PolicyKeys.PID, service = PolicyDirectory.class, immediate = true)
public final class PolicyDirectoryComponent implements PolicyDirectory {
    private static final String KIND = "silkstone.kind";
    private static final String NAME = "silkstone.name";
    private static final long ACTIVATE_WAIT_MS = 5_000;
    private static final long RELEASE_WAIT_MS = 10_000;

    private final PolicyControl control;
    private final ServiceTracker<Object, Long> services;

    /** Starts to watch. */
    @Activate
    public PolicyDirectoryComponent(
            BundleContext context, @Reference MetricRegistry metrics, @Reference ConfigStore store)
            throws InvalidSyntaxException {
        control =
                new PolicyControl(
                        new StoredWishes(store),
                        EpochClock.SYSTEM,
                        NanoClock.SYSTEM,
                        metrics,
                        Thread.ofPlatform().daemon().name("silkstone-node-policies-", 1).factory(),
                        ACTIVATE_WAIT_MS,
                        RELEASE_WAIT_MS);
        control.configured();
        services =
                new ServiceTracker<>(
                        context,
                        FrameworkUtil.createFilter("(" + KIND + "=*)"),
                        new Watch(context));
        // All services, so that one that was built against other classes is seen and named too.
        services.open(true);
        control.settle();
    }

    @Modified
    void configured() {
        control.configured();
    }

    @Deactivate
    void close() {
        control.close();
        services.close();
    }

    @Override
    public List<Entry> installed() {
        return control.installed();
    }

    @Override
    public PolicyId inUse(String kind) {
        return control.inUse(kind);
    }

    @Override
    public Switch use(String kind, String name, boolean dryRun) throws PolicyRefused {
        return control.use(kind, name, dryRun);
    }

    @Override
    public List<String> unmet() {
        return control.unmet();
    }

    @Override
    public List<Event> history() {
        return control.history();
    }

    @Override
    public String why(String kind) {
        return control.why(kind);
    }

    /** Wishes live in the configuration, where operators see and edit them. */
    private record StoredWishes(ConfigStore store) implements PolicyWishes {
        @Override
        public Map<String, String> names() throws IOException {
            Map<String, String> names = new TreeMap<>();
            store.values(PolicyKeys.PID)
                    .forEach(
                            (key, value) -> {
                                String name = String.valueOf(value);
                                if (PolicyKeys.isName(key) && PolicyKeys.isName(name)) {
                                    names.put(key, name);
                                }
                            });
            return names;
        }

        @Override
        public void remember(String kind, String name) throws IOException {
            store.set(PolicyKeys.PID, kind, name);
        }

        @Override
        public String place() {
            return store.place(PolicyKeys.PID);
        }
    }

    /** Tells the control which services come and go, by their numbers. */
    private final class Watch implements ServiceTrackerCustomizer<Object, Long> {
        private final BundleContext context;

        Watch(BundleContext context) {
            this.context = context;
        }

        @Override
        public Long addingService(ServiceReference<Object> reference) {
            long serviceId = serviceIdOf(reference);
            if (isSlot(reference)) {
                enterSlot(reference, serviceId);
            } else {
                Offer offer = offerOf(reference, serviceId);
                if (offer != null) {
                    control.offer(offer);
                }
            }
            return serviceId;
        }

        @Override
        public void modifiedService(ServiceReference<Object> reference, Long serviceId) {
            // The component runtime calls this with the component's lock in its hand, which the
            // control thread may need to give the service back: whoever waits here waits in vain.
            if (!isSlot(reference)) {
                control.change(serviceId, offerOf(reference, serviceId));
            }
        }

        @Override
        public void removedService(ServiceReference<Object> reference, Long serviceId) {
            control.complain(serviceId, null);
            if (isSlot(reference)) {
                control.withdrawSlot(serviceId);
                context.ungetService(reference);
            } else {
                control.withdraw(serviceId);
            }
        }

        private void enterSlot(ServiceReference<Object> reference, long serviceId) {
            Object service = context.getService(reference);
            if (!(service instanceof PolicySlot slot)) {
                control.complain(
                        serviceId,
                        ("%s offers a policy slot built against another api bundle; it gets "
                                        + "no policies")
                                .formatted(called(reference.getBundle())));
            } else if (!PolicyKeys.isName(slot.kind())
                    || slot.type() == null
                    || !PolicyKeys.isName(slot.builtIn())) {
                control.complain(
                        serviceId,
                        "%s offers a policy slot without a proper kind, type and built-in name"
                                .formatted(called(reference.getBundle())));
            } else {
                control.slot(serviceId, slot);
            }
        }

        /** Null when it is no proper policy, which is complained of, or its bundle is gone. */
        private Offer offerOf(ServiceReference<Object> reference, long serviceId) {
            Object kind = reference.getProperty(KIND);
            Object name = reference.getProperty(NAME);
            if (!(kind instanceof String kindName)
                    || !(name instanceof String policyName)
                    || !PolicyKeys.isName(kindName)
                    || !PolicyKeys.isName(policyName)) {
                control.complain(
                        serviceId,
                        "%s offers a policy with %s=%s and %s=%s; both must be lower-case words"
                                .formatted(called(reference.getBundle()), KIND, kind, NAME, name));
                return null;
            }
            control.complain(serviceId, null);
            Bundle bundle = reference.getBundle();
            if (bundle == null) {
                return null;
            }
            PolicyId id =
                    new PolicyId(
                            kindName,
                            policyName,
                            bundle.getVersion().toString(),
                            bundle.getBundleId());
            return new Offer(
                    id,
                    bundle.getSymbolicName(),
                    serviceId,
                    bundle.getLastModified(),
                    () -> context.getService(reference),
                    () -> unget(reference));
        }

        private void unget(ServiceReference<Object> reference) {
            try {
                context.ungetService(reference);
            } catch (IllegalStateException stopped) {
                // This bundle has stopped meanwhile, and the framework gave the service back.
            }
        }

        private boolean isSlot(ServiceReference<Object> reference) {
            Object types = reference.getProperty(Constants.OBJECTCLASS);
            return types instanceof String[] names
                    && Arrays.asList(names).contains(PolicySlot.class.getName());
        }

        private long serviceIdOf(ServiceReference<Object> reference) {
            return (Long) reference.getProperty(Constants.SERVICE_ID);
        }

        private String called(Bundle bundle) {
            return bundle == null
                    ? "a bundle that is gone"
                    : bundle.getSymbolicName() + " " + bundle.getVersion();
        }
    }
}
