package io.silkstone.gateway.resp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReplyWriterTest {
    private final ReplyWriter out = new ReplyWriter(ByteBufAllocator.DEFAULT);
    private final StringBuilder sent = new StringBuilder();

    @AfterEach
    void close() {
        out.close();
    }

    private boolean take(ByteBuf replies, long mark) {
        sent.append(replies.toString(StandardCharsets.ISO_8859_1));
        replies.release();
        return true;
    }

    private String written(boolean resp3, Consumer<ReplyWriter> replies) {
        sent.setLength(0);
        out.begin(this::take, resp3);
        replies.accept(out);
        out.finish();
        return sent.toString();
    }

    @Test
    void replies_version2_useItsTypes() {
        String text =
                written(
                        false,
                        w -> {
                            w.ok();
                            w.integer(-7);
                            w.nothing();
                            w.noArray();
                            w.map(1);
                            w.set(2);
                            w.truth(true);
                            w.decimal("1.5");
                            w.bigInteger("12");
                            w.verbatim("ab");
                        });
        assertThat(text)
                .isEqualTo(
                        "+OK\r\n:-7\r\n$-1\r\n*-1\r\n*2\r\n*2\r\n:1\r\n$3\r\n1.5\r\n$2\r\n12\r\n"
                                + "$2\r\nab\r\n");
    }

    @Test
    void replies_version3_useItsTypes() {
        String text =
                written(
                        true,
                        w -> {
                            w.nothing();
                            w.noArray();
                            w.map(1);
                            w.set(2);
                            w.truth(false);
                            w.decimal("1.5");
                            w.bigInteger("12");
                            w.verbatim("ab");
                            w.push(1);
                        });
        assertThat(text)
                .isEqualTo("_\r\n_\r\n%1\r\n~2\r\n#f\r\n,1.5\r\n(12\r\n=6\r\ntxt:ab\r\n>1\r\n");
    }

    @Test
    void error_withLineBreaks_staysOneLine() {
        assertThat(written(false, w -> w.error("ERR a\r\nb"))).isEqualTo("-ERR a  b\r\n");
        assertThat(out.errors()).isEqualTo(1);
    }

    @Test
    void bulk_largerThanTheBuffer_keepsTheOrder() {
        byte[] large = "x".repeat(ReplyWriter.HOME_BYTES * 3).getBytes(StandardCharsets.US_ASCII);
        String text =
                written(
                        false,
                        w -> {
                            w.ok();
                            w.bulk(large);
                            w.pong();
                        });
        assertThat(text)
                .isEqualTo(
                        "+OK\r\n$"
                                + large.length
                                + "\r\n"
                                + "x".repeat(large.length)
                                + "\r\n+PONG\r\n");
    }

    @Test
    void finish_sinkKeepsTheBuffer_writesIntoAnother() {
        List<ByteBuf> kept = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            out.begin((reply, mark) -> kept.add(reply), false);
            out.integer(100 + i);
            out.finish();
        }
        assertThat(kept)
                .extracting(buffer -> buffer.toString(StandardCharsets.US_ASCII))
                .containsExactly(":100\r\n", ":101\r\n", ":102\r\n");
        kept.forEach(ByteBuf::release);
    }

    /** Gives no direct memory while {@link #empty}. */
    private static final class Allocator extends AbstractByteBufAllocator {
        private boolean empty;

        Allocator() {
            super(true);
        }

        @Override
        protected ByteBuf newHeapBuffer(int initial, int most) {
            return Unpooled.buffer(initial, most);
        }

        @Override
        protected ByteBuf newDirectBuffer(int initial, int most) {
            if (empty) {
                throw new OutOfMemoryError("test");
            }
            return Unpooled.directBuffer(initial, most);
        }

        @Override
        public boolean isDirectBufferPooled() {
            return false;
        }
    }

    @Test
    void allocation_thatFails_leavesTheWriterWhole() {
        Allocator memory = new Allocator();
        List<ByteBuf> kept = new ArrayList<>();
        try (ReplyWriter writer = new ReplyWriter(memory)) {
            memory.empty = true;
            writer.begin((reply, mark) -> kept.add(reply), false);
            byte[] large = new byte[ReplyWriter.HOME_BYTES * 2];
            assertThatThrownBy(() -> writer.bulk(large)).isInstanceOf(OutOfMemoryError.class);
            writer.pong();
            writer.finish();
            writer.begin((reply, mark) -> kept.add(reply), false);
            // The first buffer was kept by the sink, so that there is none to write to.
            assertThatThrownBy(writer::ok).isInstanceOf(OutOfMemoryError.class);
            writer.finish();
            memory.empty = false;
            writer.begin((reply, mark) -> kept.add(reply), false);
            writer.ok();
            writer.finish();
        }
        assertThat(kept)
                .extracting(buffer -> buffer.toString(StandardCharsets.US_ASCII))
                .containsExactly("+PONG\r\n", "+OK\r\n");
        assertThat(kept).allMatch(buffer -> buffer.refCnt() == 1);
        kept.forEach(ByteBuf::release);
    }

    @Test
    void sinkThatRefuses_getsNothingMoreOfTheBatch() {
        List<ByteBuf> kept = new ArrayList<>();
        out.begin(
                (reply, mark) -> {
                    kept.add(reply);
                    return false;
                },
                false);
        out.bulk(new byte[ReplyWriter.HOME_BYTES]);
        out.pong();
        out.bulk(new byte[ReplyWriter.HOME_BYTES]);
        assertThat(out.lost()).isTrue();
        out.finish();
        assertThat(kept).hasSize(1);
        kept.forEach(ByteBuf::release);
        assertThat(written(false, ReplyWriter::pong)).isEqualTo("+PONG\r\n");
    }

    @Test
    void marks_goWithTheRepliesThatWereWrittenUntilThen() {
        AtomicLong learned = new AtomicLong();
        List<String> taken = new ArrayList<>();
        try (ReplyWriter writer =
                new ReplyWriter(ByteBufAllocator.DEFAULT, () -> learned.getAndSet(0))) {
            ReplySink sink =
                    (reply, mark) -> {
                        taken.add(reply.toString(StandardCharsets.US_ASCII).strip() + mark);
                        reply.release();
                        return true;
                    };
            writer.begin(sink, false);
            writer.integer(2);
            learned.set(7);
            // What is muted is told nobody, and what was before it leaves first.
            writer.mute(true);
            learned.set(8);
            writer.integer(3);
            writer.mute(false);
            writer.integer(4);
            writer.finish();
            learned.set(9);
            writer.begin(sink, false);
            writer.finish();
            writer.begin(sink, false);
            writer.integer(5);
            writer.finish();
        }
        assertThat(taken).containsExactly(":27", ":40", ":50");
    }

    @Test
    void rewind_takesBackWhatIsNotSent() {
        String text =
                written(
                        false,
                        w -> {
                            w.ok();
                            long mark = w.written();
                            w.integer(5);
                            assertThat(w.rewind(mark)).isTrue();
                            w.pong();
                        });
        assertThat(text).isEqualTo("+OK\r\n+PONG\r\n");
    }

    @Test
    void mute_dropsOnlyWhatIsWrittenMeanwhile() {
        String text =
                written(
                        false,
                        w -> {
                            w.ok();
                            w.mute(true);
                            w.bulk("x".repeat(ReplyWriter.HOME_BYTES * 2));
                            w.mute(false);
                            w.pong();
                        });
        assertThat(text).isEqualTo("+OK\r\n+PONG\r\n");
    }
}
