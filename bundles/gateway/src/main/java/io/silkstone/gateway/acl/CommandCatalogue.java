package io.silkstone.gateway.acl;

import java.util.BitSet;
import java.util.List;

/** The commands as rules name them. Threads: any. */
public interface CommandCatalogue {
    /** How many there are; they are numbered from 0. */
    int size();

    /** The number of the command called {@code name}, -1 when there is none. */
    int number(String name);

    /** The commands in a category, or null when there is no such category. */
    BitSet category(String name);

    /** The categories. */
    List<String> categories();
}
