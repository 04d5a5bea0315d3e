package io.silkstone.api.store;

import java.lang.foreign.MemorySegment;
import org.osgi.annotation.versioning.ProviderType;

/** An object where it lies in memory. Copy what you need while the view is valid. */
@ProviderType
public interface ObjectView {
    /** The memory that the offsets count from. */
    MemorySegment memory();

    /** Where the key begins. */
    long keyOffset();

    /** Length of the key in bytes. */
    int keyLength();

    /** Where the value begins. */
    long valueOffset();

    /** Length of the value in bytes. */
    int valueLength();

    /** The version. */
    long version();

    /** Hash of the key; see {@link Key#hash}. */
    long keyHash();

    /** When it expires, in milliseconds since 1970; 0 for never. */
    long expiryMillis();

    /** The type tag, 0 to 15; 0 is a plain value. */
    int type();
}
