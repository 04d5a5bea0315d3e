package io.silkstone.api.store;

import org.osgi.annotation.versioning.ConsumerType;

/** Sees what {@link KvSession#readAll} finds. */
@ConsumerType
@FunctionalInterface
public interface ReadVisitor {
    /**
     * Called once per key; the session must not be used in it.
     *
     * @param index which of the keys
     * @param status as {@link KvSession#read} answers
     * @param object the object, valid only during the call; null unless the status is OK
     */
    void visit(int index, Status status, ObjectView object);
}
