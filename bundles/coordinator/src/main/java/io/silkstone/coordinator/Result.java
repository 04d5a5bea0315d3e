package io.silkstone.coordinator;

import io.silkstone.api.cluster.ServerId;
import io.silkstone.coordinator.commands.MessageHeaderDecoder;
import io.silkstone.coordinator.commands.MessageHeaderEncoder;
import io.silkstone.coordinator.commands.ResultDecoder;
import io.silkstone.coordinator.commands.ResultEncoder;
import io.silkstone.rpc.messages.Status;
import java.util.Arrays;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What became of a command.
 *
 * @param status OK, or why not
 * @param number what the command says that it is
 * @param time as {@code number}
 * @param move a tablet that has to leave first before the command is done; null if it is
 * @param text a sentence, with a status that people are shown
 */
record Result(Status status, long number, long time, Move move, String text) {
    /**
     * A tablet that leaves its owner.
     *
     * @param epoch of the tablet as long as it does
     */
    record Move(int table, long firstHash, long epoch, ServerId heir) {}

    static Result ok(long number) {
        return new Result(Status.OK, number, 0, null, "");
    }

    static Result ok(long number, long time) {
        return new Result(Status.OK, number, time, null, "");
    }

    static Result pending(Move move) {
        return new Result(Status.OK, 0, 0, move, "");
    }

    static Result refused(String text) {
        return no(Status.REFUSED, text);
    }

    static Result no(Status status, String text) {
        return new Result(status, 0, 0, null, text);
    }

    boolean isOk() {
        return status == Status.OK;
    }

    byte[] encoded() {
        ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        ResultEncoder message = new ResultEncoder();
        message.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder());
        message.status(status.value()).number(number).time(time);
        if (move == null) {
            message.heir(0).firstHash(0).epoch(0).table(0);
        } else {
            message.heir(move.heir.packed());
            message.firstHash(move.firstHash).epoch(move.epoch).table(move.table);
        }
        message.text(text);
        int length = MessageHeaderEncoder.ENCODED_LENGTH + message.encodedLength();
        return Arrays.copyOf(buffer.byteArray(), length);
    }

    static Result decoded(byte[] bytes) {
        ResultDecoder message = new ResultDecoder();
        message.wrapAndApplyHeader(new UnsafeBuffer(bytes), 0, new MessageHeaderDecoder());
        Move move = null;
        if (message.heir() != 0) {
            ServerId heir = ServerId.of(message.heir());
            move = new Move((int) message.table(), message.firstHash(), message.epoch(), heir);
        }
        Status status = Status.get(message.status());
        return new Result(status, message.number(), message.time(), move, message.text());
    }
}
