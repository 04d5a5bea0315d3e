package io.silkstone.gateway.command;

import io.silkstone.gateway.resp.Memory;
import io.silkstone.gateway.resp.Request;
import java.util.Locale;

/** Errors that any request may meet before it runs. */
final class Errors {
    private static final int SHOWN_CHARACTERS_MAX = 128;

    /** For operators: what to raise. */
    private static final String SEGMENT_DECIDES = " (the store's log.segment.bytes decides)";

    private Errors() {}

    /** Text of a client's, cut to what belongs in a message. */
    static String shown(String text) {
        return text.length() > SHOWN_CHARACTERS_MAX
                ? text.substring(0, SHOWN_CHARACTERS_MAX)
                : text;
    }

    /** No such command; clients look for the first words. */
    static String unknownCommand(Request<Command> request) {
        StringBuilder message = new StringBuilder("ERR unknown command '");
        message.append(argument(request, 0)).append("', with args beginning with: ");
        for (int i = 1; i < request.count() && message.length() < SHOWN_CHARACTERS_MAX; i++) {
            message.append('\'').append(argument(request, i)).append("' ");
        }
        return message.toString();
    }

    private static String argument(Request<Command> request, int index) {
        int length = Math.min(request.length(index), SHOWN_CHARACTERS_MAX);
        return Memory.text(request.address(index), length);
    }

    static String wrongArity(Command command) {
        return "ERR wrong number of arguments for '" + command.name() + "' command";
    }

    /** A request was passed over; says all that limits one, since nobody kept which it was. */
    static String refused(Command command, int valueBytesMax, long requestBytesMax) {
        return "ERR an argument of '"
                + (command == null ? "?" : command.name().toUpperCase(Locale.ROOT))
                + "' is larger than "
                + valueBytesMax
                + " bytes"
                + SEGMENT_DECIDES
                + ", or the request than "
                + requestBytesMax
                + " (request.limit.bytes)";
    }

    /** A value would be too long; begins as Redis says it, which clients look for. */
    static String tooLarge(int valueBytesMax) {
        return "ERR string exceeds maximum allowed size (proto-max-bulk-len) of "
                + valueBytesMax
                + " bytes"
                + SEGMENT_DECIDES;
    }

    static String collectionTooLarge(int valueBytesMax) {
        return "ERR the collection would exceed " + valueBytesMax + " bytes" + SEGMENT_DECIDES;
    }
}
