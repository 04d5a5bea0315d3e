package io.silkstone.launcher;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;
import org.osgi.service.component.runtime.dto.UnsatisfiedReferenceDTO;

/**
 * Waits until every component of Silkstone's bundles serves. Declarative Services reports a failed
 * activation to the log only and goes on without it; a node that lacks a part must not call itself
 * ready, so this looks at the components themselves.
 */
final class StartWatch {
    private static final String OURS = "io.silkstone.";
    private static final long POLL_MILLIS = 10;
    private static final Pattern CAUSE =
            Pattern.compile("^(?:Caused by: )?(?:[\\w$]+\\.)+[\\w$]+(?:: (.*))?$");

    private final BundleContext context;
    private final Path etc;

    /**
     * @param context of the framework
     * @param etc where the components' configuration is, to name the file in a refusal
     */
    StartWatch(BundleContext context, Path etc) {
        this.context = context;
        this.etc = etc;
    }

    /**
     * Returns when all components serve.
     *
     * @throws StartRefused when one failed, or {@code limit} is over: then with what it waits for
     */
    void await(Duration limit) throws StartRefused, InterruptedException {
        ServiceReference<ServiceComponentRuntime> reference =
                context.getServiceReference(ServiceComponentRuntime.class);
        if (reference == null) {
            throw new StartRefused("Declarative Services is not there: build again.");
        }
        ServiceComponentRuntime runtime = context.getService(reference);
        long deadlineNs = System.nanoTime() + limit.toNanos();
        List<String> waiting = unready(runtime);
        while (!waiting.isEmpty()) {
            if (System.nanoTime() - deadlineNs > 0) {
                throw new StartRefused(
                        "The node is not ready after %d s: %s."
                                .formatted(limit.toSeconds(), String.join("; ", waiting)));
            }
            Thread.sleep(POLL_MILLIS);
            waiting = unready(runtime);
        }
        context.ungetService(reference);
    }

    private List<String> unready(ServiceComponentRuntime runtime) throws StartRefused {
        List<String> waiting = new ArrayList<>();
        for (ComponentDescriptionDTO component : runtime.getComponentDescriptionDTOs()) {
            if (component.bundle.symbolicName.startsWith(OURS) && component.defaultEnabled) {
                for (ComponentConfigurationDTO instance :
                        runtime.getComponentConfigurationDTOs(component)) {
                    judge(component, instance, waiting);
                }
            }
        }
        return waiting;
    }

    private void judge(
            ComponentDescriptionDTO component,
            ComponentConfigurationDTO instance,
            List<String> waiting)
            throws StartRefused {
        switch (instance.state) {
            case ComponentConfigurationDTO.FAILED_ACTIVATION -> throw failed(component, instance);
            case ComponentConfigurationDTO.UNSATISFIED_REFERENCE ->
                    waiting.add(component.name + " waits for " + missing(component, instance));
            case ComponentConfigurationDTO.SATISFIED -> {
                // A delayed component is ready before its first use; an immediate one starts by
                // itself.
                if (component.immediate) {
                    waiting.add(component.name + " is being activated");
                }
            }
            default -> {
                // Active, or nobody has configured it and it needs that: both are as they should
                // be.
            }
        }
    }

    private StartRefused failed(
            ComponentDescriptionDTO component, ComponentConfigurationDTO instance) {
        String file = component.name + ".cfg";
        String where =
                Files.exists(etc.resolve(file)) ? etc.resolve(file).toString() : component.name;
        return new StartRefused(where + ": " + reason(instance.failure));
    }

    private static String missing(
            ComponentDescriptionDTO component, ComponentConfigurationDTO instance) {
        List<String> services = new ArrayList<>();
        for (UnsatisfiedReferenceDTO unsatisfied : instance.unsatisfiedReferences) {
            for (var reference : component.references) {
                if (reference.name.equals(unsatisfied.name)) {
                    services.add(reference.interfaceName);
                }
            }
        }
        return String.join(" and ", services);
    }

    /** The innermost cause in a printed stack trace, without the name of its class. */
    static String reason(String trace) {
        String reason = trace.lines().findFirst().orElse("no reason is known");
        for (String line : trace.lines().toList()) {
            Matcher matcher = CAUSE.matcher(line.strip());
            if ((line.startsWith("Caused by: ") || line.equals(reason)) && matcher.matches()) {
                reason = matcher.group(1) == null ? line.strip() : matcher.group(1);
            }
        }
        return reason;
    }
}
