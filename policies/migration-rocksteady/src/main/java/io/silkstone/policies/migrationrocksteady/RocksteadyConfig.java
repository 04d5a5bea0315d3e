package io.silkstone.policies.migrationrocksteady;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Settings of Rocksteady; all apply live. */
@ObjectClassDefinition(name = "Silkstone policy: migration by Rocksteady")
@interface RocksteadyConfig {
    @AttributeDefinition(
            description = "Parts that a tablet is cut into, each with a pull under way.")
    int partitions() default 8;

    @AttributeDefinition(
            description =
                    "The order in which a source reads what it sends: hash (line by line of its"
                            + " hash table) or log (segment by segment of its log).")
    String pull_order() default "hash";

    @AttributeDefinition(
            description =
                    "About how many bytes a pull brings; 0 for what the source reads in"
                            + " pull.hold.micros.")
    int pull_bytes() default 0;

    @AttributeDefinition(description = "The same while clients wait for what has not come.")
    int pull_busy_bytes() default 24_576;

    @AttributeDefinition(
            description =
                    "How many pulls are under way at most; 0 for as many as keep the source busy.")
    int pulls() default 0;

    @AttributeDefinition(
            description = "For how many microseconds a pull may hold a core of the source.")
    int pull_hold_micros() default 100;

    @AttributeDefinition(description = "Bytes that come in a second at most; 0 for no limit.")
    long rate_bytes() default 0;

    @AttributeDefinition(
            description =
                    "How what clients wait for is asked for: asynchronous (all of it at a time),"
                            + " synchronous (one hash after the other) or none.")
    String priority_pulls() default "asynchronous";

    @AttributeDefinition(description = "Whether the rest comes too, or only what clients wait for.")
    boolean background_pulls() default true;

    @AttributeDefinition(
            description =
                    "While clients ask for something, the rest comes more slowly when threads run"
                            + " so many microseconds later than they could; 0 for never.")
    long late_micros() default 500;
}
