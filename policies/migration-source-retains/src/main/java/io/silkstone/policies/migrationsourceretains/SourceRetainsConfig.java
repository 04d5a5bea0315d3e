package io.silkstone.policies.migrationsourceretains;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Settings of source-retains; all apply live. */
@ObjectClassDefinition(name = "Silkstone policy: migration while the source serves")
@interface SourceRetainsConfig {
    @AttributeDefinition(
            description = "Parts that a tablet is cut into, each with a pull under way.")
    int partitions() default 8;

    @AttributeDefinition(description = "About how many bytes a pull brings.")
    int pull_bytes() default 57_344;

    @AttributeDefinition(description = "Bytes that come in a second at most; 0 for no limit.")
    long rate_bytes() default 0;
}
