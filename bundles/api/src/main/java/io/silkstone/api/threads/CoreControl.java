package io.silkstone.api.threads;

import org.osgi.annotation.versioning.ProviderType;

/** What a core policy may know of the runtime that it decides for. */
@ProviderType
public interface CoreControl {
    /** The fewest cores that the runtime may hold, at least 1. */
    int coresMin();

    /** The most cores that the runtime may hold. */
    int coresMax();

    /** The cores held now. */
    CoreSet held();

    /** Contexts per core. */
    int contextsPerCore();
}
