package io.silkstone.gateway.resp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** Text in native memory with slack behind it, as the parser wants it. */
public final class Bytes implements AutoCloseable {
    private final ByteBuf buffer;
    public final long address;
    public final int length;

    public Bytes(String latin1) {
        this(latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    public Bytes(byte[] bytes) {
        buffer = Unpooled.directBuffer(bytes.length + Memory.SLACK);
        // Stale bytes behind the end must not be taken for the client's.
        for (int i = 0; i < bytes.length + Memory.SLACK; i++) {
            buffer.setByte(i, '1');
        }
        buffer.setBytes(0, bytes);
        address = Memory.address(buffer);
        length = bytes.length;
    }

    public long end() {
        return address + length;
    }

    @Override
    public void close() {
        buffer.release();
    }
}
