package io.silkstone.policies.balanceload;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Settings of the strategy; all apply live. */
@ObjectClassDefinition(name = "Silkstone policy: balance by load")
@interface LoadConfig {
    @AttributeDefinition(
            description =
                    "How many times as much the busiest server has to do than the idlest before"
                            + " anything moves.")
    double ratio() default 1.5;

    @AttributeDefinition(
            description = "Operations a second below which the busiest server is not busy.")
    long least_load() default 1_000;

    @AttributeDefinition(
            description = "Whether a tablet is cut in two that is too busy to be moved as a whole.")
    boolean cut() default true;
}
