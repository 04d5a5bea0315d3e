package io.silkstone.node.deploy;

import io.silkstone.api.policy.PolicyDirectory;
import io.silkstone.base.NanoClock;
import io.silkstone.node.BundleCalls;
import io.silkstone.node.diagnosis.ComponentState;
import io.silkstone.node.diagnosis.ComponentStates;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;

/**
 * Watches a bundle that has just started. Declarative Services says nothing when a component cannot
 * start, and does not even try before somebody asks for its service; so the trial asks on purpose,
 * holds the services while it lasts, and looks at every component until the end.
 */
final class Trial {
    private static final long LOOK_MS = 25;

    private final BundleContext context;
    private final ComponentStates components;
    private final Supplier<PolicyDirectory> policies;
    private final BundleCalls calls;
    private final NanoClock clock;
    private final Pause pause;

    Trial(
            BundleContext context,
            ComponentStates components,
            Supplier<PolicyDirectory> policies,
            BundleCalls calls,
            NanoClock clock,
            Pause pause) {
        this.context = context;
        this.components = components;
        this.policies = policies;
        this.calls = calls;
        this.clock = clock;
        this.pause = pause;
    }

    /** How the trial waits. */
    @FunctionalInterface
    interface Pause {
        void millis(long millis) throws InterruptedException;
    }

    /**
     * Watches {@code bundle} for {@code watchMs}.
     *
     * @param startMs how long each of its components may take to start
     * @return what is wrong with it, one sentence, or null when it passed
     */
    String watch(Bundle bundle, long startMs, long watchMs) throws InterruptedException {
        List<ServiceReference<?>> held = new ArrayList<>();
        long deadlineNs = clock.nanoTime() + TimeUnit.MILLISECONDS.toNanos(watchMs);
        try {
            while (true) {
                boolean last = clock.nanoTime() - deadlineNs >= 0;
                String fault = activate(bundle, held, startMs);
                if (fault == null) {
                    fault = faultOf(bundle, last);
                }
                if (fault != null || last) {
                    return fault;
                }
                pause.millis(LOOK_MS);
            }
        } finally {
            for (ServiceReference<?> reference : held) {
                calls.finish(() -> unget(reference), startMs);
            }
        }
    }

    /** Returns what is wrong, or null. */
    private String activate(Bundle bundle, List<ServiceReference<?>> held, long startMs)
            throws InterruptedException {
        ServiceReference<?>[] offered = bundle.getRegisteredServices();
        if (offered == null) {
            return null;
        }
        for (ServiceReference<?> reference : offered) {
            boolean perUse =
                    Constants.SCOPE_PROTOTYPE.equals(
                            reference.getProperty(Constants.SERVICE_SCOPE));
            if (perUse || held.contains(reference)) {
                continue;
            }
            try {
                Object service =
                        calls.get(
                                () -> context.getService(reference),
                                late -> unget(reference),
                                startMs);
                if (service != null) {
                    held.add(reference);
                }
            } catch (TimeoutException hangs) {
                String[] types = (String[]) reference.getProperty(Constants.OBJECTCLASS);
                return "its component for %s was still starting after %d ms"
                        .formatted(types[0], startMs);
            } catch (ExecutionException gone) {
                // Unregistered meanwhile; the next look sees what became of its component.
            }
        }
        return null;
    }

    private void unget(ServiceReference<?> reference) {
        try {
            context.ungetService(reference);
        } catch (IllegalStateException stopped) {
            // This bundle has stopped meanwhile, and the framework gave the service back.
        }
    }

    /**
     * @param last whether what still waits will wait for ever
     */
    private String faultOf(Bundle bundle, boolean last) {
        if ((bundle.getState() & (Bundle.ACTIVE | Bundle.STARTING)) == 0) {
            return "it stopped by itself";
        }
        for (ComponentState state : components.of(bundle)) {
            if (state.phase() == ComponentState.Phase.FAILED || last && !state.works()) {
                return state.sentence().replaceFirst("\\.$", "");
            }
        }
        return policyFaultOf(bundle);
    }

    private String policyFaultOf(Bundle bundle) {
        PolicyDirectory directory = policies.get();
        if (directory == null) {
            return null;
        }
        boolean failed =
                directory.installed().stream()
                        .anyMatch(
                                entry ->
                                        entry.policy().bundleId() == bundle.getBundleId()
                                                && entry.state().equals("failed"));
        if (!failed) {
            return null;
        }
        return directory.history().reversed().stream()
                .filter(
                        event ->
                                event.cause().equals("failed")
                                        && event.from().bundleId() == bundle.getBundleId())
                .findFirst()
                .map(event -> event.detail())
                .orElse("its policy failed");
    }
}
