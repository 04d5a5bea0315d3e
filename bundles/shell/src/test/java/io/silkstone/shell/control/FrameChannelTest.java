package io.silkstone.shell.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.shell.control.Frame.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class FrameChannelTest {
    /** A pipe in memory that gives at most so many bytes at once. */
    private static final class Loop implements ByteChannel {
        private final int chunk;
        private byte[] bytes = {};
        private int read;

        Loop(int chunk) {
            this.chunk = chunk;
        }

        @Override
        public int read(ByteBuffer target) {
            int count = Math.min(Math.min(chunk, target.remaining()), bytes.length - read);
            target.put(bytes, read, count);
            read += count;
            return count == 0 ? -1 : count;
        }

        @Override
        public int write(ByteBuffer source) {
            int count = Math.min(chunk, source.remaining());
            int end = bytes.length;
            bytes = Arrays.copyOf(bytes, end + count);
            source.get(bytes, end, count);
            return count;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    private static Loop loop(int... bytes) {
        Loop loop = new Loop(3);
        for (int value : bytes) {
            loop.write(ByteBuffer.wrap(new byte[] {(byte) value}));
        }
        return loop;
    }

    @Property(tries = 200)
    void read_ofWhatWasWritten_isTheSame(
            @ForAll Kind kind,
            @ForAll @Size(max = 64) byte[] bytes,
            @ForAll @IntRange(min = 1, max = 20) int chunk)
            throws IOException {
        byte[] payload = Arrays.copyOf(bytes, Math.min(bytes.length, kind.lengthMax()));
        FrameChannel channel = new FrameChannel(new Loop(chunk));
        channel.write(new Frame(kind, payload));
        channel.write(Frame.exit(7));
        Frame first = channel.read();
        assertThat(first.kind()).isEqualTo(kind);
        assertThat(first.bytes()).isEqualTo(payload);
        assertThat(channel.read().exitCode()).isEqualTo(7);
        assertThat(channel.read()).isNull();
    }

    @Property(tries = 500)
    void read_ofGarbage_endsWithFramesOrAnError(@ForAll @Size(max = 200) byte[] garbage) {
        Loop loop = new Loop(7);
        while (loop.bytes.length < garbage.length) {
            loop.write(
                    ByteBuffer.wrap(
                            garbage, loop.bytes.length, garbage.length - loop.bytes.length));
        }
        FrameChannel channel = new FrameChannel(loop);
        try {
            Frame frame = channel.read();
            while (frame != null) {
                assertThat(frame.bytes().length).isLessThanOrEqualTo(frame.kind().lengthMax());
                frame = channel.read();
            }
        } catch (IOException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }

    @Test
    void read_ofALengthBeyondTheKinds_isRefused() {
        assertThatThrownBy(() -> new FrameChannel(loop(4, 0x7f, 0xff, 0xff, 0xff)).read())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("INPUT");
        assertThatThrownBy(() -> new FrameChannel(loop(4, 0xff, 0, 0, 0)).read())
                .isInstanceOf(IOException.class);
    }

    @Test
    void read_thatEndsInsideAFrame_isAnError() {
        assertThatThrownBy(() -> new FrameChannel(loop(4, 0, 0)).read())
                .isInstanceOf(EOFException.class);
        assertThatThrownBy(() -> new FrameChannel(loop(4, 0, 0, 0, 2, 'a')).read())
                .isInstanceOf(EOFException.class);
    }

    @Test
    void open_carriesSizeAndType() {
        Frame open = Frame.open(133, 44, "xterm");
        assertThat(open.number(0)).isEqualTo(133);
        assertThat(open.number(2)).isEqualTo(44);
        assertThat(open.text(4)).isEqualTo("xterm");
    }

    @Test
    void numbersAndText_ofAShortFrame_areNothing() {
        Frame empty = Frame.of(Kind.WINDOW, "");
        assertThat(empty.number(0)).isZero();
        assertThat(empty.text(4)).isEmpty();
        assertThat(empty.version()).isZero();
        assertThat(empty.exitCode()).isEqualTo(1);
    }
}
