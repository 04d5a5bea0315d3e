package io.silkstone.api.store;

import org.osgi.annotation.versioning.ConsumerType;

/** Sees the objects of a scan. */
@ConsumerType
@FunctionalInterface
public interface ObjectVisitor {
    /** {@code object} is valid only during the call; the session must not be used in it. */
    void visit(ObjectView object);
}
