package io.silkstone.simulation.cluster;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import java.nio.charset.StandardCharsets;

/**
 * What keys are called in a history: as they are in the default table, and behind the number of
 * their table elsewhere. So a table that was dropped and made again has other keys, of which
 * nothing has been heard, and what comes to light of the former one fits no order.
 */
final class Named {
    /** The default table's number. */
    static final int DEFAULT_ID = 1;

    private static final char NUMBER_ENDS = '/';
    private static final String NUMBER_BEGINS = "table-";

    private Named() {}

    /** What {@code key} in {@code table} is called. */
    static String of(KvStore.Table table, String key) {
        return prefix(table) + key;
    }

    private static String prefix(KvStore.Table table) {
        return table.id() == DEFAULT_ID ? "" : NUMBER_BEGINS + table.id() + NUMBER_ENDS;
    }

    /** Whether {@code name} is that of a key in {@code table}. */
    static boolean isIn(KvStore.Table table, String name) {
        return tableOf(name) == table.id();
    }

    /** The table of the key that is called {@code name}. */
    static int tableOf(String name) {
        int end = name.indexOf(NUMBER_ENDS);
        return end < 0 ? DEFAULT_ID : Integer.parseInt(name.substring(NUMBER_BEGINS.length(), end));
    }

    /** The hash of that key. */
    static long hashOf(String name) {
        String key = name.substring(name.indexOf(NUMBER_ENDS) + 1);
        return new Key().wrap(key.getBytes(StandardCharsets.UTF_8)).hash();
    }
}
