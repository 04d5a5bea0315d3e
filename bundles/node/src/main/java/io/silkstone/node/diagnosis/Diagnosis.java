package io.silkstone.node.diagnosis;

import io.silkstone.node.Spelling;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;

/** Answers "why does this not work?" with the cause at the end of the chain, not its first link. */
public final class Diagnosis {
    private static final int DEPTH_MAX = 8;
    private static final String OURS = "io.silkstone.";

    private final BundleContext context;
    private final ComponentStates components;
    private final MissingRequirements requirements;

    /** Looks at the framework of {@code context}. */
    public Diagnosis(BundleContext context, ComponentStates components) {
        this.context = context;
        this.components = components;
        this.requirements = new MissingRequirements(context);
    }

    /** Everything that does not work, a sentence each; empty when all does. */
    public List<String> faults() {
        Set<String> lines = new LinkedHashSet<>();
        for (Bundle bundle : context.getBundles()) {
            // One that is installed and misses nothing was not started on purpose.
            if (bundle.getState() == Bundle.INSTALLED) {
                requirements.of(bundle).forEach(sentence -> lines.add(sentence + "."));
            }
        }
        List<ComponentState> states = components.of();
        for (ComponentState state : states) {
            if (!state.works() && state.phase() != ComponentState.Phase.UNCONFIGURED) {
                addChain(state, states, lines, 0);
            }
        }
        return List.copyOf(lines);
    }

    /** About everything whose name contains {@code name}; empty when nothing's does. */
    public List<String> about(String name) {
        Set<String> lines = new LinkedHashSet<>();
        List<ComponentState> states = components.of();
        for (ComponentState state : states) {
            if (state.component().contains(name)) {
                addChain(state, states, lines, 0);
            }
        }
        for (Bundle bundle : context.getBundles()) {
            String symbolicName = symbolicNameOf(bundle);
            if (symbolicName.contains(name)) {
                lines.addAll(aboutBundle(bundle));
                for (ComponentState state : states) {
                    if (state.bundleId() == bundle.getBundleId()) {
                        addChain(state, states, lines, 0);
                    }
                }
            }
        }
        return List.copyOf(lines);
    }

    /** That nothing is called {@code name}, what may be meant, and what of Silkstone's there is. */
    public String nothingCalled(String name) {
        List<String> names =
                Stream.concat(
                                components.of().stream().map(ComponentState::component),
                                Stream.of(context.getBundles()).map(Diagnosis::symbolicNameOf))
                        .distinct()
                        .sorted()
                        .toList();
        List<String> ours = names.stream().filter(each -> each.startsWith(OURS)).toList();
        return ("No component or bundle has \"%s\" in its name.%s There are %s, and those of"
                        + " felix:lb.")
                .formatted(name, Spelling.hint(name, names), String.join(", ", ours));
    }

    /** How many bundles are active and components work, for the sentence that all is well. */
    public String summary() {
        long active =
                Stream.of(context.getBundles())
                        .filter(bundle -> bundle.getState() == Bundle.ACTIVE)
                        .count();
        long working = components.of().stream().filter(ComponentState::works).count();
        return "Everything works: %s active, %s or %s ready."
                .formatted(
                        active == 1 ? "1 bundle is" : active + " bundles are",
                        working == 1 ? "1 component works" : working + " components work",
                        working == 1 ? "is" : "are");
    }

    /** Adds the component's own sentence, then those of who could offer what it waits for. */
    private static void addChain(
            ComponentState state, List<ComponentState> states, Set<String> lines, int depth) {
        if (!lines.add(state.sentence()) || depth == DEPTH_MAX) {
            return;
        }
        for (String type : state.missing()) {
            List<ComponentState> offering =
                    states.stream().filter(other -> other.offers().contains(type)).toList();
            if (offering.isEmpty()) {
                lines.add("No component installed here offers " + type + ".");
            }
            for (ComponentState other : offering) {
                addChain(other, states, lines, depth + 1);
            }
        }
    }

    private List<String> aboutBundle(Bundle bundle) {
        String called = symbolicNameOf(bundle) + " " + bundle.getVersion();
        return switch (bundle.getState()) {
            case Bundle.ACTIVE -> List.of(called + " is active.");
            case Bundle.STARTING ->
                    List.of(called + " is starting, or waits for its first class to be used.");
            case Bundle.STOPPING -> List.of(called + " is stopping.");
            case Bundle.INSTALLED -> unresolved(bundle, called);
            default ->
                    List.of(
                            called
                                    + (isFragment(bundle)
                                            ? " is attached to its host."
                                            : " is stopped."));
        };
    }

    private List<String> unresolved(Bundle bundle, String called) {
        List<String> lines = new ArrayList<>();
        List<String> missing = requirements.of(bundle);
        missing.forEach(sentence -> lines.add(sentence + "."));
        if (missing.isEmpty()) {
            lines.add(called + " is installed and was not started.");
        }
        return lines;
    }

    private static boolean isFragment(Bundle bundle) {
        return bundle.getHeaders("").get(Constants.FRAGMENT_HOST) != null;
    }

    private static String symbolicNameOf(Bundle bundle) {
        return bundle.getSymbolicName() == null ? bundle.getLocation() : bundle.getSymbolicName();
    }
}
