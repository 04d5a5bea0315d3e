package io.silkstone.policies.coresfixed;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Settings of the fixed policy; all apply live. */
@ObjectClassDefinition(name = "Silkstone policy: fixed cores")
@interface FixedConfig {
    @AttributeDefinition(description = "Cores to hold, within cores.min and cores.max.")
    int cores() default 1;

    @AttributeDefinition(description = "How long an idle core looks for work at once, us.")
    long spin_us() default 50;

    @AttributeDefinition(description = "How often it then gives its processor to others.")
    int yields() default 1;

    @AttributeDefinition(description = "Longest single sleep of an idle core after that, ms.")
    long park_max_ms() default 100;
}
