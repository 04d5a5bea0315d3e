package io.silkstone.policies.coresloadfactor;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Settings of the load-factor policy; all apply live. */
@ObjectClassDefinition(name = "Silkstone policy: cores by load factor")
@interface LoadFactorConfig {
    @AttributeDefinition(description = "Runnable threads per pass above which a core is added.")
    double load_factor_max() default 1.5;

    @AttributeDefinition(description = "Time between two decisions, ms.")
    long interval_ms() default 50;

    @AttributeDefinition(
            description = "Share of a core, for each core that stays, to fall before one goes.")
    double hysteresis() default 0.09;

    @AttributeDefinition(description = "How long an idle core looks for work at once, us.")
    long spin_us() default 50;

    @AttributeDefinition(description = "How often it then gives its processor to others.")
    int yields() default 1;

    @AttributeDefinition(description = "Longest single sleep of an idle core after that, ms.")
    long park_max_ms() default 100;
}
