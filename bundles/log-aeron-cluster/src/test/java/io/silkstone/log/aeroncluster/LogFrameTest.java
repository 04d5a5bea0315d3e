package io.silkstone.log.aeroncluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LogFrameTest {
    @Test
    void decoded_ofEncoded_isTheSame() {
        for (LogFrame.Kind kind : LogFrame.Kind.values()) {
            LogFrame frame = LogFrame.decoded(new LogFrame(kind, -7, 9, new byte[] {1}).encoded());
            assertThat(frame.kind()).isEqualTo(kind);
            assertThat(frame.proposer()).isEqualTo(-7);
            assertThat(frame.sequence()).isEqualTo(9);
            assertThat(frame.payload()).containsExactly(1);
        }
    }

    @Test
    void decoded_ofWhatIsNone_isNull() {
        byte[] frame = new LogFrame(LogFrame.Kind.LEAD, 1, 2, new byte[0]).encoded();
        assertThat(LogFrame.decoded(new byte[LogFrame.HEADER_BYTES - 1])).isNull();
        frame[0] = 9;
        assertThat(LogFrame.decoded(frame)).isNull();
        frame[0] = 1;
        frame[1] = 77;
        assertThat(LogFrame.decoded(frame)).isNull();
    }

    @Test
    void foundingState_partsInOrder_areTheWholeAgain() {
        byte[] state = new byte[100_000];
        new SplittableRandom(1).nextBytes(state);
        List<byte[]> parts = FoundingState.parts(state);
        FoundingState taken = new FoundingState();
        // Another one began, and did not end.
        assertThat(taken.take(5, parts.get(0))).isNull();
        assertThat(taken.take(6, parts.get(1))).isNull();
        byte[] whole = null;
        for (byte[] part : parts) {
            assertThat(whole).isNull();
            whole = taken.take(6, part);
        }
        assertThat(whole).isEqualTo(state);
        assertThat(new FoundingState().take(1, FoundingState.parts(new byte[0]).getFirst()))
                .isEmpty();
        assertThat(new FoundingState().take(1, new byte[3])).isNull();
    }
}
