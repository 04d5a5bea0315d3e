package io.silkstone.gateway.resp;

import io.netty.buffer.ByteBuf;

/** Takes replies that are written. */
@FunctionalInterface
public interface ReplySink {
    /**
     * Takes {@code replies}, and releases it in the end. Called in order, on the thread that writes
     * replies, in the middle of a batch when a buffer is full.
     *
     * @param mark nobody may see them before what has this mark is settled, as the store says; 0
     *     for replies that tell nothing which is not
     * @return false when nobody will get them: then nothing more of the batch is handed over
     */
    boolean take(ByteBuf replies, long mark);
}
