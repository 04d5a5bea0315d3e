package io.silkstone.node.diagnosis;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.namespace.ExecutionEnvironmentNamespace;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRequirement;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.framework.wiring.FrameworkWiring;
import org.osgi.resource.Namespace;

/** What an unresolved bundle misses, and who comes near to offering it. */
public final class MissingRequirements {
    private static final Pattern LOWEST = Pattern.compile("version>=([0-9A-Za-z._-]+)\\)");
    private static final Pattern NEGATED =
            Pattern.compile("\\(!\\(version>=([0-9A-Za-z._-]+)\\)\\)");
    private static final int DEPTH_MAX = 5;

    private final BundleContext system;

    /** Looks at all bundles of the framework of {@code context}. */
    public MissingRequirements(BundleContext context) {
        this.system = context.getBundle(0).getBundleContext();
    }

    /**
     * A sentence for each requirement without provider. When every one has a provider, those of the
     * providers that are not resolved themselves. Empty when nothing is missing, or the parts are
     * there and do not go together.
     */
    public List<String> of(Bundle bundle) {
        List<String> sentences = new ArrayList<>();
        explain(bundle, sentences, new HashSet<>(), 0);
        return sentences;
    }

    private void explain(Bundle bundle, List<String> sentences, Set<Bundle> seen, int depth) {
        BundleRevision revision = bundle.adapt(BundleRevision.class);
        if (revision == null || !seen.add(bundle) || depth > DEPTH_MAX) {
            return;
        }
        FrameworkWiring wiring = system.getBundle().adapt(FrameworkWiring.class);
        Set<Bundle> unresolved = new HashSet<>();
        for (BundleRequirement requirement : revision.getDeclaredRequirements(null)) {
            if (!isMandatory(requirement)) {
                continue;
            }
            boolean provided = false;
            Set<Bundle> candidates = new HashSet<>();
            for (BundleCapability capability : wiring.findProviders(requirement)) {
                Bundle provider = capability.getRevision().getBundle();
                provided |= provider == bundle || isResolved(provider);
                candidates.add(provider);
            }
            if (candidates.isEmpty()) {
                sentences.add(sentence(bundle, requirement));
            } else if (!provided) {
                unresolved.addAll(candidates);
            }
        }
        for (Bundle provider : unresolved) {
            explain(provider, sentences, seen, depth + 1);
        }
    }

    private String sentence(Bundle bundle, BundleRequirement requirement) {
        String filter =
                requirement
                        .getDirectives()
                        .getOrDefault(Namespace.REQUIREMENT_FILTER_DIRECTIVE, "");
        String namespace = requirement.getNamespace();
        String name = valueOf(namespace, filter);
        String range = rangeOf(filter);
        String who = bundle.getSymbolicName() + " " + bundle.getVersion();
        if (namespace.equals(ExecutionEnvironmentNamespace.EXECUTION_ENVIRONMENT_NAMESPACE)) {
            return "%s needs Java %s, this is Java %s"
                    .formatted(who, range.replaceAll("[^0-9.]", ""), Runtime.version().feature());
        }
        String noun =
                namespace.equals(PackageNamespace.PACKAGE_NAMESPACE)
                        ? "the package " + name
                        : namespace + " " + (name.isEmpty() ? filter : name);
        return "%s needs %s%s, and %s"
                .formatted(
                        who,
                        noun,
                        range.isEmpty() ? "" : " in version " + range,
                        nearest(namespace, name));
    }

    private String nearest(String namespace, String name) {
        Set<String> offers = new TreeSet<>();
        for (Bundle other : system.getBundles()) {
            BundleRevision revision = other.adapt(BundleRevision.class);
            if (revision == null) {
                continue;
            }
            for (BundleCapability capability : revision.getDeclaredCapabilities(namespace)) {
                if (!name.isEmpty() && name.equals(capability.getAttributes().get(namespace))) {
                    offers.add(
                            other.getSymbolicName()
                                    + " offers "
                                    + capability
                                            .getAttributes()
                                            .getOrDefault("version", "it without a version"));
                }
            }
        }
        return offers.isEmpty() ? "no bundle here offers it" : String.join(", ", offers) + " only";
    }

    private static boolean isMandatory(BundleRequirement requirement) {
        String resolution =
                requirement
                        .getDirectives()
                        .getOrDefault(
                                Namespace.REQUIREMENT_RESOLUTION_DIRECTIVE,
                                Namespace.RESOLUTION_MANDATORY);
        String effective =
                requirement
                        .getDirectives()
                        .getOrDefault(
                                Namespace.REQUIREMENT_EFFECTIVE_DIRECTIVE,
                                Namespace.EFFECTIVE_RESOLVE);
        return resolution.equals(Namespace.RESOLUTION_MANDATORY)
                && effective.equals(Namespace.EFFECTIVE_RESOLVE);
    }

    private static boolean isResolved(Bundle bundle) {
        return (bundle.getState() & (Bundle.INSTALLED | Bundle.UNINSTALLED)) == 0;
    }

    private static String valueOf(String namespace, String filter) {
        Matcher value =
                Pattern.compile("\\(" + Pattern.quote(namespace) + "=([^)]+)\\)").matcher(filter);
        return value.find() ? value.group(1) : "";
    }

    /** {@code [1.0.0,2.0.0)} of the two halves that a filter says it in. */
    static String rangeOf(String filter) {
        Matcher highest = NEGATED.matcher(filter);
        String upper = highest.find() ? highest.group(1) : null;
        Matcher lowest = LOWEST.matcher(highest.reset().replaceAll(""));
        String lower = lowest.find() ? lowest.group(1) : null;
        if (lower == null && upper == null) {
            Matcher exact = Pattern.compile("\\(version=([0-9A-Za-z._-]+)\\)").matcher(filter);
            return exact.find() ? exact.group(1) : "";
        }
        return upper == null
                ? lower + " or higher"
                : "[" + (lower == null ? "0" : lower) + "," + upper + ")";
    }
}
