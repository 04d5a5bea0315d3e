package io.silkstone.gateway.command;

import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.ReadVisitor;
import io.silkstone.api.store.Status;
import java.util.Arrays;

/**
 * The values of several keys, told in whatever order servers answer and written in the order of the
 * keys: what comes when its turn is goes into the reply, and what comes before it waits in the
 * exchange's {@link Collector}. For one reply; not thread-safe.
 */
final class OrderedValues implements ReadVisitor {
    private static final int UNTOLD = -1;

    private final Exchange x;
    private final int[] offsets;

    /** Bytes in the collector, 0 for no value. */
    private final int[] lengths;

    private int next;
    private Status refused;

    OrderedValues(Exchange x, int count) {
        this.x = x;
        offsets = new int[count];
        lengths = new int[count];
        Arrays.fill(lengths, UNTOLD);
        x.collected.clear();
    }

    /** Why there is no reply, by the first key that was refused; null when all could be read. */
    Status refused() {
        return refused;
    }

    @Override
    public void visit(int index, Status status, ObjectView object) {
        if (refused != null) {
            return;
        }
        if (status != Status.OK && status != Status.NOT_FOUND) {
            refused = status;
            return;
        }
        ObjectView string = status == Status.OK && object.type() == 0 ? object : null;
        if (index > next) {
            keep(index, string);
            return;
        }
        if (string == null) {
            x.out.nothing();
        } else {
            x.out.bulk(string);
        }
        next++;
        writeKept();
    }

    private void keep(int index, ObjectView string) {
        int before = x.collected.length();
        if (string != null) {
            x.collected.add(string.memory(), string.valueOffset(), string.valueLength());
        }
        offsets[index] = before;
        lengths[index] = x.collected.length() - before;
    }

    private void writeKept() {
        while (next < lengths.length && lengths[next] != UNTOLD) {
            if (lengths[next] == 0) {
                x.out.nothing();
            } else {
                x.collected.writeTo(x.out, offsets[next], lengths[next]);
            }
            next++;
        }
    }
}
