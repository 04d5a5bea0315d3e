package io.silkstone.node.deploy;

import io.silkstone.api.policy.PolicyDirectory;
import io.silkstone.base.NanoClock;
import io.silkstone.node.diagnosis.ComponentState;
import io.silkstone.node.diagnosis.ComponentStates;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
    private final NanoClock clock;
    private final Pause pause;

    Trial(
            BundleContext context,
            ComponentStates components,
            Supplier<PolicyDirectory> policies,
            NanoClock clock,
            Pause pause) {
        this.context = context;
        this.components = components;
        this.policies = policies;
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
     * @return what is wrong with it, one sentence, or null when it passed
     */
    String watch(Bundle bundle, long watchMs) throws InterruptedException {
        List<ServiceReference<?>> held = new ArrayList<>();
        long deadlineNs = clock.nanoTime() + TimeUnit.MILLISECONDS.toNanos(watchMs);
        try {
            while (true) {
                boolean last = clock.nanoTime() - deadlineNs >= 0;
                activate(bundle, held);
                String fault = faultOf(bundle, last);
                if (fault != null || last) {
                    return fault;
                }
                pause.millis(LOOK_MS);
            }
        } finally {
            held.forEach(context::ungetService);
        }
    }

    private void activate(Bundle bundle, List<ServiceReference<?>> held) {
        ServiceReference<?>[] offered = bundle.getRegisteredServices();
        if (offered == null) {
            return;
        }
        for (ServiceReference<?> reference : offered) {
            boolean perUse =
                    Constants.SCOPE_PROTOTYPE.equals(
                            reference.getProperty(Constants.SERVICE_SCOPE));
            if (!perUse && !held.contains(reference)) {
                try {
                    if (context.getService(reference) != null) {
                        held.add(reference);
                    }
                } catch (IllegalStateException gone) {
                    // Unregistered meanwhile; the next look sees what became of its component.
                }
            }
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
