package io.silkstone.gateway.command;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.Status;
import io.silkstone.gateway.command.Command.Flag;
import io.silkstone.gateway.command.Command.Group;
import io.silkstone.gateway.resp.Memory;
import java.util.List;

/** Single bits of plain values; bit 0 is the highest of the first byte. */
final class StringBitCommands {
    private static final String OFFSET = "ERR bit offset is not an integer or out of range";
    private static final String BIT = "ERR bit is not an integer or out of range";

    private StringBitCommands() {}

    static void declare(List<Command> all) {
        all.add(
                new Command(
                                "setbit",
                                Group.STRING,
                                "Sets a bit of a value and returns it as it was.",
                                4,
                                StringBitCommands::setbit,
                                Flag.WRITE,
                                Flag.DENYOOM)
                        .key(1)
                        .in("bitmap"));
        all.add(
                new Command(
                                "getbit",
                                Group.STRING,
                                "Returns a bit of a value.",
                                3,
                                StringBitCommands::getbit,
                                Flag.READONLY,
                                Flag.FAST)
                        .key(1)
                        .in("bitmap"));
    }

    private static boolean offsetFits(Exchange x) {
        boolean fits = x.isLong(2) && x.parsed() >= 0 && x.parsed() < x.server.valueBytesMax() * 8L;
        if (!fits) {
            x.out.error(OFFSET);
        }
        return fits;
    }

    private static void setbit(Exchange x) {
        if (!offsetFits(x)) {
            return;
        }
        int index = (int) (x.parsed() >>> 3);
        int mask = 0x80 >>> (x.parsed() & 7);
        if (!x.isLong(3) || (x.parsed() & ~1L) != 0) {
            x.out.error(BIT);
            return;
        }
        boolean set = x.parsed() == 1;
        for (int attempt = 0; attempt < StringCommands.ATTEMPTS_MAX; attempt++) {
            Status seen = x.readString(x.key());
            if (seen == null) {
                return;
            }
            int before = seen == Status.OK ? x.object().valueLength() : 0;
            long version = x.session.version();
            int length = Math.max(before, index + 1);
            long value = StringCommands.grown(x, before, length);
            int old = Memory.getByte(value + index);
            Memory.putByte(value + index, set ? old | mask : old & ~mask);
            Status status =
                    x.session.write(
                            x.table,
                            x.key(),
                            Memory.ALL,
                            value,
                            length,
                            x.unchanged(seen, version).keepExpiry());
            if (status == Status.OK) {
                x.out.integer((old & mask) != 0 ? 1 : 0);
                return;
            }
            if (!Exchange.raced(status)) {
                x.refuse(status);
                return;
            }
        }
        x.refuse(Status.RETRY_LATER);
    }

    private static void getbit(Exchange x) {
        if (!offsetFits(x)) {
            return;
        }
        int index = (int) (x.parsed() >>> 3);
        int mask = 0x80 >>> (x.parsed() & 7);
        Status seen = x.readString(x.key());
        if (seen == null) {
            return;
        }
        if (seen == Status.NOT_FOUND || index >= x.object().valueLength()) {
            x.out.integer(0);
            return;
        }
        ObjectView object = x.object();
        int value = object.memory().get(JAVA_BYTE, object.valueOffset() + index);
        x.out.integer((value & mask) != 0 ? 1 : 0);
    }
}
