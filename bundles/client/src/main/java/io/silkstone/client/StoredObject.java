package io.silkstone.client;

/**
 * A copy of an object.
 *
 * @param key its key
 * @param value its value
 * @param version its version
 * @param expiryMillis when it expires, since 1970; 0 for never
 */
public record StoredObject(byte[] key, byte[] value, long version, long expiryMillis) {}
