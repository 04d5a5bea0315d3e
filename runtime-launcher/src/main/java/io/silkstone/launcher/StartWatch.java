package io.silkstone.launcher;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
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

    /** A line of a stack trace that names an exception: its class, and what it says. */
    private static final Pattern CAUSE =
            Pattern.compile("^(?:Caused by: )?((?:[\\w$]+\\.)+[\\w$]+)(?:: (.*))?$");

    /** Exceptions that only say that another one was thrown. */
    private static final Set<String> WRAPPERS =
            Set.of(
                    "org.osgi.service.component.ComponentException",
                    "java.lang.reflect.InvocationTargetException");

    /**
     * A component that could not be activated.
     *
     * @param component its name
     * @param reason in words for operators
     */
    record Failure(String component, String reason) {
        /** How the component runtime begins when another component's service could not be had. */
        private static final String CONSEQUENCE = "Unable to get service for reference ";

        /** Of several, one that has a reason of its own: others fail because of it. */
        static Failure root(List<Failure> failures) {
            return failures.stream()
                    .filter(failure -> !failure.reason.startsWith(CONSEQUENCE))
                    .findFirst()
                    .orElse(failures.getFirst());
        }
    }

    private final BundleContext context;
    private final Path etc;
    private final int portBase;

    /**
     * @param context of the framework
     * @param etc where the components' configuration is, to name the file in a refusal
     * @param portBase the port that the command line, the home or the environment gave
     */
    StartWatch(BundleContext context, Path etc, int portBase) {
        this.context = context;
        this.etc = etc;
        this.portBase = portBase;
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
        List<Failure> failures = new ArrayList<>();
        for (ComponentDescriptionDTO component : runtime.getComponentDescriptionDTOs()) {
            if (component.bundle.symbolicName.startsWith(OURS) && component.defaultEnabled) {
                for (ComponentConfigurationDTO instance :
                        runtime.getComponentConfigurationDTOs(component)) {
                    judge(component, instance, waiting, failures);
                }
            }
        }
        if (!failures.isEmpty()) {
            throw refused(Failure.root(failures));
        }
        return waiting;
    }

    private void judge(
            ComponentDescriptionDTO component,
            ComponentConfigurationDTO instance,
            List<String> waiting,
            List<Failure> failures) {
        switch (instance.state) {
            case ComponentConfigurationDTO.FAILED_ACTIVATION ->
                    failures.add(new Failure(component.name, reason(instance.failure)));
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

    private StartRefused refused(Failure failure) {
        Path file = etc.resolve(failure.component + ".cfg");
        String where = Files.exists(file) ? file.toString() : failure.component;
        return new StartRefused(where + ": " + failure.reason + portHint(file, failure.reason));
    }

    /** Who chose the port that {@code reason} names, when it was not the file. */
    private String portHint(Path file, String reason) {
        boolean isBase = Pattern.compile("\\b" + portBase + "\\b").matcher(reason).find();
        return isBase && !sets(file, Integer.toString(portBase))
                ? " (the port comes from --port-base or port.base in etc/node.properties; give"
                        + " another one, or set port in that file)"
                : "";
    }

    private static boolean sets(Path file, String value) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            // Then it sets nothing; whether it is sound is judged elsewhere.
            return false;
        }
        return properties.values().stream().anyMatch(each -> each.toString().strip().equals(value));
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

    /**
     * What the first exception in a printed stack trace says that is not a wrapper, without the
     * name of its class: the one that our own code threw, in words for operators.
     */
    static String reason(String trace) {
        for (String line : trace.lines().toList()) {
            Matcher matcher = CAUSE.matcher(line.strip());
            if (matcher.matches() && !WRAPPERS.contains(matcher.group(1))) {
                return matcher.group(2) == null ? matcher.group(1) : matcher.group(2);
            }
        }
        return trace.lines().findFirst().orElse("no reason is known");
    }
}
