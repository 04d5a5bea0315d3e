package io.silkstone.threads;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** Settings of the runtime. */
@ObjectClassDefinition(name = "Silkstone threads: runtime")
@interface ThreadsConfig {
    @AttributeDefinition(description = "Fewest cores held. Applies live.")
    int cores_min() default 1;

    @AttributeDefinition(
            description = "Most cores held, 0 for as many as the process may use. Applies live.")
    int cores_max() default 0;

    @AttributeDefinition(
            description = "Whether a core stays on one processor. Applies at the next start.",
            options = {@Option("auto"), @Option("off")})
    String pin() default "auto";

    @AttributeDefinition(
            description =
                    "How far the process's other threads step back behind the cores,"
                            + " 0 (not at all) to 19. Applies at the next start.",
            min = "0",
            max = "19")
    int others_nice() default 10;

    @AttributeDefinition(
            description = "How user threads are run. Applies at the next start.",
            options = {@Option("auto"), @Option("virtual"), @Option("run-to-completion")})
    String mode() default "auto";

    @AttributeDefinition(description = "Longest call of a core policy, ms. Applies live.")
    long policy_limit_ms() default 100;

    @AttributeDefinition(
            description = "How long the policy before stays ready to take over, ms. Applies live.")
    long policy_probation_ms() default 2_000;
}
