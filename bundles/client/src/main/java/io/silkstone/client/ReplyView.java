package io.silkstone.client;

import io.silkstone.api.store.ObjectView;
import java.lang.foreign.MemorySegment;

/** An object where it lies in a reply. */
final class ReplyView implements ObjectView {
    private MemorySegment memory = MemorySegment.NULL;
    private boolean present;
    private long keyHash;
    private long keyOffset;
    private int keyLength;
    private long valueOffset;
    private int valueLength;
    private long version;
    private long expiryMillis;
    private int type;

    void clear() {
        present = false;
    }

    boolean isPresent() {
        return present;
    }

    /** The memory that key and value lie in. */
    ReplyView in(MemorySegment memory) {
        this.memory = memory;
        present = true;
        return this;
    }

    ReplyView key(long hash, long offset, int length) {
        keyHash = hash;
        keyOffset = offset;
        keyLength = length;
        return this;
    }

    ReplyView value(long offset, int length) {
        valueOffset = offset;
        valueLength = length;
        return this;
    }

    ReplyView meta(long version, long expiryMillis, int type) {
        this.version = version;
        this.expiryMillis = expiryMillis;
        this.type = type;
        return this;
    }

    @Override
    public MemorySegment memory() {
        return memory;
    }

    @Override
    public long keyOffset() {
        return keyOffset;
    }

    @Override
    public int keyLength() {
        return keyLength;
    }

    @Override
    public long valueOffset() {
        return valueOffset;
    }

    @Override
    public int valueLength() {
        return valueLength;
    }

    @Override
    public long version() {
        return version;
    }

    @Override
    public long keyHash() {
        return keyHash;
    }

    @Override
    public long expiryMillis() {
        return expiryMillis;
    }

    @Override
    public int type() {
        return type;
    }
}
