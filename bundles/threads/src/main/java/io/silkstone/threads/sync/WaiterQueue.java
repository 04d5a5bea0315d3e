package io.silkstone.threads.sync;

/** Waiters, longest first. Not thread-safe: its owner guards it. */
final class WaiterQueue {
    private Waiter first;
    private Waiter last;

    boolean isEmpty() {
        return first == null;
    }

    void add(Waiter waiter) {
        waiter.next = null;
        if (first == null) {
            first = waiter;
        } else {
            last.next = waiter;
        }
        last = waiter;
    }

    /** Takes the longest waiter out, null when there is none. */
    Waiter poll() {
        Waiter waiter = first;
        if (waiter != null) {
            first = waiter.next;
            waiter.next = null;
        }
        return waiter;
    }

    /** Takes {@code waiter} out if it is still in. */
    void remove(Waiter waiter) {
        Waiter before = null;
        for (Waiter each = first; each != null; before = each, each = each.next) {
            if (each == waiter) {
                if (before == null) {
                    first = each.next;
                } else {
                    before.next = each.next;
                }
                if (last == each) {
                    last = before;
                }
                each.next = null;
                return;
            }
        }
    }
}
