package io.silkstone.api.policy;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.osgi.annotation.bundle.Capability;
import org.osgi.service.component.annotations.ComponentPropertyType;

/**
 * Marks a component as a policy: gives its service the properties {@code silkstone.kind} and {@code
 * silkstone.name}, and its bundle a capability of the same attributes.
 */
@ComponentPropertyType
@Capability(
        namespace = "silkstone.policy",
        attribute = {"kind=${#kind}", "name=${#name}"})
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface Policy {
    /** Prefix of both service properties. */
    String PREFIX_ = "silkstone.";

    /**
     * What it decides: {@code cores}, {@code migration}, later {@code protection}, {@code codec}.
     */
    String kind();

    /** Its name among those of its kind, as operators type it. */
    String name();
}
