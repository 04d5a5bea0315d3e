package io.silkstone.gateway.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.silkstone.gateway.resp.Memory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OutboxTest {
    private final Outbox outbox = new Outbox();
    private final List<String> sent = new ArrayList<>();

    @AfterEach
    void release() {
        outbox.release();
    }

    /** Notes what is sent to it, behind its name. */
    private Outbox.Receiver receiver(String name) {
        return receiver(
                (address, begin, end) -> {
                    StringBuilder text = new StringBuilder(name).append(':');
                    for (int index = begin; index < end; index++) {
                        text.append((char) Memory.getByte(address + index));
                    }
                    sent.add(text.toString());
                });
    }

    @FunctionalInterface
    private interface Sending {
        void send(long address, int begin, int end);
    }

    private Outbox.Receiver receiver(Sending sending) {
        return new Outbox.Receiver() {
            @Override
            public void send(long address, int begin, int end) {
                sending.send(address, begin, end);
            }

            @Override
            public void cutOff() {
                sent.add("cut off");
            }
        };
    }

    private boolean add(Outbox.Receiver receiver, String text) {
        ByteBuf bytes =
                Unpooled.directBuffer(text.length() + Memory.SLACK)
                        .writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
        boolean kept = outbox.add(receiver, Memory.address(bytes), text.length());
        bytes.release();
        return kept;
    }

    @Test
    void flush_sendsToEachOnceAndInOrder() {
        Outbox.Receiver one = receiver("one");
        Outbox.Receiver two = receiver("two");
        add(one, "a");
        add(one, "b");
        add(two, "c");
        add(one, "d");
        assertThat(sent).isEmpty();
        outbox.flush();
        assertThat(sent).containsExactly("one:ab", "two:c", "one:d");
        outbox.flush();
        assertThat(sent).hasSize(3);
    }

    @Test
    void add_longReplies_areNotKeptButWhatWasBeforeIsSent() {
        Outbox.Receiver one = receiver("one");
        add(one, "short");
        assertThat(add(one, "x".repeat(1 << 15))).isFalse();
        assertThat(sent).containsExactly("one:short");
    }

    @Test
    void add_more_thanThereIsRoomFor_losesNothing() {
        StringBuilder expected = new StringBuilder();
        for (int index = 0; index < 1_000; index++) {
            String text = Integer.toString(index).repeat(100);
            if (!add(receiver("each"), text)) {
                // All before it has been sent, so that its receiver can send it now.
                sent.add(text);
            }
            expected.append(text);
        }
        outbox.flush();
        assertThat(String.join("", sent).replace("each:", "")).isEqualTo(expected.toString());
    }

    @Test
    void flush_oneThatFails_isCutOffAndTheOthersGetTheirs() {
        Sending failing =
                (address, begin, end) -> {
                    throw new IllegalStateException("as a test wants it");
                };
        add(receiver(failing), "lost");
        add(receiver("other"), "kept");
        outbox.flush();
        assertThat(sent).containsExactly("cut off", "other:kept");
        assertThat(add(receiver("other"), "more")).isTrue();
        outbox.flush();
        assertThat(sent).last().isEqualTo("other:more");
    }

    @Test
    void add_whileFlushing_isLeftToTheCaller() {
        List<Boolean> kept = new ArrayList<>();
        Outbox.Receiver last = receiver("last");
        add(receiver((address, begin, end) -> kept.add(add(last, "more"))), "first");
        add(last, "second");
        outbox.flush();
        assertThat(kept).containsExactly(false);
        assertThat(sent).containsExactly("last:second");
    }
}
