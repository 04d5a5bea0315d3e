package io.silkstone.node.diagnosis;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import org.osgi.framework.Bundle;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;
import org.osgi.service.component.runtime.dto.ReferenceDTO;
import org.osgi.service.component.runtime.dto.UnsatisfiedReferenceDTO;

/** What the components of this node do or wait for. Threads: any. */
public final class ComponentStates {
    private static final int REASON_LENGTH_MAX = 400;

    private final Supplier<ServiceComponentRuntime> runtime;

    /**
     * @param runtime the component runtime, null while there is none
     */
    public ComponentStates(Supplier<ServiceComponentRuntime> runtime) {
        this.runtime = runtime;
    }

    /** Every component of {@code bundles}, or of all when there are none, by name. */
    public List<ComponentState> of(Bundle... bundles) {
        ServiceComponentRuntime components = runtime.get();
        if (components == null) {
            return List.of();
        }
        List<ComponentState> states = new ArrayList<>();
        for (ComponentDescriptionDTO description :
                components.getComponentDescriptionDTOs(bundles)) {
            if (!components.isComponentEnabled(description)) {
                continue;
            }
            Collection<ComponentConfigurationDTO> configurations =
                    components.getComponentConfigurationDTOs(description);
            if (configurations.isEmpty()) {
                states.add(withoutConfiguration(description));
            }
            for (ComponentConfigurationDTO configuration : configurations) {
                states.add(stateOf(description, configuration));
            }
        }
        states.sort(Comparator.comparing(ComponentState::component));
        return states;
    }

    /** Why a component that is configured by {@code pid} failed to start, null when none did. */
    public String failureOf(String pid) {
        for (ComponentState state : of()) {
            if (state.phase() == ComponentState.Phase.FAILED && state.pids().contains(pid)) {
                return state.reason();
            }
        }
        return null;
    }

    /**
     * What configures those components of {@code bundle} whose {@code @Modified} method the
     * component runtime complains of.
     *
     * @param logger the component's logger, called like its class
     * @param complaint names the method
     */
    public List<String> modifiedBy(Bundle bundle, String logger, String complaint) {
        ServiceComponentRuntime components = runtime.get();
        if (components == null) {
            return List.of();
        }
        List<String> pids = new ArrayList<>();
        for (ComponentDescriptionDTO description : components.getComponentDescriptionDTOs(bundle)) {
            if (description.modified != null
                    && description.implementationClass.equals(logger)
                    && complaint.contains(" " + description.modified + " ")) {
                pids.addAll(List.of(description.configurationPid));
            }
        }
        return pids;
    }

    private static ComponentState withoutConfiguration(ComponentDescriptionDTO description) {
        boolean needed = "require".equals(description.configurationPolicy);
        List<String> pids = List.of(description.configurationPid);
        return new ComponentState(
                description.bundle.symbolicName,
                description.bundle.id,
                description.name,
                needed ? ComponentState.Phase.UNCONFIGURED : ComponentState.Phase.READY,
                needed ? "needs a configuration: write etc/" + pids.getFirst() + ".cfg" : "",
                pids,
                List.of(),
                List.of(description.serviceInterfaces));
    }

    private static ComponentState stateOf(
            ComponentDescriptionDTO description, ComponentConfigurationDTO configuration) {
        List<String> missing = new ArrayList<>();
        ComponentState.Phase phase;
        String reason = "";
        switch (configuration.state) {
            case ComponentConfigurationDTO.ACTIVE -> phase = ComponentState.Phase.ACTIVE;
            case ComponentConfigurationDTO.SATISFIED -> phase = ComponentState.Phase.READY;
            case ComponentConfigurationDTO.FAILED_ACTIVATION -> {
                phase = ComponentState.Phase.FAILED;
                reason = sentenceOf(configuration.failure);
            }
            case ComponentConfigurationDTO.UNSATISFIED_REFERENCE -> {
                phase = ComponentState.Phase.WAITING;
                List<String> waits = new ArrayList<>();
                for (UnsatisfiedReferenceDTO reference : configuration.unsatisfiedReferences) {
                    String type = typeOf(description, reference.name);
                    missing.add(type);
                    waits.add(type + (reference.target == null ? "" : " with " + reference.target));
                }
                reason = "waits for the service " + String.join(" and ", waits);
            }
            default -> {
                phase = ComponentState.Phase.UNCONFIGURED;
                reason =
                        "needs a configuration: write etc/"
                                + description.configurationPid[0]
                                + ".cfg";
            }
        }
        return new ComponentState(
                description.bundle.symbolicName,
                description.bundle.id,
                description.name,
                phase,
                reason,
                List.of(description.configurationPid),
                missing,
                List.of(description.serviceInterfaces));
    }

    private static String typeOf(ComponentDescriptionDTO description, String reference) {
        return Arrays.stream(description.references)
                .filter(candidate -> candidate.name.equals(reference))
                .map((ReferenceDTO found) -> found.interfaceName)
                .findFirst()
                .orElse(reference);
    }

    /** The message at the bottom of a printed stack trace, which is all that the runtime keeps. */
    static String sentenceOf(String stackTrace) {
        if (stackTrace == null || stackTrace.isBlank()) {
            return "it gave no reason; logs/silkstone.log may have one";
        }
        String last = stackTrace.lines().findFirst().orElseThrow();
        for (String line : stackTrace.lines().toList()) {
            if (line.startsWith("Caused by: ")) {
                last = line.substring("Caused by: ".length());
            }
        }
        // "java.lang.IllegalArgumentException: log.bytes must be ..." says enough from the colon
        // on.
        String sentence = last.replaceFirst("^[\\w.$]+(Exception|Error): (?=.)", "").strip();
        return sentence.length() <= REASON_LENGTH_MAX
                ? sentence
                : sentence.substring(0, REASON_LENGTH_MAX) + "...";
    }
}
